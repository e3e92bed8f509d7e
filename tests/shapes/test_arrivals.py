from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.shapes import (
    EMPTY,
    Arrivals,
    Constant,
    Ramp,
    Sequence,
    Shape,
    Share,
    Spacing,
    Step,
    Wave,
    owned_of_first,
    split,
)

SHAPES: list[Shape] = [
    Constant(at=200, for_=30),
    Ramp(from_=0, to=400, over=20),
    Wave(low=0, high=300, period=16, for_=40, peak_at=5),
    Step(from_=50, by=50, every=3, steps=5),
    Sequence(shapes=(Ramp(to=300, over=7), Constant(at=0, for_=3), Constant(at=123.4, for_=11.3))),
    Constant(at=0.3, for_=20),
]

EVERY_SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.kind}-{shape.total:g}")
BOTH_SPACINGS = pytest.mark.parametrize("spacing", ["uniform", "poisson"])
WEIGHTS = st.lists(st.just(0.0) | st.floats(0.01, 10), min_size=1, max_size=9).filter(any)
SPACINGS = st.sampled_from(["uniform", "poisson"])


def arrivals_of(shape: Shape, spacing: Spacing = "uniform", seed: int = 7, stream: int = 0) -> Arrivals:
    return Arrivals(shape, spacing, seed, stream, [70, 30])


@EVERY_SHAPE
def test_even_arrivals_are_due_half_way_through_their_cells(shape: Shape) -> None:
    arrivals = arrivals_of(shape).between(0, math.inf)
    assert [arrival.cell for arrival in arrivals] == list(range(math.floor(shape.total + 0.5)))
    assert [arrival.due_s for arrival in arrivals] == [shape.due(arrival.cell + 0.5) for arrival in arrivals]


@EVERY_SHAPE
def test_arrivals_by_any_second_equal_the_integral_to_within_half_of_one(shape: Shape) -> None:
    arrivals = arrivals_of(shape)
    for t_s in np.arange(0, shape.duration + 2, 0.37).tolist():
        assert abs(arrivals.count(0, t_s) - shape.arrivals_by(t_s)) <= 0.5


@EVERY_SHAPE
def test_arrivals_in_any_second_equal_the_integral_to_within_one(shape: Shape) -> None:
    arrivals = arrivals_of(shape)
    for second in range(int(shape.duration) + 1):
        asked = shape.arrivals_by(second + 1) - shape.arrivals_by(second)
        assert abs(arrivals.count(second, second + 1) - asked) <= 1


@BOTH_SPACINGS
@EVERY_SHAPE
def test_arrivals_are_due_in_the_time_asked_for_and_in_order(shape: Shape, spacing: Spacing) -> None:
    arrivals = arrivals_of(shape, spacing)
    for t0_s, t1_s in [(0, 1), (3.3, 9.1), (7, 7), (9, 11), (5, math.inf), (-5, 2), (8, 3)]:
        due = [arrival.due_s for arrival in arrivals.between(t0_s, t1_s)]
        assert due == sorted(due)
        assert all(t0_s - 1e-9 <= due_s <= t1_s + 1e-9 for due_s in due)
        assert arrivals.count(t0_s, t1_s) == len(due)


@settings(max_examples=50)
@given(
    shape=st.sampled_from(SHAPES),
    spacing=SPACINGS,
    weights=WEIGHTS,
    cuts=st.lists(st.floats(0, 50), max_size=6),
)
def test_whoever_shares_them_and_however_time_is_cut_the_arrivals_are_the_same(
    shape: Shape, spacing: Spacing, weights: list[float], cuts: list[float]
) -> None:
    everything = arrivals_of(shape, spacing).between(0, math.inf)
    instants = [-math.inf, *sorted(cuts), math.inf]
    pieces = [
        arrival
        for share in split(weights)
        for worker in [arrivals_of(shape, spacing)]
        for t0_s, t1_s in pairwise(instants)
        for arrival in worker.between(t0_s, t1_s, share)
    ]
    assert sorted(pieces, key=lambda arrival: arrival.u) == everything


@given(shape=st.sampled_from(SHAPES), spacing=SPACINGS, weights=WEIGHTS, t0_s=st.floats(-1, 50), t1_s=st.floats(-1, 50))
def test_a_share_counts_what_it_owns(
    shape: Shape, spacing: Spacing, weights: list[float], t0_s: float, t1_s: float
) -> None:
    arrivals = arrivals_of(shape, spacing)
    for share in split(weights):
        assert arrivals.count(t0_s, t1_s, share) == len(arrivals.between(t0_s, t1_s, share))


@settings(max_examples=40)
@given(shape=st.sampled_from(SHAPES), spacing=SPACINGS, weights=WEIGHTS, t0_s=st.floats(-1, 50), t1_s=st.floats(-1, 50))
def test_dealt_out_at_once_they_are_the_arrivals_of_the_whole_load(
    shape: Shape, spacing: Spacing, weights: list[float], t0_s: float, t1_s: float
) -> None:
    arrivals = Arrivals(shape, spacing, seed=3, stream=1, weights=weights)
    cells, journeys = arrivals.dealt(t0_s, t1_s)
    one_by_one = arrivals.between(t0_s, t1_s)
    assert list(zip(cells.tolist(), journeys.tolist(), strict=True)) == [(a.cell, a.journey) for a in one_by_one]


@BOTH_SPACINGS
def test_only_owned_cells_arrive(spacing: Spacing) -> None:
    share = Share(10**9, 2 * 10**9)
    arrivals = arrivals_of(Constant(at=1000, for_=5), spacing).between(0, math.inf, share)
    assert arrivals
    assert all(share.owns(arrival.cell) and arrival.cell == int(arrival.u) for arrival in arrivals)


@BOTH_SPACINGS
def test_an_empty_share_has_no_arrivals(spacing: Spacing) -> None:
    arrivals = arrivals_of(Constant(at=1e8, for_=86_400), spacing)
    assert arrivals.between(0, math.inf, EMPTY) == []


def test_each_workers_part_of_each_second_is_its_share_to_within_a_few() -> None:
    arrivals = arrivals_of(Ramp(to=1000, over=60))
    for share in split([1, 2, 3, 4]):
        for second in range(60):
            asked = share.width * arrivals.count(second, second + 1)
            assert abs(arrivals.count(second, second + 1, share) - asked) <= 3


def test_a_pause_belongs_to_what_follows_it() -> None:
    # The eleventh arrival would stand exactly where the level falls to 0: it is due then, not after the pause.
    shape = Sequence(shapes=(Constant(at=1, for_=10.5), Constant(at=0, for_=60), Constant(at=1, for_=10)))
    arrivals = arrivals_of(shape)
    assert arrivals.count(10.5, 11) == 1
    assert arrivals.between(10.5, 11)[0].due_s == 10.5
    assert arrivals.count(30, 70.5) == 0
    assert arrivals.between(30, 72)[0].due_s == 71.5


@BOTH_SPACINGS
def test_the_ten_thousand_millionth_arrival_is_exact(spacing: Spacing) -> None:
    arrivals = arrivals_of(Constant(at=1e6, for_=20_000), spacing)
    cells = [arrival.cell for share in split([1, 1, 5]) for arrival in arrivals.between(10_000, 10_000.005, share)]
    assert len(cells) == arrivals.count(10_000, 10_000.005)
    assert all(10**10 <= cell < 10**10 + 5000 for cell in cells)
    if spacing == "uniform":
        assert sorted(cells) == list(range(10**10, 10**10 + 5000))
        assert arrivals.between(10_000, 10_000.005)[17].due_s == pytest.approx(10_000.0000175, rel=0, abs=1e-9)
    else:
        assert len(cells) == pytest.approx(5000, abs=4 * math.sqrt(5000))


def test_even_arrivals_of_a_month_are_counted_without_making_them() -> None:
    arrivals = arrivals_of(Constant(at=1e8, for_=30 * 86_400))
    shares = split([3, 2, 2])
    assert sum(arrivals.count(0, math.inf, share) for share in shares) == 10**8 * 30 * 86_400
    assert arrivals.count(0, 1, shares[0]) == owned_of_first(10**8, shares[0])


def test_random_arrivals_have_the_mean_and_variance_of_their_name() -> None:
    arrivals = arrivals_of(Constant(at=50, for_=4000), "poisson")
    counts = np.array([arrivals.count(second, second + 1) for second in range(4000)])
    # Four standard errors of the mean and of the variance of 4000 Poisson(50) counts.
    assert counts.mean() == pytest.approx(50, abs=4 * math.sqrt(50 / 4000))
    assert counts.var() == pytest.approx(50, abs=4 * 50 * math.sqrt(2 / 4000))
    assert abs(np.corrcoef(counts[:-1], counts[1:])[0, 1]) < 4 / math.sqrt(4000)


def test_random_arrivals_vary_over_long_windows_too() -> None:
    arrivals = arrivals_of(Constant(at=5000, for_=400), "poisson")
    counts = np.array([arrivals.count(second, second + 1) for second in range(400)])
    assert counts.var() == pytest.approx(5000, abs=4 * 5000 * math.sqrt(2 / 400))


def test_the_time_between_random_arrivals_is_exponential() -> None:
    arrivals = arrivals_of(Constant(at=10, for_=2000), "poisson").between(0, math.inf)
    gaps = np.sort(np.diff([arrival.due_s for arrival in arrivals]) * 10)
    expected = -np.expm1(-gaps)
    found = (np.arange(gaps.size) + 0.5) / gaps.size
    assert np.abs(found - expected).max() < 1.95 / math.sqrt(gaps.size)  # Kolmogorov, one in a thousand


def test_random_arrivals_follow_the_shape() -> None:
    shape = Ramp(to=2000, over=50)
    arrivals = arrivals_of(shape, "poisson")
    for t_s in (10, 25, 40, 50):
        expected = shape.arrivals_by(t_s)
        assert arrivals.count(0, t_s) == pytest.approx(expected, abs=4 * math.sqrt(expected))


def test_a_workers_random_arrivals_are_random_too() -> None:
    arrivals = arrivals_of(Constant(at=200, for_=2000), "poisson")
    share = split([1, 3])[0]
    counts = np.array([arrivals.count(second, second + 1, share) for second in range(2000)])
    assert counts.mean() == pytest.approx(50, abs=4 * math.sqrt(50 / 2000))
    assert counts.var() == pytest.approx(50, abs=4 * 50 * math.sqrt(2 / 2000))


def test_the_same_seed_gives_the_same_arrivals_and_another_seed_others() -> None:
    shape = Constant(at=100, for_=10)
    same = arrivals_of(shape, "poisson", seed=3, stream=1).between(0, math.inf)
    assert arrivals_of(shape, "poisson", seed=3, stream=1).between(0, math.inf) == same
    assert arrivals_of(shape, "poisson", seed=4, stream=1).between(0, math.inf) != same
    assert arrivals_of(shape, "poisson", seed=3, stream=2).between(0, math.inf) != same


def test_random_arrivals_never_change_between_versions() -> None:
    # Workers of one cluster may run different versions of Python and numpy: they must draw the same arrivals.
    first = arrivals_of(Constant(at=1, for_=1e5), "poisson").between(0, 1e5)
    assert [(arrival.cell, arrival.u.hex(), arrival.journey) for arrival in first[:4]] == [
        (0, "0x1.cf10b98566800p-1", 0),
        (1, "0x1.3f112accf3400p+0", 1),
        (1, "0x1.b7fa7f286ec00p+0", 0),
        (2, "0x1.279964f334800p+1", 0),
    ]
    assert len(first) == 100313


def test_random_arrivals_keep_the_mix() -> None:
    arrivals = arrivals_of(Constant(at=1000, for_=200), "poisson").between(0, math.inf)
    browsing = sum(arrival.journey == 0 for arrival in arrivals)
    assert browsing == pytest.approx(0.7 * len(arrivals), abs=30)
    first_fifty = [arrival.journey for arrival in arrivals[:50]]
    assert first_fifty.count(0) == 35


def test_weights_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one weight"):
        Arrivals(Constant(at=1, for_=1), "uniform", 0, 0, [0.0])
