"""A slow shop loses orders: the same shoppers, patient and not, in the real demo shop."""

from __future__ import annotations

from collections import Counter
from typing import Any

from loadgen.journey.patience import tempers
from loadgen.plan.patience import Patience

SHOPPERS = 60
SLOW_PAYMENT = ("--fault", "slow:payment")
"""Half a second beside the usual few milliseconds."""


def test_a_slow_payment_costs_the_orders_of_those_who_will_not_wait(
    open_shop: Any, make_visit: Any, journeys: Any
) -> None:
    shop, buyer = open_shop(*SLOW_PAYMENT), journeys["GuestBuyer"]
    patient = make_visit(shop, seed=7, think_scale=0).all_of(buyer, SHOPPERS)
    assert patient.counters["GuestBuyer", "orders"] == SHOPPERS
    shop.reset()

    half = Patience(median=0.75, distribution="exponential")
    visit = make_visit(shop, seed=7, think_scale=0, patience=tempers((half,)))
    hasty = visit.all_of(buyer, SHOPPERS)

    left = sum(counts.abandoned["slow"] for counts in hasty.steps.values())
    orders = hasty.counters["GuestBuyer", "orders"]
    assert orders == SHOPPERS - left
    assert 0.15 * SHOPPERS < orders < 0.85 * SHOPPERS  # 2^(-0.5 / 0.75) = 0.63 of them, on a machine that is not busy
    assert hasty.steps["GuestBuyer", "payment"].completed == orders
    assert hasty.journeys["GuestBuyer"].completed == SHOPPERS
    reasons = sum((series.reasons for series in hasty.series.values()), Counter())
    assert set(reasons) == {"abandoned"}
    assert 0.15 * SHOPPERS < reasons["abandoned"] <= left  # some have no patience left for a step's second request
    assert (hasty.sent, hasty.in_flight) == (hasty.requests, 0)


def test_the_same_seed_makes_the_same_shoppers_leave(open_shop: Any, make_visit: Any, journeys: Any) -> None:
    shop = open_shop(*SLOW_PAYMENT)
    sure = tuple(
        Patience(median=median, device=device, distribution="constant") for device, median in (("a", 0.2), ("b", 60))
    )
    context = {"seed": 7, "think_scale": 0, "devices": {"a": 1, "b": 1}, "patience": tempers(sure)}
    visits = [make_visit(shop, **context).all_of(journeys["FlashSaleBuyer"], 20) for _ in range(2)]
    orders = [visit.counters["FlashSaleBuyer", "orders"] for visit in visits]
    assert 0 < orders[0] == orders[1] < 20
