"""The counter of the hot path: one shift and one increment a value.

A worker records into it, and once a second takes what it holds as a :class:`~loadgen.latency.Histogram`.
"""

from __future__ import annotations

from array import array

import numpy as np

from loadgen.latency.histogram import Histogram
from loadgen.latency.layout import BUCKETS, MAX_US


class LatencyCounter:
    """A dense, mutable histogram of one process. Not thread-safe; greenlets do not switch inside a record."""

    __slots__ = ("_counts", "_view", "count", "max_us", "min_us", "sum_us")

    def __init__(self) -> None:
        self._counts = array("I", bytes(4 * BUCKETS))
        self._view = np.frombuffer(self._counts, dtype=np.uint32)
        self.count = 0
        self.sum_us = 0
        self.max_us = 0
        self.min_us = MAX_US

    def record(self, value_us: int) -> None:
        """Count one value.

        Args:
            value_us: microseconds, a whole number; clamped to the layout's range.
        """
        if value_us < 256:
            value_us = max(value_us, 0)
            self._counts[value_us] += 1
        else:
            value_us = min(value_us, MAX_US)
            shift = value_us.bit_length() - 8
            self._counts[(shift << 7) + (value_us >> shift)] += 1
        self.count += 1
        self.sum_us += value_us
        if value_us > self.max_us:
            self.max_us = value_us
        if value_us < self.min_us:
            self.min_us = value_us

    def take(self) -> Histogram:
        """What was recorded since the last take; the counter starts again at zero."""
        indices = np.flatnonzero(self._view)
        taken = Histogram.from_pairs(
            indices.astype(np.uint16),
            self._view[indices],
            sum_us=self.sum_us,
            min_us=self.min_us if self.count else 0,
            max_us=self.max_us,
        )
        self._view[indices] = 0
        self.count = self.sum_us = self.max_us = 0
        self.min_us = MAX_US
        return taken
