"""Apdex: samples whose answer the specification gives, and what holds for all."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.stats import StepCounts, apdex


def step(*times_s: float, **abandoned: int) -> StepCounts:
    entered = len(times_s) + sum(abandoned.values())
    times = Histogram.of(round(time_s * 1e6) for time_s in times_s)
    return StepCounts(entered, len(times_s), Counter(abandoned), times)


def test_the_example_of_the_specification() -> None:
    """100 samples with T = 3 s: 60 satisfied, 30 tolerating, 10 frustrated."""
    assert apdex(step(*[2.0] * 60, *[7.0] * 30, *[13.0] * 10), 3.0) == 0.75


@pytest.mark.parametrize(("time_s", "worth"), [(1.0, 1.0), (1.02, 0.5), (4.0, 0.5), (4.1, 0.0)])
def test_the_target_and_four_times_the_target_are_still_in_time(time_s: float, worth: float) -> None:
    assert apdex(step(time_s), 1.0) == worth


@pytest.mark.parametrize("reason", ["slow", "error"])
def test_who_left_for_slowness_or_met_an_error_is_frustrated(reason: str) -> None:
    assert apdex(step(0.1, 0.1, 0.1, **{reason: 1}), 1.0) == 0.75


def test_who_left_of_their_own_will_is_no_sample() -> None:
    assert apdex(step(0.1, will=9), 1.0) == 1.0
    assert apdex(step(will=9), 1.0) is None


def test_whom_the_generator_ended_is_no_sample() -> None:
    assert apdex(StepCounts(entered=5), 1.0) is None


@given(st.lists(st.integers(0, 10_000_000)), st.integers(0, 5), st.floats(0.001, 3600))
def test_it_is_a_share_that_rises_with_the_target(times_us: list[int], slow: int, target_s: float) -> None:
    counts = StepCounts(completed=len(times_us), abandoned=Counter(slow=slow), time=Histogram.of(times_us))
    strict, lenient = apdex(counts, target_s), apdex(counts, 2 * target_s)
    if strict is None or lenient is None:
        assert not times_us
        assert not slow
    else:
        assert 0 <= strict <= lenient <= 1
