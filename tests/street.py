"""A demo shop with its own truth, and visitors who speak its dialect. Importing it imports Locust."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
from locust.event import Events

from loadgen.commerce import Address, Article, Cart, Category, Customer, Order
from loadgen.journey import JourneyEnvironment, PlanContext, Shopper, install
from loadgen.journey.load import load_dialect

LIBRARY = Path(__file__).parents[1] / "journeys"
GUEST = Customer("guest@example.test", first_name="Grete", last_name="Größe", address=Address("1 Straße & Söhne"))
KNOWN = Customer("customer0042@example.test", "demo")
DECLINED_CARD = "4000000000000002"
CHALLENGED_CARD = "4000000000003220"
ANY_CARD = "4111111111111111"


class Somebody(Shopper):
    """A visitor who does what the test says."""

    def journey(self) -> None:
        """Nothing by itself."""


class Street:
    """A shop, its own truth, and visitors who speak to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._dialect = load_dialect(LIBRARY, "dialects/demo.py")
        self._visitors: list[Any] = []
        install()

    def visitor(self, card_number: str = ANY_CARD) -> Any:
        environment = JourneyEnvironment(PlanContext(dialect=self._dialect), events=Events(), host=self.url)
        somebody = environment.new_user(Somebody)
        shop: Any = somebody.shop
        shop.somebody = somebody  # a dialect does not keep its shopper alive
        shop.card_number = card_number
        self._visitors.append(shop)
        return shop

    def close(self) -> None:
        for shop in self._visitors:
            shop.client.close()

    def truth(self, what: str) -> Any:
        with requests.Session() as asking:
            return asking.get(f"{self.url}/_shop/{what}", timeout=10).json()

    def product(self, slug: str) -> Any:
        with requests.Session() as asking:
            return asking.get(f"{self.url}/api/products/{slug}", timeout=10).json()

    def stock(self, sku: str) -> dict[str, Any]:
        return next(dict(entry) for entry in self.truth("stock") if entry["sku"] == sku)

    def plant(self, kind: str) -> None:
        with requests.Session() as asking:
            asking.post(f"{self.url}/_shop/faults", json={"kind": kind}, timeout=10).raise_for_status()

    def mend(self) -> None:
        with requests.Session() as asking:
            asking.delete(f"{self.url}/_shop/faults", timeout=10).raise_for_status()


def first(shop: Any, category: str = "women") -> Article:
    """The first article of a category, as its own page tells."""
    found: Article = shop.article(shop.category(Category(f"/category/{category}")).articles[0])
    return found


def to_the_payment(shop: Any, kind: str = "home", customer: Customer = GUEST) -> Cart:
    shop.check_out(customer)
    cart: Cart = shop.deliver(next(method for method in shop.deliveries() if method.kind == kind))
    return cart


def buy(shop: Any, article: Article, quantity: int = 1, customer: Customer = GUEST) -> Order:
    shop.add(article, quantity)
    to_the_payment(shop, customer=customer)
    order: Order = shop.pay(shop.payments()[0])
    return order


def adds_up(cart: Cart) -> bool:
    assert cart.goods_cents is not None
    lines = sum(line.total_cents or 0 for line in cart.lines)
    return lines == cart.goods_cents and (
        cart.total_cents == cart.goods_cents - cart.discount_cents + (cart.delivery_cents or 0)
    )
