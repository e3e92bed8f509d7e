"""Business figures: what a merchant asks of the counters that journeys keep.

::

    revenue     =  visits · conversion · basket
    conversion  =  orders / visits
    basket      =  revenue / orders
    abandonment =  1 − orders / carts           of carts that were filled, the share never ordered

All are sums over a run, or over as much of it as there is: a visit that is still under way has not ordered yet, so
while load rises conversion is somewhat too low. Money in cents of the shop's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from loadgen.report.visitors import Business, BusinessFigures, Counters

COUNTED: Final = ("visits", "product_views", "carts", "checkouts", "orders", "revenue_cents")
"""The counters that are looked at, in the order in which visitors come to them."""


def business(counters: Counters, by_device: Mapping[str, Mapping[str, int]]) -> Business | None:
    """The business figures of a run; None where no journey counts any of them.

    Args:
        counters: in all, and by journey.
        by_device: some of them again, by device; empty where the plan names none.
    """
    if not any(name in counters.total for name in COUNTED):
        return None
    return Business(
        total=figures_of(counters.total),
        by_journey={
            journey: figures_of(counts)
            for journey, counts in counters.by_journey.items()
            if any(name in counts for name in COUNTED)
        },
        by_device={device: figures_of(counts) for device, counts in by_device.items()},
    )


def figures_of(counts: Mapping[str, int]) -> BusinessFigures:
    """What follows from some counters; those that are missing are 0."""
    visits, _, carts, _, orders, revenue_cents = numbers = [counts.get(name, 0) for name in COUNTED]
    return BusinessFigures(
        **dict(zip(COUNTED, numbers, strict=True)),
        basket_cents=round(revenue_cents / orders, 3) if orders > 0 else None,
        conversion=round(orders / visits, 6) if visits > 0 else None,
        cart_abandonment=round(1 - orders / carts, 6) if carts >= max(orders, 1) else None,
    )
