"""Whether times have a distribution: the test of Kolmogorov and Smirnov, in both directions.

With F the distribution and Fₙ(t) the share of n times up to t, D = sup |Fₙ(t) − F(t)|. Where the times come from F,
√n · D is above 1.628 once in a hundred times (Smirnov, Table for estimating the goodness of fit, 1948).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from statistics import NormalDist

Distribution = Callable[[float], float]
"""F: the share of times up to t."""


def distance(times: Iterable[float], cdf: Distribution) -> float:
    """D, looked at on both sides of each time, and of those that are equal once."""
    ordered = sorted(times)
    steps = [-1.0, *ordered, math.inf]
    ends = [n for n, (here, after) in enumerate(pairwise(steps)) if here != after]
    below = {n: before for before, n in pairwise(ends)}
    return max(
        max(abs(n / len(ordered) - cdf(steps[n])), abs(before / len(ordered) - _before(cdf, steps[n])))
        for n, before in below.items()
    )


def critical(times: int) -> float:
    """What D exceeds by chance once in a hundred times."""
    return 1.628 / math.sqrt(times)


def lognormal_cdf(median_s: float, sigma: float) -> Distribution:
    """Log-normal times by their median and the standard deviation of their logarithm."""
    normal = NormalDist(math.log(median_s), sigma)
    return lambda t: normal.cdf(math.log(t)) if t > 0 else 0.0


def _before(cdf: Distribution, t: float) -> float:
    """F just below t: less than F(t) where F has a step there."""
    return cdf(math.nextafter(t, -math.inf))
