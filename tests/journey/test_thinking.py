"""Think times have the distribution they are called after."""

from __future__ import annotations

from random import Random
from statistics import fmean, median
from typing import Any

import pytest

from loadgen.journey import constant, exponential, lognormal, uniform
from loadgen.journey.thinking import MAX_THINK_S, Think


def times(think: Think, n: int = 20_000) -> list[float]:
    rng = Random(7)
    return [think.draw(rng) for _ in range(n)]


def test_a_constant_time_is_always_the_same() -> None:
    assert set(times(constant(2), 10)) == {2}


def test_a_uniform_time_fills_its_range() -> None:
    drawn = times(uniform(1, 3))
    assert 1 <= min(drawn) < 1.01
    assert 2.99 < max(drawn) <= 3
    assert fmean(drawn) == pytest.approx(2, rel=0.02)


def test_an_exponential_time_has_its_mean() -> None:
    assert fmean(times(exponential(2))) == pytest.approx(2, rel=0.05)


def test_a_lognormal_time_has_its_median_and_a_longer_mean() -> None:
    drawn = times(lognormal(2, sigma=0.8))
    assert median(drawn) == pytest.approx(2, rel=0.05)
    assert fmean(drawn) == pytest.approx(2.75, rel=0.05)


@pytest.mark.parametrize("think", [exponential(0), lognormal(0), constant(0), uniform(0, 0)])
def test_no_time_is_possible(think: Think) -> None:
    assert set(times(think, 10)) == {0}


def test_a_long_tail_is_cut() -> None:
    assert max(times(exponential(10_000), 100)) == MAX_THINK_S


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (constant, (-1,)),
        (uniform, (3, 1)),
        (uniform, (-1, 1)),
        (exponential, (float("nan"),)),
        (lognormal, (float("inf"),)),
    ],
)
def test_absurd_times_are_refused(make: Any, arguments: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="think time"):
        make(*arguments)
