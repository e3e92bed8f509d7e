"""Each fault that the demo shop plants in its business is noticed by visitors, and nothing is where none is planted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from loadgen.journey.load import load_dialect
from loadgen.stats import Tally

LIBRARY = Path(__file__).parents[2] / "journeys"
SHOPPERS = 4
DECLINED = {"card_number": "4000000000000002"}
CANCELLED = {"card_number": "4000000000003220"}
BANK = {"finishes_3d_secure": 0.0, "cancels_3d_secure": 1.0, "tries_again": 0.0}

SEEN = [
    ("wrong-total", "GuestBuyer", {}, {"cart_total", "order_total"}),
    ("wrong-price", "GuestBuyer", {}, {"price"}),
    ("no-delivery-method", "GuestBuyer", {}, {"delivery"}),
    ("lost-cart-after-decline", "GuestBuyer", DECLINED, {"cart_kept"}),
    ("lost-cart-after-decline", "GuestBuyer", CANCELLED, {"cart_kept"}),
    ("double-charge", "OrderTracker", {}, {"charged_once"}),
    ("lost-order", "OrderTracker", {}, {"order_kept"}),
    ("duplicate-order-number", "GuestBuyer", {}, {"order_number"}),
]


def noticed(tally: Tally) -> set[str]:
    return {name.removeprefix("violation:") for _, name in tally.counters if name.startswith("violation:")}


def visitors_of(shop: Any, make_visit: Any, buyer: Any, card: dict[str, str], **context: Any) -> Tally:
    dialect = type("Paying", (load_dialect(LIBRARY, "dialects/demo.py"),), card)
    visit = make_visit(shop, seed=7, think_scale=0, dialect=dialect, **context)
    tally: Tally = visit.all_of(type(buyer.__name__, (buyer,), BANK if card else {}), SHOPPERS)
    return tally


@pytest.mark.parametrize(("fault", "journey", "card", "rules"), SEEN)
def test_a_planted_fault_is_noticed_with_its_evidence(
    open_shop: Any, make_visit: Any, journeys: Any, fault: str, journey: str, card: dict[str, str], rules: set[str]
) -> None:
    tally = visitors_of(open_shop("--fault", fault), make_visit, journeys[journey], card)

    assert noticed(tally) == rules
    samples = [each for each in tally.samples if each.reason == "evidence"]
    assert {each.name for each in samples} == {f"violation:{rule}" for rule in rules}
    assert all(each.journey == journey and "(arrival " in each.text for each in samples)


@pytest.mark.parametrize(("journey", "card"), sorted({(journey, tuple(card.items())) for _, journey, card, _ in SEEN}))
def test_a_shop_without_faults_is_accused_of_nothing(
    open_shop: Any, make_visit: Any, journeys: Any, journey: str, card: tuple[tuple[str, str], ...]
) -> None:
    tally = visitors_of(open_shop(), make_visit, journeys[journey], dict(card))

    assert noticed(tally) == set()
    assert tally.journeys[journey].completed == SHOPPERS


@pytest.mark.parametrize("journey", ["CartChanger", "CouponBuyer", "ReturningCustomer", "Reorderer", "OrderingReader"])
def test_no_other_journey_accuses_a_shop_without_faults(
    open_shop: Any, make_visit: Any, journeys: Any, journey: str
) -> None:
    tally = visitors_of(open_shop(), make_visit, journeys[journey], {})

    assert noticed(tally) == set()
    assert tally.requests > 0


@pytest.mark.parametrize(("options", "sold"), [((), 10), (("--fault", "oversell"), 16)])
def test_what_is_limited_is_counted_to_the_piece(
    open_shop: Any, make_visit: Any, journeys: Any, options: tuple[str, ...], sold: int
) -> None:
    """Eight guests want two each of an article of which there are ten."""
    shop = open_shop("--hot-stock", "10", *options)

    class Pair(journeys["FlashSaleBuyer"]):  # type: ignore[misc]
        def add_to_cart(self, article: Any, quantity: int = 1) -> Any:
            return super().add_to_cart(article, 2 * quantity)

    visit = make_visit(shop, seed=7, think_scale=0, limits={f"sold:{hot(shop)}": 10})
    tally = visit.all_of(Pair, 8)

    assert tally.counters["Pair", f"sold:{hot(shop)}"] == sold
    assert sum(line["quantity"] for order in shop.orders() for line in order["lines"]) == sold
    told = [each.text for each in tally.samples if each.name.startswith("sold:")]
    assert len(told) == 5  # of each kind so many are kept
    assert all(text.startswith("order ") for text in told)


@pytest.mark.parametrize(("options", "used"), [((), 2), (("--fault", "coupon-overuse"), 4)])
def test_uses_of_a_coupon_are_counted(
    open_shop: Any, make_visit: Any, journeys: Any, options: tuple[str, ...], used: int
) -> None:
    shop = open_shop("--coupon", "TWICE:5.00:2", *options)
    buyer = type("CouponBuyer", (journeys["CouponBuyer"],), {"code": "TWICE", "tries_again": 1.0})
    visit = make_visit(shop, seed=7, think_scale=0, limits={"used:TWICE": 2})
    tally = visit.all_of(buyer, SHOPPERS)

    assert tally.counters["CouponBuyer", "orders"] == SHOPPERS
    assert tally.counters["CouponBuyer", "used:TWICE"] == used
    assert noticed(tally) == set()
    assert Counter(order["coupon"] for order in shop.orders())["TWICE"] == used


def hot(shop: Any) -> str:
    with requests.Session() as asking:
        page = asking.get(f"{shop.url}/api/home", timeout=10).json()
    first: dict[str, Any] = page["products"][0]
    return str(first["slug"])
