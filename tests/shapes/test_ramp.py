from __future__ import annotations

import math

import pytest

from loadgen.shapes import Ramp


def test_a_ramp_from_nothing_grows_with_the_square_of_time() -> None:
    shape = Ramp.model_validate({"from": "0/s", "to": "200/s", "over": "5m"})
    assert shape.total == 30_000
    assert shape.rate_at(150) == 100
    assert shape.arrivals_by(150) == 7_500
    assert shape.due(7_500) == 150


def test_a_ramp_goes_down_too() -> None:
    shape = Ramp(from_=200, to=0, over=300)
    assert shape.arrivals_by(150) == 22_500
    assert shape.due(30_000) == 300
    assert shape.due(22_500) == 150


def test_a_ramp_from_nowhere_starts_at_nothing() -> None:
    assert Ramp(to=10, over=10).start_level == 0


@pytest.mark.parametrize("slope", [0.0, 1e-15, -1e-15, 1e-9, -1e-9])
def test_a_nearly_level_ramp_loses_no_digits(slope: float) -> None:
    shape = Ramp(from_=100, to=100 + slope * 1000, over=1000)
    first_order_s = 500 - slope * 500**2 / (2 * 100)
    assert shape.due(50_000) == pytest.approx(first_order_s, rel=1e-14)


def test_the_last_arrivals_of_a_ramp_to_nothing_are_due_to_the_nanosecond() -> None:
    shape = Ramp(from_=1e4, to=0, over=3600)
    remaining = 0.5
    exact_s = 3600 - math.sqrt(2 * remaining * 3600 / 1e4)
    assert shape.due(shape.total - remaining) == pytest.approx(exact_s, rel=0, abs=1e-9)
