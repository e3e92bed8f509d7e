"""Orders and reservations of the library's visitors are undone in the real demo shop."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from loadgen.errors import UsageError
from loadgen.journey.cleaning import Fate, undo
from loadgen.journey.creations import keep_for
from loadgen.messages.created import Created
from loadgen.plan.read import LoadedPlan, load_plan

LIBRARY = Path(__file__).parents[2] / "journeys"


@pytest.fixture
def loaded(tmp_path: Path) -> Any:
    """Reads a plan for a shop."""

    def load(url: str, dialect: str = "dialects/demo.py") -> LoadedPlan:
        spoken = f", dialect: {os.path.relpath(LIBRARY / dialect, tmp_path)}" if dialect else ""
        (tmp_path / "plan.yaml").write_text(
            f"name: a\ncleanable: true\ntarget: {{base_url: '{url}'{spoken}}}\n"
            f"journeys: [{{file: {os.path.relpath(LIBRARY / 'buy.py', tmp_path)}, user: GuestBuyer}}]\n"
            "load: [{shape: {constant: {at: 1/s, for: 1s}}}]\n"
        )
        return load_plan(tmp_path / "plan.yaml")

    return load


def made(visit: Any, journeys: Any, shoppers: int = 3, buyer: str = "GuestBuyer") -> list[Created]:
    creations = keep_for(visit.environment)
    visit.all_of(journeys[buyer], shoppers)
    return creations.first(100)


def fates(things: list[Created], plan: LoadedPlan) -> Counter[str]:
    return Counter(fate for _, fate, _ in undo(things, plan, "r-1"))


def test_orders_are_cancelled_and_their_pieces_back(shop: Any, visit: Any, journeys: Any, loaded: Any) -> None:
    things = made(visit, journeys)
    assert {thing.number for thing in things} == {order["number"] for order in shop.orders()}

    assert fates(things, loaded(shop.url)) == {Fate.UNDONE: 3}
    assert {order["state"] for order in shop.orders()} == {"cancelled"}


def test_what_was_cancelled_already_is_refused_and_harms_nothing(
    shop: Any, visit: Any, journeys: Any, loaded: Any
) -> None:
    things = made(visit, journeys, 1)
    fates(things, loaded(shop.url))

    ((_, fate, why),) = undo(things, loaded(shop.url), "r-1")
    assert (fate, bool(why)) == (Fate.REFUSED, True)


def test_what_is_no_order_is_unsupported(shop: Any, loaded: Any) -> None:
    assert fates([Created(kind="account", number="1")], loaded(shop.url)) == {Fate.UNSUPPORTED: 1}


def test_a_path_that_the_dialect_cannot_read_is_refused_with_the_reason(shop: Any, loaded: Any) -> None:
    ((_, fate, why),) = undo([Created(kind="order", number="1", path="/nowhere")], loaded(shop.url), "r-1")
    assert (fate, bool(why)) == (Fate.REFUSED, True)


def test_without_a_list_visitors_keep_none(shop: Any, visit: Any, journeys: Any) -> None:
    visit.all_of(journeys["GuestBuyer"], 1)
    assert len(shop.orders()) == 1
    assert keep_for(visit.environment).first(10) == []


def test_a_plan_without_a_dialect_cannot_undo_anything(shop: Any, loaded: Any) -> None:
    with pytest.raises(UsageError, match="how the shop is spoken to"):
        list(undo([], loaded(shop.url, dialect=""), "r-1"))
