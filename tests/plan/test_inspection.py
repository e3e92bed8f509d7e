"""What importing the journeys brought to light is put at its place in the plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadgen.plan.inspection import journey_problems
from loadgen.plan.read import LoadedPlan, load_plan


@pytest.fixture
def loaded(good: str, write: Callable[..., Path]) -> LoadedPlan:
    text = good.replace("journeys:\n", "journeys:\n  - {file: browse.py, user: Searcher}\n")
    return load_plan(write(text))


def _answer(loaded: LoadedPlan, **files: Any) -> list[str]:
    folder = loaded.path.parent
    found = {
        str(folder / f"{name}.py"): {"users": [{"name": user} for user in what], "dialects": what, "error": None}
        if isinstance(what, list)
        else {"users": [], "dialects": [], "error": what}
        for name, what in files.items()
    }
    return [str(problem).removeprefix(f"{loaded.path}:") for problem in journey_problems(loaded, found)]


def test_journeys_that_are_all_there_are_no_problem(loaded: LoadedPlan) -> None:
    assert _answer(loaded, browse=["Browser", "Searcher"], buy=["GuestBuyer"]) == []


def test_an_unknown_user_class_is_named_with_the_nearest_one(loaded: LoadedPlan) -> None:
    assert _answer(loaded, browse=["Browsr", "Searcher"], buy=["Payer"]) == [
        "6:29 journeys[1].user: browse.py has no user class Browser (did you mean Browsr?)",
        "7:26 journeys[2].user: buy.py has no user class GuestBuyer (it has Payer)",
    ]


def test_a_file_without_users_says_so(loaded: LoadedPlan) -> None:
    assert _answer(loaded, browse=["Browser", "Searcher"], buy=[]) == [
        "7:26 journeys[2].user: buy.py has no user class GuestBuyer (it has no user classes at all)"
    ]


def test_a_file_that_does_not_import_is_reported_once_with_its_traceback_below(loaded: LoadedPlan) -> None:
    says = _answer(
        loaded, browse="browse.py does not import\n  browse.py:3\n\x1b[2JNameError: name 'x'", buy=["GuestBuyer"]
    )

    assert says == [
        "5:12 journeys[0].file: browse.py does not import\n      browse.py:3\n    \\x1b[2JNameError: name 'x'"
    ]


@pytest.mark.parametrize(
    ("named", "offers", "says"),
    [
        ("", ["Demo"], []),
        (":Demo", ["Demo", "Other"], []),
        ("", [], ["shop.py defines no dialect (a dialect is a class that inherits from Dialect)"]),
        ("", ["A", "B"], ["shop.py defines several dialects (name one, as shop.py:A; it has A, B)"]),
        (":Dmo", ["Demo"], ["shop.py has no dialect Dmo (did you mean Demo?)"]),
        (":Xyz", ["Demo"], ["shop.py has no dialect Xyz (it has Demo)"]),
        ("", "shop.py does not import", ["shop.py does not import"]),
    ],
)
def test_a_dialect_is_the_one_that_the_plan_names(
    good: str, write: Callable[..., Path], folder: Path, named: str, offers: Any, says: list[str]
) -> None:
    (folder / "plans" / "shop.py").touch()
    loaded = load_plan(write(good.replace("shop.example\n", f"shop.example\n  dialect: shop.py{named}\n")))

    answer = _answer(loaded, browse=["Browser"], buy=["GuestBuyer"], shop=offers)
    assert answer == [f"4:12 target.dialect: {sentence}" for sentence in says]
