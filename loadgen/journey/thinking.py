"""Think times: how long a shopper looks at a page before it does the next thing.

A think time draws seconds from a random generator. ``think = uniform(1, 3)`` on a journey sets it, a state of a flow
may have its own, and ``self.think_time()`` sleeps it. Whoever draws is seeded, so the same seed gives the same times.

=====================================  ================================================================
constant(2)                            always 2 s
uniform(1, 3)                          anything from 1 s to 3 s, all alike
exponential()                          TPC-W's: 7 s in the mean, memoryless, and never more than 70 s
lognormal(2, sigma=0.8)                2 s in the median, a long tail: closest to how people read
lognormal(2, p95_s=9)                  the same by what was measured: half within 2 s, 95 % within 9 s
lognormal(mean_s=3, p95_s=9)           by mean and 95th percentile
observed([1.2, 8.0, 3.1])              one of the times that somebody measured
observed("think.csv")                  the same from a file, one time in each line, beside the journey
=====================================  ================================================================
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import NormalDist, fmean
from typing import Final

MAX_THINK_S: Final = 600.0
"""The tails of exponential and log-normal times are cut here: who is away for ten minutes starts a new visit."""

TPCW_MEAN_S: Final = 7.0
TPCW_CUT: Final = 10
"""TPC-W 1.8, clause 5.3.1.1: exponential think times with a mean of 7 s at least, cut at ten times the mean."""

USUAL_SIGMA: Final = 0.8
"""Makes the mean 1.4 times the median, and the 95th percentile 3.7 times."""

_Z95: Final = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True, slots=True)
class Think:
    """A distribution of think times.

    Attributes:
        draw: draws one time, seconds.
        words: how its author would call it.
        mean_s: its mean, seconds; what is cut off a tail is left out of account.
    """

    draw: Callable[[Random], float]
    words: str = ""
    mean_s: float = 0.0


def constant(seconds: float) -> Think:
    """Always the same time."""
    _refuse_negative(seconds)
    return Think(lambda _: seconds, f"constant({seconds:g})", seconds)


def uniform(low_s: float, high_s: float) -> Think:
    """Any time from ``low_s`` to ``high_s`` seconds, all alike.

    Raises:
        ValueError: a bound is negative, or they are in the wrong order.
    """
    _refuse_negative(low_s, high_s)
    if low_s > high_s:
        raise ValueError("a think time's lower bound cannot be above its upper bound")
    return Think(lambda rng: rng.uniform(low_s, high_s), f"uniform({low_s:g}, {high_s:g})", (low_s + high_s) / 2)


def exponential(mean_s: float = TPCW_MEAN_S) -> Think:
    """Exponential times, cut at ten times their mean as in TPC-W.

    Args:
        mean_s: their mean, seconds.
    """
    _refuse_negative(mean_s)
    if not mean_s:
        return constant(0)
    rate, longest_s = 1 / mean_s, min(TPCW_CUT * mean_s, MAX_THINK_S)
    return Think(lambda rng: min(rng.expovariate(rate), longest_s), f"exponential({mean_s:g})", mean_s)


def lognormal(
    median_s: float | None = None,
    sigma: float | None = None,
    *,
    mean_s: float | None = None,
    p95_s: float | None = None,
) -> Think:
    """Log-normal times, by their median or their mean, and by their spread.

    Args:
        median_s: half of the times are shorter, seconds.
        sigma: standard deviation of the logarithm; :data:`USUAL_SIGMA` if nothing is said.
        mean_s: instead of the median, seconds.
        p95_s: instead of sigma: 95 % of the times are shorter, seconds.

    Raises:
        ValueError: not one of median and mean, both sigma and p95, or figures that no such distribution has.
    """
    if (median_s is None) == (mean_s is None) or (sigma is not None and p95_s is not None):
        raise ValueError("a log-normal time has a median or a mean, and a sigma or a 95th percentile")
    middle_s = median_s if median_s is not None else mean_s or 0.0
    _refuse_negative(middle_s, sigma or 0.0, p95_s or 0.0)
    if not middle_s:
        return constant(0)
    if sigma is None:
        sigma = USUAL_SIGMA if p95_s is None else _sigma(middle_s, p95_s, of_mean=median_s is None)
    mu = math.log(middle_s) - (sigma**2 / 2 if median_s is None else 0.0)
    words = f"lognormal({math.exp(mu):.3g}, sigma={sigma:.3g})"
    return Think(lambda rng: min(rng.lognormvariate(mu, sigma), MAX_THINK_S), words, math.exp(mu + sigma**2 / 2))


def observed(times: Iterable[float] | str | Path) -> Think:
    """One of the times that were measured, all alike.

    Args:
        times: seconds; or a file with one number in each line, relative to the file of whoever calls this. Lines
            that begin with ``#``, and a heading, are passed over.

    Raises:
        ValueError: there are no times, or one of them is none.
        OSError: the file cannot be read.
    """
    if isinstance(times, (str, Path)):
        path = Path(sys._getframe(1).f_code.co_filename).parent / times  # noqa: SLF001 - a journey's data lie beside it
        known = _read(path)
        words = f"observed({path.name}: {len(known)} times)"
    else:
        known = [float(time_s) for time_s in times]
        words = f"observed({len(known)} times)"
    if not known:
        raise ValueError("there are no think times to draw from")
    _refuse_negative(*known)
    return Think(lambda rng: rng.choice(known), words, fmean(known))


def _read(path: Path) -> list[float]:
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            found.append(float(text))
        except ValueError:
            if found or number > 1:
                raise ValueError(f"{path.name}:{number}: expected a number of seconds; got '{text[:40]}'") from None
    return found


def _sigma(middle_s: float, p95_s: float, *, of_mean: bool) -> float:
    """The spread that puts 95 % below ``p95_s``.

    With z = 1.645: median · exp(z·σ) = p95; or mean · exp(z·σ − σ²/2) = p95, whose smaller solution is meant.
    """
    if p95_s <= middle_s:
        raise ValueError("95 % of the times are below a time that is longer than their median or mean")
    ratio = math.log(p95_s / middle_s)
    if not of_mean:
        return ratio / _Z95
    if 2 * ratio > _Z95**2:
        raise ValueError(f"of no log-normal time the 95th percentile is more than {math.exp(_Z95**2 / 2):.2f} means")
    return _Z95 - math.sqrt(_Z95**2 - 2 * ratio)


def _refuse_negative(*numbers: float) -> None:
    if any(not math.isfinite(number) or number < 0 for number in numbers):
        raise ValueError("a think time is a number of seconds, 0 or more")
