from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.shapes import Constant, Curve, Ramp, Sequence, Shape, Spike, Step, Wave

PARTS = st.sampled_from(
    [
        Constant(at=7, for_=10),
        Constant(at=0, for_=5),
        Ramp(to=20, over=8),
        Ramp(from_=3, to=0, over=9),
        Step(by=4, every=2, steps=3),
        Spike(to=50, for_=6, rise=1),
        Wave(low=0, high=30, period=12, for_=18, peak_at=2),
        Curve(points=((0, 5), (3, 0), (4, 9))),
    ]
)


@given(parts=st.lists(PARTS, min_size=1, max_size=6), part=st.floats(0, 1))
def test_a_sequence_is_the_sum_of_its_parts(parts: list[Shape], part: float) -> None:
    sequence = Sequence(shapes=tuple(parts))
    assert sequence.duration == pytest.approx(sum(shape.duration for shape in sequence.shapes))
    assert sequence.total == pytest.approx(sum(shape.total for shape in sequence.shapes))
    assert sequence.peak == max(shape.peak for shape in sequence.shapes)
    t_s = part * sequence.duration
    begin_s, by_then = 0.0, 0.0
    for shape in sequence.shapes:
        by_then += shape.arrivals_by(t_s - begin_s)
        begin_s += shape.duration
    assert sequence.arrivals_by(t_s) == pytest.approx(by_then)


@given(parts=st.lists(PARTS, min_size=1, max_size=6), part=st.floats(0, 1))
def test_due_finds_its_way_through_a_sequence(parts: list[Shape], part: float) -> None:
    sequence = Sequence(shapes=tuple(parts))
    n = part * sequence.total
    assert sequence.arrivals_by(sequence.due(n)) == pytest.approx(n, abs=1e-12)
    assert sequence.due(math.nextafter(sequence.total, math.inf)) == math.inf


def test_what_was_left_out_is_taken_from_the_shape_before() -> None:
    sequence = Sequence(shapes=(Ramp(to=200, over=10), Spike(to=600, for_=6), Step(by=-50, every=1, steps=3)))
    assert [shape.start_level for shape in sequence.shapes] == [0, 200, 200]
    assert sequence.end_level == 100


def test_what_was_written_is_kept() -> None:
    sequence = Sequence(shapes=(Constant(at=100, for_=1), Ramp(from_=5, to=10, over=1)))
    assert sequence.shapes[1].start_level == 5


def test_at_a_seam_the_following_shape_holds() -> None:
    sequence = Sequence(shapes=(Constant(at=1, for_=10), Constant(at=9, for_=10)))
    assert (sequence.rate_at(10), sequence.rate_at(20)) == (9, 9)
    assert sequence.corners == (0, 10, 20)


def test_in_a_pause_nobody_is_due() -> None:
    sequence = Sequence(shapes=(Constant(at=1, for_=10), Constant(at=0, for_=60), Constant(at=1, for_=10)))
    assert sequence.due(10) == 10
    assert sequence.due(10.5) == 70.5


def test_an_empty_sequence_is_refused() -> None:
    with pytest.raises(ValueError, match="a list of shapes cannot be empty"):
        Sequence(shapes=())


def test_a_sequence_of_more_than_a_month_is_refused() -> None:
    fortnight = Constant(at=1, for_=14 * 86_400)
    with pytest.raises(ValueError, match="longer than 31 days"):
        Sequence(shapes=(fortnight, fortnight, fortnight))


def test_a_shape_that_cannot_start_there_is_named() -> None:
    with pytest.raises(ValueError, match="below 0") as caught:
        Sequence(shapes=(Constant(at=1, for_=1), Step(by=-1, every=1, steps=3)))
    assert caught.value.errors()[0]["loc"] == ("shapes", 1, "step")  # type: ignore[attr-defined]


@given(parts=st.lists(PARTS, min_size=1, max_size=6))
def test_a_sequence_in_a_sequence_changes_nothing(parts: list[Shape]) -> None:
    sequence = Sequence(shapes=tuple(parts))
    nested = Sequence(shapes=(sequence,))
    assert nested.total == pytest.approx(sequence.total)
    assert nested.duration == sequence.duration
