from __future__ import annotations

import pytest

from loadgen.shapes import Constant, Sequence, Spike


def test_a_spike_rises_holds_and_falls_back() -> None:
    shape = Spike.model_validate({"from": "200/s", "to": "600/s", "for": "60s", "rise": "10s"})
    assert [shape.rate_at(t_s) for t_s in (0, 5, 10, 30, 50, 55, 60)] == [200, 400, 600, 600, 600, 400, 200]
    assert shape.total == 10 * 400 + 40 * 600 + 10 * 400
    assert (shape.duration, shape.peak) == (60, 600)


def test_a_spike_without_rise_is_a_block_that_ends_at_the_base() -> None:
    shape = Spike(from_=200, to=600, for_=60)
    assert shape.rate_at(0) == shape.rate_at(60) == 600
    assert shape.start_level == shape.end_level == 200


def test_a_spike_stands_on_the_shape_before() -> None:
    sequence = Sequence(shapes=(Constant(at=200, for_=10), Spike(to=600, for_=60, rise=30)))
    assert sequence.rate_at(25) == 400
    assert sequence.end_level == 200


def test_a_spike_lasts_as_long_as_it_says_whatever_its_rise() -> None:
    assert Spike(to=1, for_=0.3, rise=0.1).duration == 0.3
    assert Spike(to=1, for_=0.3, rise=0.15).duration == 0.3


def test_a_spike_needs_time_to_rise_and_fall() -> None:
    with pytest.raises(ValueError, match="rise and fall together are longer than the spike"):
        Spike(to=600, for_=60, rise=31)


def test_a_rise_takes_a_millisecond_or_no_time_at_all() -> None:
    with pytest.raises(ValueError, match="must be 0, or at least 1ms"):
        Spike(to=600, for_=60, rise=1e-300)
