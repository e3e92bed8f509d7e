from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.shapes import Mix, Share, split

MIXES = [(70, 30), (50, 50), (62, 38), (90, 10), (50, 30, 20), (25, 25, 25, 25), (40, 25, 15, 12, 8), (99, 1)]


def worst_miss(journeys: list[int], weights: tuple[float, ...]) -> float:
    """The largest distance of any journey's count from its weight, after any number of arrivals."""
    parts = [weight / sum(weights) for weight in weights]
    return max(
        abs(count - part * n)
        for journey, part in enumerate(parts)
        for n, count in enumerate(accumulate(made == journey for made in journeys), start=1)
    )


def dealt(weights: tuple[float, ...], cells: list[int]) -> list[int]:
    return [int(journey) for journey in Mix(weights).journeys(np.array(cells, dtype=np.int64))]


def test_fifty_arrivals_of_seventy_to_thirty_are_within_one_at_any_time() -> None:
    journeys = dealt((70, 30), list(range(50)))
    assert worst_miss(journeys, (70, 30)) < 1
    assert (journeys.count(0), journeys.count(1)) == (35, 15)


@pytest.mark.parametrize("weights", MIXES)
def test_the_cluster_keeps_its_mix_to_within_a_few(weights: tuple[float, ...]) -> None:
    assert worst_miss(dealt(weights, list(range(100))), weights) <= 3
    assert worst_miss(dealt(weights, list(range(20_000))), weights) <= 5


@pytest.mark.parametrize("workers", [2, 3, 4, 8])
@pytest.mark.parametrize("weights", MIXES)
def test_each_worker_keeps_the_mix_to_within_a_few(weights: tuple[float, ...], workers: int) -> None:
    for share in split([1.0] * workers):
        own = share.owned(0, 20_000).tolist()
        assert worst_miss(dealt(weights, own[:100]), weights) <= 8
        assert worst_miss(dealt(weights, own), weights) <= 15


@pytest.mark.parametrize("share", [Share(0, 2**28), Share(2**31 - 10**8, 2**31 + 10**8), Share(3 * 10**9, 2**32)])
def test_odd_shares_keep_the_mix_too(share: Share) -> None:
    assert worst_miss(dealt((70, 30), share.owned(0, 50_000).tolist()), (70, 30)) <= 15


def test_a_journey_of_no_weight_is_never_made() -> None:
    assert set(dealt((0, 3, 0, 1, 0), list(range(2000)))) == {1, 3}


@given(number=st.integers(0, 10**12), weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=10))
def test_one_is_dealt_as_many_are(number: int, weights: list[float]) -> None:
    mix = Mix(weights)
    assert mix.journey(number) == mix.journeys(np.array([number]))[0]
    assert 0 <= mix.journey(number) < len(weights)


@pytest.mark.parametrize("weights", [[], [0.0], [-1.0, 2.0]])
def test_weights_of_nothing_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        Mix(weights)
