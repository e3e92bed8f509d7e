from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.shapes import (
    EMPTY,
    FULL,
    Arrival,
    Arrivals,
    Constant,
    Ramp,
    Schedule,
    Sequence,
    Shape,
    Share,
    Spacing,
    owned_of_first,
    split,
)
from loadgen.shapes.arrivals import Edge

STEADY = Constant(at=100, for_=30)
UNEVEN = Sequence(shapes=(Ramp(to=300, over=10), Constant(at=0, for_=5), Constant(at=80, for_=10)))

END = Edge(math.inf, includes_u=True)
"""Behind all arrivals."""

SHAPES = st.sampled_from([STEADY, UNEVEN])
SPACINGS = st.sampled_from(["uniform", "poisson"])
INSTANTS = st.floats(-1, 32) | st.sampled_from([0.0, 10.0, 12.0, 15.0, 25.0, 30.0])


def arrivals_of(shape: Shape = STEADY, spacing: Spacing = "uniform") -> Arrivals:
    return Arrivals(shape, spacing, 7, 0, [1, 1])


def drain(schedule: Schedule) -> list[Arrival]:
    return list(iter(lambda: schedule.take_before(END), None))


@st.composite
def shares(draw: st.DrawFn) -> Share:
    lo, hi = sorted((draw(st.integers(0, 8)), draw(st.integers(0, 8))))
    return Share(lo << 29, hi << 29)


def test_before_its_first_assignment_a_worker_has_nothing_to_do() -> None:
    schedule = Schedule(arrivals_of())
    assert schedule.peek() is None
    assert schedule.take_before(END) is None


@pytest.mark.parametrize("spacing", ["uniform", "poisson"])
def test_a_schedule_walks_through_all_arrivals_of_its_share(spacing: Spacing) -> None:
    arrivals = arrivals_of(Constant(at=500, for_=20), spacing)
    share = split([1, 3])[1]
    schedule = Schedule(arrivals)
    schedule.assign(share, 0)
    assert drain(schedule) == arrivals.between(0, math.inf, share)


def test_to_look_takes_nothing_and_what_is_due_later_is_left_where_it_is() -> None:
    arrivals = arrivals_of()
    schedule = Schedule(arrivals)
    schedule.assign(FULL, 0)
    first = schedule.peek()
    assert first is not None
    assert schedule.take_before(arrivals.edge(first.due_s - 0.001)) is None
    assert schedule.peek() is first
    assert schedule.take_before(arrivals.edge(first.due_s + 0.001)) is first
    assert schedule.peek() != first


def test_a_worker_that_joins_late_starts_there() -> None:
    schedule = Schedule(arrivals_of())
    schedule.assign(FULL, 10)
    first = schedule.peek()
    assert first is not None
    assert (first.cell, first.due_s) == (1000, 10.005)


def test_joining_far_into_a_long_run_does_not_walk_there() -> None:
    schedule = Schedule(arrivals_of(Constant(at=1e8, for_=30 * 86_400)))
    schedule.assign(split([1, 1])[0], 29 * 86_400)
    first = schedule.peek()
    assert first is not None
    assert first.cell - 10**8 * 29 * 86_400 in (0, 1, 2)


def test_a_share_changes_in_the_middle_of_a_block() -> None:
    left, right = split([1, 1])
    schedule = Schedule(arrivals_of())
    schedule.assign(left, 0)
    schedule.assign(right, 3.5)
    cells = [arrival.cell for arrival in drain(schedule)]
    assert cells == [*left.owned(0, 350), *right.owned(350, 3000)]


def test_a_later_word_for_an_earlier_instant_replaces_what_came_after_it() -> None:
    left, right = split([1, 1])
    schedule = Schedule(arrivals_of())
    for share, from_s in [(left, 0.0), (right, 10.0), (EMPTY, 20.0), (FULL, 5.0)]:
        schedule.assign(share, from_s)
    assert [arrival.cell for arrival in drain(schedule)] == [*left.owned(0, 500), *range(500, 3000)]


def test_a_later_word_for_the_same_instant_replaces_it() -> None:
    schedule = Schedule(arrivals_of())
    schedule.assign(FULL, 10)
    assert schedule.peek() is not None
    schedule.assign(EMPTY, 10)
    assert schedule.peek() is None


def test_a_share_given_back_can_be_given_again() -> None:
    schedule = Schedule(arrivals_of())
    schedule.assign(FULL, 0)
    schedule.assign(EMPTY, 1)
    assert len(drain(schedule)) == 100
    schedule.assign(FULL, 2)
    assert [arrival.cell for arrival in drain(schedule)] == list(range(200, 3000))


def test_an_assignment_that_comes_late_makes_up_for_it_and_repeats_nothing() -> None:
    left, right = split([1, 1])
    schedule = Schedule(arrivals_of())
    schedule.assign(left, 0)
    taken = _pop_until(schedule, 10)
    schedule.assign(FULL, 8)  # told at 10 s what has held since 8 s
    overdue = _pop_until(schedule, 10)
    assert [arrival.cell for arrival in overdue] == [*right.owned(800, 1000)]
    assert [arrival.cell for arrival in drain(schedule)] == list(range(1000, 3000))
    assert [arrival.cell for arrival in taken] == [*left.owned(0, 1000)]


def _pop_until(schedule: Schedule, t_s: float) -> list[Arrival]:
    popped = []
    while (arrival := schedule.peek()) is not None and arrival.due_s < t_s:
        popped.append(arrival)
        schedule.take_before(END)
    return popped


@settings(max_examples=50)
@given(
    shape=SHAPES,
    spacing=SPACINGS,
    epochs=st.lists(
        st.tuples(INSTANTS, st.lists(st.integers(0, 5), min_size=4, max_size=4).filter(any)), min_size=1, max_size=5
    ),
    ahead_s=st.floats(0, 10),
)
def test_whatever_the_epochs_the_cluster_makes_every_arrival_once(
    shape: Shape, spacing: Spacing, epochs: list[tuple[float, list[int]]], ahead_s: float
) -> None:
    """Each epoch is told to all workers ``ahead_s`` before it begins; they have made what was due until then."""
    workers = [Schedule(arrivals_of(shape, spacing)) for _ in range(4)]
    epochs = [(-1.0, [1, 2, 3, 4]), *sorted(epochs, key=lambda epoch: epoch[0])]
    made: list[Arrival] = []
    for from_s, weights in epochs:
        for worker, share in zip(workers, split(weights), strict=True):
            made += _pop_until(worker, from_s - ahead_s)
            worker.assign(share, from_s)
    for worker in workers:
        made += drain(worker)
    assert sorted(made, key=lambda arrival: arrival.u) == arrivals_of(shape, spacing).between(-1, math.inf)


@settings(max_examples=50)
@given(
    shape=SHAPES,
    spacing=SPACINGS,
    orders=st.lists(st.tuples(shares(), INSTANTS, INSTANTS), min_size=1, max_size=8),
)
def test_late_or_early_a_worker_makes_what_it_should_and_nothing_twice(
    shape: Shape, spacing: Spacing, orders: list[tuple[Share, float, float]]
) -> None:
    """Assignments in any order for any instant, each after taking arrivals up to some other instant."""
    arrivals = arrivals_of(shape, spacing)
    schedule = Schedule(arrivals)
    timeline: list[tuple[float, Share]] = []
    made: list[Arrival] = []
    for share, from_s, until_s in orders:
        schedule.assign(share, from_s)
        timeline = [entry for entry in timeline if entry[0] < from_s] + [(from_s, share)]
        popped = _pop_until(schedule, until_s)
        assert set(popped) <= set(_asked(arrivals, timeline))
        assert popped == sorted(popped, key=lambda arrival: arrival.u)
        made += popped
    made += drain(schedule)
    assert len(made) == len(set(made))
    assert set(made) >= set(_asked(arrivals, timeline))


def _asked(arrivals: Arrivals, timeline: list[tuple[float, Share]]) -> Iterable[Arrival]:
    ends = [*(from_s for from_s, _ in timeline[1:]), math.inf]
    for (from_s, share), end_s in zip(timeline, ends, strict=True):
        yield from arrivals.between(from_s, end_s, share)


def test_a_long_load_takes_the_memory_of_a_moment() -> None:
    arrivals = arrivals_of(Constant(at=1000, for_=300), "poisson")
    schedule = Schedule(arrivals)
    schedule.assign(split([1, 999])[0], 0)
    assert len(drain(schedule)) == arrivals.count(0, math.inf, split([1, 999])[0])
    assert len(arrivals._drawn) <= 2


def test_shoppers_at_once_are_shared_like_arrivals() -> None:
    crews = [owned_of_first(n, share) for n in (0, 1, 10, 1000) for share in split([1, 1, 2])]
    assert [sum(crews[i : i + 3]) for i in range(0, 12, 3)] == [0, 1, 10, 1000]
