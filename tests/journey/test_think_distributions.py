"""Think times have the distribution they are called after: in 20,000 draws Kolmogorov and Smirnov see no other."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import pytest
from kolmogorov import critical, distance, lognormal_cdf

from loadgen.journey import constant, exponential, lognormal, observed, uniform
from loadgen.journey.dice import Dice
from loadgen.journey.thinking import TPCW_MEAN_S, Think

DRAWS = 20_000
CRITICAL = critical(DRAWS)

TIMES = [0.5, 1, 1, 2, 4, 8, 8, 8, 30]


def draws(think: Think, n: int = DRAWS) -> list[float]:
    dice = Dice("think times")
    return [think.draw(dice) for _ in range(n)]


CASES: dict[str, tuple[Think, Callable[[float], float]]] = {
    "constant": (constant(2), lambda t: float(t >= 2)),
    "uniform": (uniform(1, 3), lambda t: (t - 1) / 2),
    "exponential": (exponential(2), lambda t: 1 - math.exp(-t / 2)),
    "TPC-W": (exponential(), lambda t: 1.0 if t >= 70 else 1 - math.exp(-t / 7)),
    "lognormal by sigma": (lognormal(2, sigma=0.8), lognormal_cdf(2, 0.8)),
    "lognormal by p95": (lognormal(2, p95_s=9), lognormal_cdf(2, math.log(4.5) / 1.6448536)),
    "observed": (observed(TIMES), lambda t: bisect_right(sorted(TIMES), t) / len(TIMES)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_think_time_has_the_distribution_that_it_is_called_after(name: str) -> None:
    think, cdf = CASES[name]
    assert distance(draws(think), cdf) < CRITICAL


@pytest.mark.parametrize("name", CASES)
def test_the_mean_that_a_think_time_tells_is_that_of_its_draws(name: str) -> None:
    think, _ = CASES[name]
    assert fmean(draws(think)) == pytest.approx(think.mean_s, rel=0.03)


def test_the_test_itself_tells_apart_what_differs_by_a_fifteenth() -> None:
    assert distance(draws(exponential(2.13)), lambda t: 1 - math.exp(-t / 2)) > CRITICAL


def test_tpc_w_times_are_cut_at_ten_means() -> None:
    drawn = draws(exponential(), 200_000)
    assert max(drawn) == 10 * TPCW_MEAN_S == 70


def test_mean_and_95th_percentile_make_a_lognormal_time() -> None:
    drawn = sorted(draws(lognormal(mean_s=3, p95_s=9)))
    assert fmean(drawn) == pytest.approx(3, rel=0.03)
    assert drawn[DRAWS * 95 // 100] == pytest.approx(9, rel=0.05)


def test_times_come_from_a_file_beside_the_journey(tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text("seconds\n# of last May\n1.5\n\n2.5\n", encoding="utf-8")
    journey = tmp_path / "reader.py"
    source = "from loadgen.journey import observed\nthink = observed('times.csv')\n"
    space: dict[str, Think] = {}
    exec(compile(source, journey, "exec"), space)  # noqa: S102 - as a journey file is imported
    assert set(draws(space["think"], 50)) == {1.5, 2.5}
    assert space["think"].words == "observed(times.csv: 2 times)"


def test_a_line_that_is_no_time_is_named(tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text("1.5\nquick\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"times.csv:2: expected a number of seconds; got 'quick'"):
        observed(tmp_path / "times.csv")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lognormal, "a median or a mean"),
        (lambda: lognormal(2, mean_s=3), "a median or a mean"),
        (lambda: lognormal(2, 0.5, p95_s=3), "a sigma or a 95th"),
        (lambda: lognormal(2, p95_s=2), "longer than"),
        (lambda: lognormal(mean_s=2, p95_s=8), "3.87 means"),
        (lambda: observed([]), "no think times"),
        (lambda: observed([1, -1]), "0 or more"),
        (lambda: exponential(-1), "0 or more"),
    ],
)
def test_times_that_cannot_be_are_refused(make: Callable[[], Think], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()
