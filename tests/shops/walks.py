"""A guest's purchase on each real shop, on tape: what a browser's developer tools would have recorded."""

from __future__ import annotations

import re
import uuid
from typing import Any

from recording.taping import Tape

_ORDER = (
    "fragment Cart on Order { __typename id code state active totalQuantity totalWithTax"
    " lines { id quantity productVariant { id name sku } } }"
)
_ERROR = "... on ErrorResult { __typename errorCode message }"


def token_of(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    return found[1]


def buy_at_oscar(tape: Tape) -> None:
    """Catalogue, category, search, product, basket, quantity, guest checkout, address, order."""

    def send(path: str, page: str, **fields: str) -> str:
        return tape.send(path, {"csrfmiddlewaretoken": token_of(page), **fields}).text

    home = tape.open("/").text
    tape.think(4)
    tape.open("/catalogue/?page=2")
    tape.think(3)
    tape.open(re.findall(r'href="(/catalogue/category/[^"]+_\d+/)"', home)[1])
    tape.think(5)
    found = tape.open("/search/?q=shirt").text
    tape.think(4)
    path = re.findall(r'href="(/catalogue/(?!category)[^"]+_\d+/)"', found)[0]
    product = tape.open(path).text
    tape.think(9)
    number = path.rstrip("/").rpartition("_")[2]
    send(f"/basket/add/{number}/", product, quantity="1")
    tape.think(2)
    basket = tape.open("/basket/").text
    tape.think(6)
    lines = dict(re.findall(r'name="(form-[^"]+)"[^>]*value="([^"]*)"', basket))
    send("/basket/", basket, **{**lines, "form-0-quantity": "2"})
    tape.think(3)
    gateway = tape.open("/checkout/").text
    tape.think(8)
    address = send("/checkout/", gateway, username="anna@real.example", password="", options="anonymous")
    tape.think(30)
    person = {"first_name": "Anna", "last_name": "Ex", "line1": "1 Test Street", "line4": "London"}
    send("/checkout/shipping-address/", address, **person, postcode="N1 9GU", country="GB")
    tape.think(10)
    preview = tape.open("/checkout/preview/").text
    tape.think(7)
    send("/checkout/preview/", preview, action="place_order")


def buy_at_vendure(tape: Tape) -> None:
    """Collections, search, product, cart, customer, address, delivery, payment, the order."""

    def ask(operation: str, document: str, **variables: Any) -> Any:
        asked = {"operationName": operation, "query": f"{document} {_ORDER if '...Cart' in document else ''}"}
        answer = tape.ask("POST", "/shop-api", json={**asked, "variables": variables})
        if token := answer.headers.get("vendure-auth-token"):
            tape.session.headers["Authorization"] = f"Bearer {token}"
        return answer.json()["data"]

    def change(operation: str, typed: str, call: str, **variables: Any) -> Any:
        tape.think(3)
        return ask(operation, f"mutation {operation}{typed} {{ {call} {{ ...Cart {_ERROR} }} }}", **variables)

    ask("Collections", "query Collections { collections { items { id name slug } } }")
    tape.think(4)
    search = (
        "query Search($input: SearchInput!) { search(input: $input) { items { productId slug productVariantId } } }"
    )
    found = ask("Search", search, input={"term": "scarf", "groupByProduct": True, "take": 20})
    tape.think(6)
    product = "query Product($slug: String!) { product(slug: $slug) { id name variants { id sku stockLevel } } }"
    seen = ask("Product", product, slug=found["search"]["items"][0]["slug"])
    variant = seen["product"]["variants"][0]["id"]
    added = change(
        "AddItem", "($id: ID!, $q: Int!)", "addItemToOrder(productVariantId: $id, quantity: $q)", id=variant, q=1
    )
    line = added["addItemToOrder"]["lines"][0]["id"]
    change("Adjust", "($line: ID!, $q: Int!)", "adjustOrderLine(orderLineId: $line, quantity: $q)", line=line, q=2)
    guest = {"emailAddress": f"anna-{uuid.uuid4().hex}@real.example", "firstName": "Anna", "lastName": "Ex"}
    change("SetCustomer", "($input: CreateCustomerInput!)", "setCustomerForOrder(input: $input)", input=guest)
    place = {"fullName": "Anna Ex", "streetLine1": "1 Test Street", "city": "London", "postalCode": "N1 9GU"}
    place["countryCode"] = "GB"
    change("SetAddress", "($input: CreateAddressInput!)", "setOrderShippingAddress(input: $input)", input=place)
    ways = ask("ShippingMethods", "query ShippingMethods { eligibleShippingMethods { id code name } }")
    way = [ways["eligibleShippingMethods"][0]["id"]]
    change("SetShipping", "($ids: [ID!]!)", "setOrderShippingMethod(shippingMethodId: $ids)", ids=way)
    arrange = 'mutation ToPayment { transitionOrderToState(state: "ArrangingPayment") { ...Cart } }'
    ask("ToPayment", arrange)
    methods = ask("PaymentMethods", "query PaymentMethods { eligiblePaymentMethods { id code name } }")
    method = {"method": methods["eligiblePaymentMethods"][0]["code"], "metadata": {}}
    paid = change("Pay", "($input: PaymentInput!)", "addPaymentToOrder(input: $input)", input=method)
    code = paid["addPaymentToOrder"]["code"]
    ask("OrderByCode", "query OrderByCode($code: String!) { orderByCode(code: $code) { ...Cart } }", code=code)
