"""Latency histograms: one fixed log-linear layout, merged exactly.

``layout`` maps microseconds to buckets, ``histogram`` is the mergeable value from which quantiles are read,
``grouping`` makes many of them at once. Layer 1: no clock, no I/O.
"""

from loadgen.latency.grouping import grouped
from loadgen.latency.histogram import Histogram, LayoutMismatchError
from loadgen.latency.layout import BUCKETS, LAYOUT, index_of, value_of

__all__ = ["BUCKETS", "LAYOUT", "Histogram", "LayoutMismatchError", "grouped", "index_of", "value_of"]
