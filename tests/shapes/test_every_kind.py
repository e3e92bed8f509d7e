"""What holds for every kind of shape. A new kind is one row in KINDS_DRAWN."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel

from loadgen.shapes import KINDS, Constant, Curve, Ramp, Shape, ShapeField, Spike, Step, Wave

LEVELS = st.just(0.0) | st.floats(1e-3, 1e6)
SECONDS = st.floats(0.01, 1e5)
FRACTIONS = st.floats(0, 1)


@st.composite
def steps(draw: st.DrawFn) -> Step:
    count, start = draw(st.integers(1, 20)), draw(LEVELS)
    lowest = -start / max(count - 1, 1) * 0.999
    return Step(from_=start, by=draw(st.floats(lowest, 1e5)), every=draw(SECONDS), steps=count)


@st.composite
def spikes(draw: st.DrawFn) -> Spike:
    seconds = draw(SECONDS)
    rise = draw(st.just(0.0) | st.floats(0.001, seconds / 2))
    return Spike(from_=draw(LEVELS), to=draw(LEVELS), for_=seconds, rise=rise)


@st.composite
def waves(draw: st.DrawFn) -> Wave:
    period = draw(SECONDS)
    low, high = sorted((draw(LEVELS), draw(LEVELS)))
    peak_at = draw(st.none() | FRACTIONS.map(lambda part: period * part * 0.999))
    return Wave(low=low, high=high, period=period, for_=period * draw(st.floats(0.1, 20)), peak_at=peak_at)


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    gaps = draw(st.lists(SECONDS, min_size=1, max_size=12))
    times = [0.0, *(sum(gaps[: i + 1]) for i in range(len(gaps)))]
    return Curve(points=tuple((t_s, draw(LEVELS)) for t_s in times))


KINDS_DRAWN: dict[str, st.SearchStrategy[Shape]] = {
    "constant": st.builds(Constant, at=LEVELS, for_=SECONDS),
    "ramp": st.builds(Ramp, from_=LEVELS, to=LEVELS, over=SECONDS),
    "step": steps(),
    "spike": spikes(),
    "wave": waves(),
    "curve": curves(),
}

ANY = st.one_of(*KINDS_DRAWN.values())


class Stream(BaseModel):
    shape: ShapeField


def test_every_kind_is_in_the_table() -> None:
    assert KINDS_DRAWN.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_its_fields_are(kind: str) -> None:
    assert all(field.description for field in KINDS[kind].model_fields.values())


@given(shape=ANY, parts=st.lists(st.floats(-0.1, 1.1), min_size=2, max_size=20))
def test_arrivals_never_go_back(shape: Shape, parts: list[float]) -> None:
    counts = [shape.arrivals_by(part * shape.duration) for part in sorted(parts)]
    slack = 1e-12 * shape.total
    assert all(later >= earlier - slack for earlier, later in pairwise(counts))


@given(shape=ANY, part=FRACTIONS, span=FRACTIONS)
def test_arrivals_grow_as_the_level_says(shape: Shape, part: float, span: float) -> None:
    t0_s = part * shape.duration
    next_corner_s = next((corner_s for corner_s in shape.corners if corner_s > t0_s), shape.duration)
    t1_s = t0_s + span * (next_corner_s - t0_s) * 0.999
    low, high = sorted((shape.rate_at(t0_s), shape.rate_at(t1_s)))
    grown = shape.arrivals_by(t1_s) - shape.arrivals_by(t0_s)
    slack = 1e-12 * (shape.total + shape.peak * shape.duration)
    assert low * (t1_s - t0_s) - slack <= grown <= high * (t1_s - t0_s) + slack


@given(shape=ANY, part=FRACTIONS)
def test_due_undoes_arrivals_where_there_is_load(shape: Shape, part: float) -> None:
    t_s = part * shape.duration
    assume(t_s not in shape.corners)
    rate = shape.rate_at(t_s)
    assume(rate > 1e-3 * shape.peak)
    rounding_s = 1e-15 * (shape.total / rate + shape.duration)
    assert shape.due(shape.arrivals_by(t_s)) == pytest.approx(t_s, rel=0, abs=1e-9 + 16 * rounding_s)


@given(shape=ANY, part=FRACTIONS)
def test_arrivals_undo_due(shape: Shape, part: float) -> None:
    n = part * shape.total
    t_s = shape.due(n)
    # The instant itself is rounded: that moves the count by the level times its last digit.
    slack = 1e-12 * shape.total + 4 * math.ulp(t_s) * shape.peak
    assert shape.arrivals_by(t_s) == pytest.approx(n, rel=0, abs=slack)


@given(shape=ANY, parts=st.lists(FRACTIONS, min_size=2, max_size=20))
def test_due_never_goes_back(shape: Shape, parts: list[float]) -> None:
    instants = [shape.due(part * shape.total) for part in sorted(parts)]
    assert all(later >= earlier - 1e-12 * shape.duration for earlier, later in pairwise(instants))


@given(shape=ANY)
def test_outside_there_is_nothing(shape: Shape) -> None:
    after_s = math.nextafter(shape.duration, math.inf)
    assert shape.rate_at(-1e-9) == shape.rate_at(after_s) == shape.rate_at(math.inf) == 0
    assert shape.arrivals_by(-1) == shape.arrivals_by(0) == 0
    assert shape.arrivals_by(math.inf) == shape.arrivals_by(after_s) == shape.total
    assert shape.due(-1) == shape.due(0) == 0
    assert shape.due(math.nextafter(shape.total, math.inf)) == math.inf
    assert shape.due(shape.total) <= shape.duration


@given(shape=ANY, part=FRACTIONS)
def test_no_level_is_above_the_peak(shape: Shape, part: float) -> None:
    assert 0 <= shape.rate_at(part * shape.duration) <= shape.peak * (1 + 1e-12)


@given(shape=ANY)
def test_the_peak_is_reached(shape: Shape) -> None:
    before = (math.nextafter(corner_s, 0) for corner_s in shape.corners)
    highest = max(shape.rate_at(t_s) for t_s in (*shape.corners, *before))
    assert highest == pytest.approx(shape.peak, rel=1e-6)


@given(shape=ANY)
def test_corners_go_from_start_to_end(shape: Shape) -> None:
    assert shape.corners[0] == 0
    assert shape.corners[-1] == shape.duration
    assert all(earlier < later for earlier, later in pairwise(shape.corners))


@given(shape=ANY)
def test_what_is_written_is_read_again_exactly(shape: Shape) -> None:
    assume(shape.total > 0)
    stream = Stream(shape=shape)
    assert Stream.model_validate_json(stream.model_dump_json()) == stream
    assert Stream.model_validate(stream.model_dump()) == stream
    assert stream.shape == shape


@given(shape=ANY)
def test_shapes_do_not_change(shape: Shape) -> None:
    with pytest.raises(ValueError, match="frozen"):
        shape.duration = 1  # type: ignore[misc]
