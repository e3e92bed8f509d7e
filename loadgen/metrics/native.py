"""The native histogram of a latency histogram.

A native histogram has buckets without end, of which only those that hold something are named. At schema s bucket i
holds the values in (b^(i-1), b^i] seconds with b = 2^(2^-s)::

    schema   b       buckets from 10 ms to 10 s   a quantile, read within a bucket, is off by at most
      3     1.0905               80                9.1 %
      4     1.0443              160                4.4 %
      5     1.0219              319                2.2 %
      6     1.0109              638                1.1 %      ◀── ours

What PromQL makes of a quantile lies in the bucket in which the nearest-rank value lies, as both look for the first
bucket with so many values at or below it. So at schema 6 it is within 1.1 % of the run's own, whatever the
distribution, and with the exact minimum and maximum that bound the latter within 1.5 %. A coarser one would be within
that for smooth distributions only.

Latencies are kept in buckets of their own (:mod:`loadgen.latency.layout`), at most 0.78 % wide. Each goes as a whole
to the native bucket in which its mid-point lies: no value is lost, none is counted twice, no bucket ever falls, and a
value is counted one bucket beside its own only if it is within 0.4 % of the bound between them (below 0.1 ms, half a
microsecond). What is below half a microsecond is in the zero bucket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from loadgen.latency import Histogram
from loadgen.latency.layout import MIDPOINTS_US

SCHEMA: Final = 6

ZERO_THRESHOLD_S: Final = 2.0**-20
"""0.95 µs, a bound of a bucket: what is at most that long was rounded to 0 µs."""

GAP_MOST: Final = 2
"""So many empty buckets between two full ones are named too: that is shorter than a new span."""

_PER_OCTAVE: Final = 1 << SCHEMA


def _native_of_ours() -> npt.NDArray[np.int64]:
    seconds = np.maximum(MIDPOINTS_US, ZERO_THRESHOLD_S * 1e6) / 1e6  # bucket 0 is never looked up
    indices: npt.NDArray[np.int64] = np.ceil(np.log2(seconds) * _PER_OCTAVE).astype(np.int64)
    return indices


_INDICES: Final = _native_of_ours()
"""The native bucket of each of ours."""


@dataclass(frozen=True, slots=True)
class NativeHistogram:
    """A native histogram of :data:`SCHEMA`, as the formats write it; values are never negative.

    Attributes:
        zero_count: values in the zero bucket.
        spans: runs of named buckets: how many are skipped since the one before (first: the index), and how many it has.
        deltas: counts of the named buckets, each as its difference from the one before.
    """

    zero_count: int
    spans: list[tuple[int, int]]
    deltas: list[int]


def native(times: Histogram) -> NativeHistogram:
    """The native histogram of some latencies."""
    zeros = int(times.indices.size > 0 and times.indices[0] == 0)
    zero_count = int(times.counts[0]) if zeros else 0
    if times.indices.size == zeros:
        return NativeHistogram(zero_count, [], [])
    of_ours = _INDICES[times.indices[zeros:]]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(of_ours)) + 1])
    at, counts = of_ours[starts], np.add.reduceat(times.counts[zeros:], starts)
    firsts = np.concatenate([[0], np.flatnonzero(np.diff(at) > GAP_MOST + 1) + 1])
    lows, highs = at[firsts], np.append(at[firsts[1:] - 1], at[-1]) + 1
    lengths = highs - lows
    skipped = np.concatenate([lows[:1], lows[1:] - highs[:-1]])
    named = np.zeros(int(lengths.sum()), dtype=np.int64)
    of_span = np.repeat(np.arange(firsts.size), np.diff(np.append(firsts, at.size)))
    named[at - lows[of_span] + (np.cumsum(lengths) - lengths)[of_span]] = counts
    deltas = np.diff(named, prepend=0)
    return NativeHistogram(zero_count, list(zip(skipped.tolist(), lengths.tolist(), strict=True)), deltas.tolist())
