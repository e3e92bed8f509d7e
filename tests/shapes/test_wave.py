from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.shapes import Wave
from loadgen.shapes.kepler import TURN, mean_anomaly, phase_at

DAY_S = 86_400.0
HOUR_S = 3_600.0


def test_a_wave_goes_from_low_to_high_and_back_in_a_period() -> None:
    shape = Wave.model_validate({"low": "20/s", "high": "200/s", "period": "24h", "for": "24h"})
    assert shape.rate_at(0) == pytest.approx(20)
    assert shape.rate_at(6 * HOUR_S) == pytest.approx(110)
    assert shape.rate_at(12 * HOUR_S) == pytest.approx(200)
    assert shape.end_level == pytest.approx(20)
    assert shape.total == pytest.approx(110 * DAY_S)


def test_a_wave_peaks_at_the_hour_asked_for() -> None:
    shape = Wave.model_validate({"low": 20, "high": 200, "period": "24h", "for": "48h", "peak_at": "20h"})
    assert shape.rate_at(20 * HOUR_S) == shape.rate_at(44 * HOUR_S) == pytest.approx(200)
    assert shape.rate_at(8 * HOUR_S) == pytest.approx(20)
    assert shape.corners == pytest.approx([hour * HOUR_S for hour in (0, 8, 20, 32, 44, 48)])


def test_a_wave_that_ends_before_its_peak_never_reaches_high() -> None:
    assert Wave(low=0, high=100, period=100, for_=25).peak == pytest.approx(50)
    assert Wave(low=0, high=100, period=100, for_=50).peak == 100


def test_the_first_shopper_after_a_dead_night_is_due_exactly() -> None:
    shape = Wave(low=0, high=200, period=DAY_S, for_=DAY_S)
    first_s = shape.due(0.5)
    # Near the bottom the wave is a parabola: r = 200 (π t / day)², so ½ has come when 200 π² t³ / 3 day² = ½.
    parabola_s = (1.5 * DAY_S**2 / (200 * math.pi**2)) ** (1 / 3)
    assert first_s == pytest.approx(parabola_s, rel=1e-4)
    assert shape.arrivals_by(first_s) == pytest.approx(0.5, rel=1e-13)


def test_a_wave_without_height_is_a_constant() -> None:
    shape = Wave(low=5, high=5, period=60, for_=120)
    assert shape.due(300) == pytest.approx(60)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"low": 10, "high": 5, "period": 60, "for": 60}, "'high' is below 'low'"),
        ({"low": 1, "high": 5, "period": 60, "for": 60, "peak_at": 60}, "must be less than 'period'"),
        ({"low": 1, "high": 5, "period": 0.001, "for": 60}, "more than 10000 periods"),
        ({"low": 1, "high": 5, "period": 60}, "Field required"),
    ],
)
def test_a_wave_that_is_none_is_refused(body: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Wave.model_validate(body)


@given(phase=st.floats(0, TURN), flatness=st.floats(0, 1))
def test_keplers_equation_is_solved_both_ways(phase: float, flatness: float) -> None:
    mean = mean_anomaly(phase, flatness)
    solved = phase_at(mean, flatness)
    assert 0 <= solved <= TURN
    assert mean_anomaly(solved, flatness) == pytest.approx(mean, rel=1e-12, abs=1e-15)
