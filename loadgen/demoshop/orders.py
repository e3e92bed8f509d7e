"""What was bought, and what is left. Amounts are cents; an order's total includes its delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from loadgen.demoshop.catalogue import Catalogue, Product
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.sessions import Delivery

DELIVERY_CENTS = {"standard": 490, "express": 990, "pickup": 0}
"""The ways of delivery and what each costs."""

DECLINED_CARD = "4000000000000002"
"""The one card that is always declined."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Some pieces of one product."""

    product: Product
    quantity: int

    @property
    def total_cents(self) -> int:
        """Price of all pieces."""
        return self.product.price_cents * self.quantity


@dataclass(frozen=True, slots=True)
class Order:
    """A paid order.

    Attributes:
        number: unique, also across resets of the counters.
        session_token: of the visitor who placed it; nobody else sees it.
        delivery: where it goes.
        lines: what was bought.
        total_cents: goods and delivery.
    """

    number: str
    session_token: bytes
    delivery: Delivery
    lines: tuple[OrderLine, ...]
    total_cents: int

    def as_json(self) -> dict[str, Any]:
        """The order for programs."""
        lines = [
            {
                "slug": line.product.slug,
                "quantity": line.quantity,
                "price_cents": line.product.price_cents,
                "total_cents": line.total_cents,
            }
            for line in self.lines
        ]
        return {
            "number": self.number,
            "email": self.delivery.email,
            "delivery": self.delivery.method,
            "total_cents": self.total_cents,
            "lines": lines,
        }


class OrderBook:
    """All orders since the last reset, and the stock they left."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._issued = 0
        self.reset()

    def reset(self) -> None:
        """Forget the orders and restore the stock; order numbers go on."""
        self.stock = {product.slug: product.stock for product in self._catalogue.products}
        self.orders: dict[str, Order] = {}
        self.revenue_cents = 0

    def lines(self, cart: Mapping[str, int]) -> tuple[OrderLine, ...]:
        """The products of a cart."""
        return tuple(OrderLine(self._catalogue.by_slug[slug], quantity) for slug, quantity in cart.items())

    def place(self, token: bytes, cart: Mapping[str, int], delivery: Delivery, card_number: str) -> Order:
        """Take the money and the goods: all of the cart or nothing.

        Raises:
            Refusal: 409 when something is out of stock, 402 when the card is declined.
        """
        lines = self.lines(cart)
        missing = [line.product.name for line in lines if self.stock[line.product.slug] < line.quantity]
        if missing:
            problem = f"Out of stock: {', '.join(missing)}. Your cart is kept."
            raise Refusal(HTTPStatus.CONFLICT, "out_of_stock", problem)
        if card_number == DECLINED_CARD:
            problem = "The card was declined. Your cart is kept."
            raise Refusal(HTTPStatus.PAYMENT_REQUIRED, "card_declined", problem)
        for line in lines:
            self.stock[line.product.slug] -= line.quantity
        self._issued += 1
        total_cents = sum(line.total_cents for line in lines) + DELIVERY_CENTS[delivery.method]
        order = Order(f"DS-{self._issued:08d}", token, delivery, lines, total_cents)
        self.orders[order.number] = order
        self.revenue_cents += total_cents
        return order
