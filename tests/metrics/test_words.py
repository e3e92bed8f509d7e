from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

import loadgen
from loadgen.coordinator.seating import Place
from loadgen.metrics import words
from loadgen.stats.reasons import REASONS
from loadgen.stats.tally import BY_DEVICE


@pytest.fixture(scope="module")
def journey_source() -> Callable[[str, str], ast.expr]:
    """Values assigned in a module of journeys, read without importing it: that would bring gevent in."""

    def read(module: str, name: str) -> ast.expr:
        tree = ast.parse((Path(loadgen.__file__).parent / "journey" / module).read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name and node.value is not None:
                return node.value
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                return node.value
        raise AssertionError(f"{module} has no {name}")

    return read


def test_what_is_unknown_has_a_reason_of_the_list() -> None:
    assert words.OTHER_REASON in REASONS


def test_reasons_to_give_up_are_those_that_journeys_give(journey_source: Callable[[str, str], ast.expr]) -> None:
    literal = journey_source("recorder.py", "AbandonReason")
    assert isinstance(literal, ast.Subscript)
    assert ast.literal_eval(literal.slice) == words.ABANDON_REASONS


def test_places_are_those_of_the_coordinator() -> None:
    assert tuple(place.value for place in Place) == words.PLACES


def test_business_counts_are_those_that_are_told_apart_by_device_too() -> None:
    assert set(words.BUSINESS_COUNTS) == BY_DEVICE
