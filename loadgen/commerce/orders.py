"""What a visitor has in hand: the cart, the choices on the way to the till, and the order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """Some of one article in a cart or an order.

    Attributes:
        article: the article's key.
        quantity: how many.
        total_cents: for all of them, as shown; None where it is not.
        key: what the shop changes this line by.
        name: the article's, as shown.
    """

    article: str
    quantity: int
    total_cents: int | None = None
    key: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Cart:
    """A cart as the shop shows it.

    Attributes:
        lines: what is in it.
        goods_cents: the lines alone, with tax; None where it is not shown.
        delivery_cents: what delivery costs; None where it is not known yet.
        discount_cents: what coupons and offers take off, as a positive number.
        total_cents: what is to be paid; None where it is not shown.
        coupons: codes that count.
    """

    lines: tuple[Line, ...] = ()
    goods_cents: int | None = None
    delivery_cents: int | None = None
    discount_cents: int = 0
    total_cents: int | None = None
    coupons: tuple[str, ...] = ()

    @property
    def pieces(self) -> int:
        """How many articles are in it."""
        return sum(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class Method:
    """A way of delivery or of payment that the shop offers.

    Attributes:
        key: what the shop chooses it by.
        name: as shown.
        price_cents: what it costs; None where it is not shown.
        kind: for delivery ``home``, ``pickup`` or ``shop``; for payment ``card``, ``invoice`` or another word.
    """

    key: str
    name: str = ""
    price_cents: int | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """A shop in a street, to reserve in.

    Attributes:
        key: what the shop calls it.
        name: as shown.
        available: whether it has the article that was asked for.
    """

    key: str
    name: str = ""
    available: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """An order that the shop has confirmed.

    Attributes:
        number: as the visitor is told.
        total_cents: what was charged, with tax, delivery and discounts.
        lines: what was bought, as far as the shop shows it.
        state: in the shop's own word; empty where it is not shown.
        path: where it can be looked at again.
    """

    number: str
    total_cents: int
    lines: tuple[Line, ...] = ()
    state: str = ""
    path: str = ""
