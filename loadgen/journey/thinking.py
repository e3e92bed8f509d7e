"""Think times: how long a shopper looks at a page before it does the next thing.

A think time draws seconds from a random generator. ``think = uniform(1, 3)`` on a journey sets it;
``self.think_time()`` sleeps it.

=================================  ==========================================================
constant(2)                        always 2 s
uniform(1, 3)                      anything from 1 s to 3 s, all alike
exponential(2)                     2 s in the mean, memoryless: many short, few long
lognormal(2, sigma=0.8)            2 s in the median, a long tail: closest to how people read
=================================  ==========================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

MAX_THINK_S: Final = 600.0
"""The tails of exponential and lognormal times are cut here: who is away for ten minutes starts a new visit."""


@dataclass(frozen=True, slots=True)
class Think:
    """A distribution of think times.

    Attributes:
        draw: draws one time, seconds.
    """

    draw: Callable[[Random], float]


def constant(seconds: float) -> Think:
    """Always the same time."""
    _refuse_negative(seconds)
    return Think(lambda _: seconds)


def uniform(low_s: float, high_s: float) -> Think:
    """Any time from ``low_s`` to ``high_s`` seconds, all alike.

    Raises:
        ValueError: a bound is negative, or they are in the wrong order.
    """
    _refuse_negative(low_s, high_s)
    if low_s > high_s:
        raise ValueError("a think time's lower bound cannot be above its upper bound")
    return Think(lambda rng: rng.uniform(low_s, high_s))


def exponential(mean_s: float) -> Think:
    """Exponential times with this mean, seconds."""
    _refuse_negative(mean_s)
    if not mean_s:
        return constant(0)
    return Think(lambda rng: min(rng.expovariate(1 / mean_s), MAX_THINK_S))


def lognormal(median_s: float, sigma: float = 0.8) -> Think:
    """Log-normal times.

    Args:
        median_s: half of the times are shorter, seconds.
        sigma: standard deviation of the logarithm; 0.8 makes the mean 1.4 times the median.
    """
    _refuse_negative(median_s, sigma)
    if not median_s:
        return constant(0)
    mu = math.log(median_s)
    return Think(lambda rng: min(rng.lognormvariate(mu, sigma), MAX_THINK_S))


def _refuse_negative(*numbers: float) -> None:
    if any(not math.isfinite(number) or number < 0 for number in numbers):
        raise ValueError("a think time is a number of seconds, 0 or more")
