"""What a cart costs.

::

    total = goods − discount + delivery        discount ≤ goods, taken off the goods alone

All in cents. As long as no delivery is chosen its costs are not known, and not part of the total.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from loadgen.demoshop.catalogue import Product, Sku
from loadgen.demoshop.coupons import Coupon
from loadgen.demoshop.methods import DELIVERIES

WRONG_BY_CENTS = 100
"""By how much the faults ``wrong-total`` and ``wrong-price`` are wrong."""


class OrderLine(NamedTuple):
    """Some pieces of one SKU."""

    sku: Sku
    quantity: int

    @property
    def product(self) -> Product:
        """The product of which it is."""
        return self.sku.product

    @property
    def total_cents(self) -> int:
        """Price of all pieces."""
        return self.sku.product.price_cents * self.quantity

    def as_json(self) -> dict[str, Any]:
        """The line for programs."""
        return {
            "slug": self.product.slug,
            "sku": self.sku.key,
            "name": self.sku.name,
            "quantity": self.quantity,
            "price_cents": self.product.price_cents,
            "total_cents": self.total_cents,
        }


class Totals(NamedTuple):
    """What is to be paid.

    Attributes:
        goods_cents: all lines.
        delivery_cents: None as long as none is chosen.
        discount_cents: what the coupon takes off, as a positive number.
        total_cents: what remains.
    """

    goods_cents: int
    delivery_cents: int | None
    discount_cents: int
    total_cents: int

    def wrong(self) -> Totals:
        """The same with a total that does not add up."""
        return self._replace(total_cents=self.total_cents + WRONG_BY_CENTS)

    def as_json(self) -> dict[str, int | None]:
        """The totals for programs."""
        return {
            "goods_cents": self.goods_cents,
            "delivery_cents": self.delivery_cents,
            "discount_cents": self.discount_cents,
            "total_cents": self.total_cents,
        }


def reckon(lines: Iterable[OrderLine], delivery: str | None, coupon: Coupon | None) -> Totals:
    """Add a cart up.

    Args:
        lines: what is in it.
        delivery: key of the way of delivery; None: not chosen yet.
        coupon: what was redeemed.
    """
    goods_cents = sum(line.total_cents for line in lines)
    delivery_cents = DELIVERIES[delivery].price_cents if delivery else None
    discount_cents = coupon.discount_cents(goods_cents) if coupon else 0
    return Totals(goods_cents, delivery_cents, discount_cents, goods_cents - discount_cents + (delivery_cents or 0))
