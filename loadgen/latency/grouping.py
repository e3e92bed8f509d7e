"""Histograms of many groups of values at once: one sort for all, instead of one pass for each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from loadgen.latency.histogram import Histogram
from loadgen.latency.layout import BUCKETS, MAX_US, indices_of

Values = npt.NDArray[np.int64]


def grouped(groups: Values, values_us: Values) -> dict[int, Histogram]:
    """One histogram for each group that occurs.

    Args:
        groups: each value's group, shape (n,), not negative.
        values_us: microseconds, shape (n,); clamped to the layout's range.

    Returns:
        By group, those of :meth:`Histogram.of` for the same values.
    """
    if not groups.size:
        return {}
    order = np.argsort(groups, kind="stable")
    of, values = groups[order], np.clip(values_us[order], 0, MAX_US)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(of)) + 1])
    names = of[starts].tolist()
    sums = np.add.reduceat(values, starts).tolist()
    least = np.minimum.reduceat(values, starts).tolist()
    most = np.maximum.reduceat(values, starts).tolist()
    ranks = np.repeat(np.arange(starts.size), np.diff(np.append(starts, of.size)))
    places, counts = np.unique(ranks * BUCKETS + indices_of(values), return_counts=True)
    cuts = np.searchsorted(places, np.arange(starts.size + 1) * BUCKETS).tolist()
    buckets = (places % BUCKETS).astype(np.uint16)
    return {
        name: Histogram(buckets[cuts[n] : cuts[n + 1]], counts[cuts[n] : cuts[n + 1]], sums[n], least[n], most[n])
        for n, name in enumerate(names)
    }
