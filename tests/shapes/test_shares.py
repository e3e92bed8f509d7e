from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.shapes import EMPTY, FULL, Share, owned_of_first, split
from loadgen.shapes.shares import PLACES

PLACE = st.integers(0, PLACES)
WEIGHTS = st.lists(st.just(0.0) | st.floats(1e-6, 1e6), min_size=1, max_size=40).filter(any)


@st.composite
def shares(draw: st.DrawFn) -> Share:
    lo, hi = sorted((draw(PLACE), draw(PLACE)))
    return Share(lo, hi)


@given(WEIGHTS)
def test_a_split_leaves_no_gap_and_no_overlap(weights: list[float]) -> None:
    parts = split(weights)
    assert (parts[0].lo, parts[-1].hi) == (0, PLACES)
    assert all(left.hi == right.lo for left, right in pairwise(parts))


@given(WEIGHTS)
def test_a_split_keeps_the_proportions(weights: list[float]) -> None:
    whole = math.fsum(weights)
    for part, weight in zip(split(weights), weights, strict=True):
        assert part.width == pytest.approx(weight / whole, rel=0, abs=1 / PLACES)
        assert weight > 0 or part.lo == part.hi


@pytest.mark.parametrize("weights", [[], [0.0], [0.0, 0.0], [-1.0, 2.0], [math.nan], [math.inf, 1.0], [1e308, 1e308]])
def test_weights_that_divide_nothing_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        split(weights)


@pytest.mark.parametrize(("lo", "hi"), [(-1, 5), (5, 4), (0, PLACES + 1)])
def test_a_share_lies_on_the_circle(lo: int, hi: int) -> None:
    with pytest.raises(ValueError, match=r"within \[0, 2\^32\]"):
        Share(lo, hi)


@given(weights=WEIGHTS, first=st.integers(0, 10**12), count=st.integers(0, 300))
def test_every_cell_has_exactly_one_owner(weights: list[float], first: int, count: int) -> None:
    parts = split(weights)
    owned = sorted(cell for part in parts for cell in part.owned(first, first + count).tolist())
    assert owned == list(range(first, first + count))


@given(share=shares(), first=st.integers(0, 10**12), count=st.integers(0, 1500))
def test_many_cells_are_owned_as_one_by_one(share: Share, first: int, count: int) -> None:
    expected = [cell for cell in range(first, first + count) if share.owns(cell)]
    assert share.owned(first, first + count).tolist() == expected


@given(share=shares(), n=st.integers(-5, 3000))
def test_the_owned_among_the_first_are_counted_exactly(share: Share, n: int) -> None:
    assert owned_of_first(n, share) == sum(share.owns(cell) for cell in range(max(n, 0)))


@given(weights=WEIGHTS, n=st.integers(0, 10**15))
def test_counts_add_up_however_many_there_are(weights: list[float], n: int) -> None:
    assert sum(owned_of_first(n, part) for part in split(weights)) == n


@given(share=shares(), n=st.integers(0, 10**9))
def test_a_share_has_its_part_to_within_a_few_at_any_time(share: Share, n: int) -> None:
    assert owned_of_first(n, share) == pytest.approx(share.width * n, abs=5)


@pytest.mark.parametrize("workers", [2, 3, 4, 7, 16])
def test_equal_workers_take_turns(workers: int) -> None:
    for part in split([1.0] * workers):
        cells = part.owned(0, 10_000).tolist()
        gaps = {later - earlier for earlier, later in pairwise(cells)}
        assert len(gaps) <= 3  # the three-gap theorem
        assert max(gaps) <= 3 * workers


def test_nobody_owns_nothing_and_everybody_everything() -> None:
    assert (EMPTY.width, FULL.width) == (0, 1)
    assert owned_of_first(10**6, EMPTY) == 0
    assert owned_of_first(10**6, FULL) == 10**6
    assert EMPTY.owned(0, 5000).size == 0
    assert FULL.owned(5, 8).tolist() == [5, 6, 7]
