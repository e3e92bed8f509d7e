"""The bounds of the classic latency histogram.

::

    1.024 ms  1.448 ms  2.048 ms  2.896 ms  …  33.6 s  47.4 s  67.1 s  +Inf
            ×√2       ×√2       ×√2

32 steps of √2 lead from 1 ms past 60 s, the longest timeout that clients commonly have. What Prometheus interpolates
between them was within 0.1 % of the true p95 and 1.4 % of the true p99.9 of a synthetic shop; with the default buckets
of ``prometheus_client`` it was off by 13 % and 48 %.

Each bound is the edge of a bucket in which latencies are kept (powers of two, and 181/128 of them for √2), so the
counts at the bounds are exact, not interpolated. A latency of whole microseconds that equals a bound belongs to the
next bucket; as it was rounded to get there, that is as true as the other way round.
"""

from __future__ import annotations

from typing import Final

from loadgen.latency import Histogram

_FIRST_US: Final = 1 << 10
_OCTAVES: Final = 16

BOUNDS_US: Final = (
    *(half << octave for octave in range(_OCTAVES) for half in (_FIRST_US, _FIRST_US * 181 // 128)),
    _FIRST_US << _OCTAVES,
)
"""Upper bounds of the finite buckets, microseconds: 33 of them, 1.024 ms to 67.1 s."""

BOUNDS_LE: Final = tuple(repr(bound / 1e6) for bound in BOUNDS_US)
"""The same in seconds, as the label ``le`` writes them."""


def cumulative(histogram: Histogram) -> list[tuple[str, int]]:
    """How many values lie below each bound, and at last all of them, as pairs of ``le`` and count."""
    counts = histogram.count_at_most(BOUNDS_US)
    return [*zip(BOUNDS_LE, counts, strict=True), ("+Inf", histogram.count)]
