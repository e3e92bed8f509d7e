"""How old a request was when it was first shown."""

import pytest
from benchmarks.freshness import Shown, Watched


def watched(*shown: tuple[float, float], since_s: float = 0.0) -> Watched:
    return Watched([10.0, 10.5, 11.0, 11.2], since_s, {"here": [Shown(*one) for one in shown]})


def test_a_request_is_seen_when_as_many_are_shown() -> None:
    ages = watched((10.2, 0), (11.5, 2), (11.6, 2), (12.5, 4), (13.0, 4)).ages("here")
    assert ages == pytest.approx([1.5, 1.0, 1.5, 1.3])


def test_those_that_ended_before_all_watched_are_left_out() -> None:
    assert watched((12.5, 4), since_s=11.0).ages("here") == pytest.approx([1.5, 1.3])


@pytest.mark.parametrize("shown", [[], [(12.5, 3)]])
def test_a_request_that_was_never_shown_is_no_age(shown: list[tuple[float, float]]) -> None:
    with pytest.raises(AssertionError, match="4 ended"):
        watched(*shown).ages("here")
