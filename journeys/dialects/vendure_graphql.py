"""What is said to Vendure's shop API: one GraphQL document for each request that a storefront sends.

Written as your storefront has them (its source, or a HAR recording): asking for more or fewer fields is another load.
Money comes in cents.
"""

REFUSED = """
fragment Refused on ErrorResult { errorCode message }
"""

CART = """
fragment Cart on Order {
  code state active totalWithTax couponCodes
  lines { id quantity linePriceWithTax productVariant { id name } }
  discounts { amountWithTax }
  shippingLines { priceWithTax }
}
"""

HOME = """query Home {
  activeChannel { defaultCurrencyCode }
  collections(options: {topLevelOnly: true}) { items { slug name children { slug name } } }
}
"""

SEARCH = """query Search($input: SearchInput!) {
  search(input: $input) {
    totalItems
    items {
      productVariantId productName slug inStock
      priceWithTax { ... on PriceRange { min max } ... on SinglePrice { value } }
    }
    facetValues { count facetValue { id name } }
  }
}
"""

PRODUCT = """query Product($slug: String!) {
  product(slug: $slug) {
    slug name description
    variants { id name priceWithTax stockLevel }
  }
}
"""

ACTIVE_ORDER = f"""query ActiveOrder {{
  activeOrder {{ ...Cart }}
}}
{CART}"""

ADD_ITEM = f"""mutation AddItem($variant: ID!, $quantity: Int!) {{
  addItemToOrder(productVariantId: $variant, quantity: $quantity) {{ ...Cart ...Refused }}
}}
{CART}{REFUSED}"""

ADJUST_LINE = f"""mutation AdjustLine($line: ID!, $quantity: Int!) {{
  adjustOrderLine(orderLineId: $line, quantity: $quantity) {{ ...Cart ...Refused }}
}}
{CART}{REFUSED}"""

APPLY_COUPON = f"""mutation ApplyCoupon($code: String!) {{
  applyCouponCode(couponCode: $code) {{ ...Cart ...Refused }}
}}
{CART}{REFUSED}"""

REGISTER = f"""mutation Register($input: RegisterCustomerInput!) {{
  registerCustomerAccount(input: $input) {{ ... on Success {{ success }} ...Refused }}
}}
{REFUSED}"""

LOG_IN = f"""mutation LogIn($email: String!, $password: String!) {{
  login(username: $email, password: $password) {{ ... on CurrentUser {{ id }} ...Refused }}
}}
{REFUSED}"""

SET_CUSTOMER = f"""mutation SetCustomer($input: CreateCustomerInput!) {{
  setCustomerForOrder(input: $input) {{ ...Cart ...Refused }}
}}
{CART}{REFUSED}"""

SET_ADDRESS = f"""mutation SetAddress($input: CreateAddressInput!) {{
  setOrderShippingAddress(input: $input) {{ ...Cart ...Refused }}
}}
{CART}{REFUSED}"""

SHIPPING_METHODS = """query ShippingMethods {
  eligibleShippingMethods { id code name priceWithTax }
}
"""

SET_SHIPPING = f"""mutation SetShipping($methods: [ID!]!) {{
  setOrderShippingMethod(shippingMethodId: $methods) {{ ...Cart ...Refused }}
}}
{CART}{REFUSED}"""

PAYMENT_METHODS = """query PaymentMethods {
  eligiblePaymentMethods { code name isEligible }
}
"""

MOVE_ORDER = f"""mutation MoveOrder($state: String!) {{
  transitionOrderToState(state: $state) {{ ...Cart ...Refused ... on OrderStateTransitionError {{ transitionError }} }}
}}
{CART}{REFUSED}"""

PAY = f"""mutation Pay($input: PaymentInput!) {{
  addPaymentToOrder(input: $input) {{ ...Cart ...Refused }}
}}
{CART}{REFUSED}"""

ORDER_BY_CODE = f"""query OrderByCode($code: String!) {{
  orderByCode(code: $code) {{ ...Cart }}
}}
{CART}"""
