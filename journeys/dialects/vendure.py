"""Vendure's dialect: a headless shop, spoken to in GraphQL as its storefront would.

All requests are POSTs to one path, so they are named by their operation. A shop that says no answers with status 200
and an ``ErrorResult``, which becomes a refusal; only GraphQL's own ``errors`` make a request a failed one. A visitor is
known by a token, which comes in a header of the first answer that has something to remember.

Pictures are a matter of the storefront; Vendure has no wish list, and lets visitors cancel nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import vendure_graphql as say

from loadgen.commerce import (
    Article,
    Cart,
    Category,
    CouponRefused,
    Customer,
    Declined,
    Filter,
    Line,
    Listing,
    LoginRefused,
    Method,
    NoSuchOrder,
    Order,
    Refusal,
    SoldOut,
)
from loadgen.journey import Dialect
from loadgen.journey.http.response import Response

OPERATION = re.compile(r"(?:query|mutation) (\w+)")

REFUSALS: Mapping[str, type[Refusal]] = {
    "INSUFFICIENT_STOCK_ERROR": SoldOut,
    "COUPON_CODE_EXPIRED_ERROR": CouponRefused,
    "COUPON_CODE_INVALID_ERROR": CouponRefused,
    "COUPON_CODE_LIMIT_ERROR": CouponRefused,
    "COUPON_REMOVED_DURING_CHECKOUT_ERROR": CouponRefused,
    "EMAIL_ADDRESS_CONFLICT_ERROR": LoginRefused,
    "INVALID_CREDENTIALS_ERROR": LoginRefused,
    "MISSING_PASSWORD_ERROR": LoginRefused,
    "NATIVE_AUTH_STRATEGY_ERROR": LoginRefused,
    "NOT_VERIFIED_ERROR": LoginRefused,
    "PASSWORD_VALIDATION_ERROR": LoginRefused,
    "PAYMENT_DECLINED_ERROR": Declined,
    "PAYMENT_FAILED_ERROR": Declined,
}

GONE = ("insufficient stock", "unavailable")
"""How Vendure says, in English and nowhere else, that an order cannot be paid for want of goods."""

BUYING, PAYING = "AddingItems", "ArrangingPayment"
"""The states of an order that is not placed yet: its contents can be changed in the first only."""


class Vendure(Dialect):
    """A Vendure shop.

    Attributes:
        path: of its shop API.
        page_size: articles of a page.
        kinds: what the shop's codes of delivery and payment stand for.
        payment: what its payment provider wants to be told.
    """

    path: ClassVar[str] = "/shop-api"
    page_size: ClassVar[int] = 20
    kinds: ClassVar[Mapping[str, str]] = {"home-delivery": "home", "pick-up-point": "pickup", "card": "card"}
    payment: ClassVar[Mapping[str, Any]] = {}

    rounding_cents = 1  # tax is reckoned for each line and each discount by itself

    _token = ""
    _logged_in = False
    _state = BUYING

    # -- looking around ---------------------------------------------------------------------------------------------

    def home(self) -> Listing:
        told = self.ask(say.HOME)
        self.currency = told["activeChannel"]["defaultCurrencyCode"]
        tops = told["collections"]["items"]
        nested = [each for top in tops for each in [top, *(top["children"] or ())]]
        return self._find(categories=tuple(Category(each["slug"], each["name"]) for each in nested))

    def category(self, category: Category, page: int = 1, narrowed: Sequence[Filter] = ()) -> Listing:
        return self._find({"collectionSlug": category.path}, page, narrowed, path=category.path)

    def search(self, words: str, page: int = 1, narrowed: Sequence[Filter] = ()) -> Listing:
        return self._find({"term": words}, page, narrowed, words=words)

    def _find(
        self, what: Mapping[str, str] | None = None, page: int = 1, narrowed: Sequence[Filter] = (), **known: Any
    ) -> Listing:
        window = {"skip": (page - 1) * self.page_size, "take": self.page_size, "groupByProduct": True}
        filters = [{"and": each.key} for each in narrowed]
        found = self.ask(say.SEARCH, input={**window, **(what or {}), "facetValueFilters": filters})["search"]
        return Listing(
            tuple(_shown(item) for item in found["items"]),
            filters=tuple(
                Filter(each["facetValue"]["id"], each["facetValue"]["name"], each["count"])
                for each in found["facetValues"]
            ),
            page=page,
            has_more=page * self.page_size < found["totalItems"],
            **known,
        )

    def article(self, article: Article) -> Article:
        product = self.ask(say.PRODUCT, slug=article.path)["product"]
        if product is None:
            self.shopper.give_up("error")
        variants = tuple(_variant(each, product["slug"]) for each in product["variants"])
        if len(variants) == 1:
            return variants[0]
        return Article(
            variants[0].key,
            product["slug"],
            product["name"],
            min(each.price_cents or 0 for each in variants),
            any(each.available for each in variants),
            variants=variants,
        )

    # -- the cart ---------------------------------------------------------------------------------------------------

    def add(self, article: Article, quantity: int = 1) -> Cart:
        """As in the base; where there are fewer, Vendure adds those and says ``SoldOut``."""
        self._back_from_the_till()
        return self._cart(self.mutate(say.ADD_ITEM, variant=article.key, quantity=quantity))

    def cart(self) -> Cart:
        told = self.ask(say.ACTIVE_ORDER)["activeOrder"]
        return self._cart(told) if told else Cart()

    def change(self, line: Line, quantity: int) -> Cart:
        self._back_from_the_till()
        return self._cart(self.mutate(say.ADJUST_LINE, line=line.key, quantity=quantity))

    def redeem(self, coupon: str) -> Cart:
        self._back_from_the_till()
        return self._cart(self.mutate(say.APPLY_COUPON, code=coupon))

    # -- customers --------------------------------------------------------------------------------------------------

    def register(self, customer: Customer) -> None:
        """As in the base; Vendure does not say that an address is taken, but the login that follows fails."""
        self.mutate(say.REGISTER, input={**_named(customer), "password": customer.password})
        self.log_in(customer)

    def log_in(self, customer: Customer) -> None:
        """As in the base, and look what is in the cart: the last visit's may be there again."""
        self.mutate(say.LOG_IN, email=customer.email, password=customer.password)
        self._logged_in = True
        self.cart()

    # -- the till ---------------------------------------------------------------------------------------------------

    def check_out(self, customer: Customer) -> Cart:
        if self._logged_in:
            return self.cart()
        return self._cart(self.mutate(say.SET_CUSTOMER, input=_named(customer)))

    def address(self, customer: Customer) -> None:
        there = customer.address
        where = {"streetLine1": there.line1, "city": there.city, "postalCode": there.postcode}
        who = f"{customer.first_name} {customer.last_name}"
        self.mutate(say.SET_ADDRESS, input={"fullName": who, **where, "countryCode": there.country})

    def deliveries(self) -> tuple[Method, ...]:
        offered = self.ask(say.SHIPPING_METHODS)["eligibleShippingMethods"]
        return tuple(
            Method(each["id"], each["name"], each["priceWithTax"], self.kinds.get(each["code"], "")) for each in offered
        )

    def deliver(self, method: Method) -> Cart:
        self._back_from_the_till()
        return self._cart(self.mutate(say.SET_SHIPPING, methods=[method.key]))

    def payments(self) -> tuple[Method, ...]:
        offered = self.ask(say.PAYMENT_METHODS)["eligiblePaymentMethods"]
        return tuple(
            Method(each["code"], each["name"], kind=self.kinds.get(each["code"], ""))
            for each in offered
            if each["isEligible"]
        )

    def pay(self, method: Method) -> Order:
        if self._state != PAYING:
            self._cart(self.mutate(say.MOVE_ORDER, state=PAYING))
        placed = self.mutate(say.PAY, input={"method": method.key, "metadata": dict(self.payment)})
        if placed["active"]:
            raise Declined(f"the order is still in state {placed['state']}")
        self._state = BUYING
        return self.order(_order(placed))

    def _back_from_the_till(self) -> None:
        if self._state == PAYING:
            self._cart(self.mutate(say.MOVE_ORDER, state=BUYING))

    # -- afterwards -------------------------------------------------------------------------------------------------

    def order(self, order: Order) -> Order:
        told = self.ask(say.ORDER_BY_CODE, code=order.number)["orderByCode"]
        if told is None:
            raise NoSuchOrder
        return _order(told)

    # -- requests ---------------------------------------------------------------------------------------------------

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Send an operation; returns its data."""
        operation = OPERATION.findall(document)[0]
        said = {"operationName": operation, "query": document, "variables": variables}
        known = {"Authorization": f"Bearer {self._token}"} if self._token else None
        name = f"{self.path} {operation}"
        with self.client.post(self.path, json=said, headers=known, name=name, catch_response=True) as answer:
            return self._hear(answer)

    def _hear(self, answer: Response) -> dict[str, Any]:
        headers = self.shopper.must(answer).headers
        if headers is not None:
            self._token = headers.get("vendure-auth-token", self._token)
        try:
            told = answer.json()
        except ValueError:
            told = {"errors": [{"message": "the answer is no JSON"}]}
        if told.get("errors"):
            answer.failure(f"GraphQL: {told['errors'][0].get('message')}")
            self.shopper.give_up("error")
        return dict(told["data"])

    def mutate(self, document: str, **variables: Any) -> dict[str, Any]:
        """Send a mutation; returns what its only field gives.

        Raises:
            Refusal: the shop says no.
        """
        told: dict[str, Any] | None
        (told,) = self.ask(document, **variables).values()
        if told is None:
            raise Refusal("there is no order")
        if "errorCode" in told:
            raise _refusal(told)
        return told

    def _cart(self, told: Mapping[str, Any]) -> Cart:
        self._state = told["state"]
        lines, shipping = _lines(told), told["shippingLines"]
        return Cart(
            lines,
            goods_cents=sum(line.total_cents or 0 for line in lines),
            delivery_cents=sum(each["priceWithTax"] for each in shipping) if shipping else None,
            discount_cents=-sum(each["amountWithTax"] for each in told["discounts"]),
            total_cents=told["totalWithTax"],
            coupons=tuple(told["couponCodes"]),
        )


def _shown(item: Mapping[str, Any]) -> Article:
    price = item["priceWithTax"]
    cents = price["value"] if "value" in price else price["min"]
    return Article(item["productVariantId"], item["slug"], item["productName"], cents, item["inStock"])


def _variant(told: Mapping[str, Any], slug: str) -> Article:
    level = told["stockLevel"]  # a word, or a number where the shop wants to tell
    stock = int(level) if level.isdecimal() else None
    return Article(told["id"], slug, told["name"], told["priceWithTax"], level not in ("OUT_OF_STOCK", "0"), stock)


def _lines(told: Mapping[str, Any]) -> tuple[Line, ...]:
    return tuple(
        Line(
            each["productVariant"]["id"],
            each["quantity"],
            each["linePriceWithTax"],
            key=each["id"],
            name=each["productVariant"]["name"],
        )
        for each in told["lines"]
    )


def _order(told: Mapping[str, Any]) -> Order:
    return Order(told["code"], told["totalWithTax"], _lines(told), told["state"], told["code"])


def _named(customer: Customer) -> dict[str, str]:
    return {"emailAddress": customer.email, "firstName": customer.first_name, "lastName": customer.last_name}


def _refusal(told: Mapping[str, Any]) -> Refusal:
    why = told.get("transitionError") or told["message"]
    if any(word in why for word in GONE):
        return SoldOut(why)
    return REFUSALS.get(told["errorCode"], Refusal)(why)
