"""Latency histograms: one fixed log-linear layout, recorded in well under 100 ns, merged exactly.

``layout`` maps microseconds to buckets, ``recording`` is the mutable counter of the hot path, ``histogram`` the
mergeable value from which quantiles are read, ``grouping`` makes many of them at once. Layer 1: no clock, no I/O.
"""

from loadgen.latency.grouping import grouped
from loadgen.latency.histogram import Histogram, LayoutMismatchError
from loadgen.latency.layout import BUCKETS, LAYOUT, index_of, value_of
from loadgen.latency.recording import LatencyCounter

__all__ = ["BUCKETS", "LAYOUT", "Histogram", "LatencyCounter", "LayoutMismatchError", "grouped", "index_of", "value_of"]
