"""Adding tallies up, thousands at a time, exactly.

Two ways lead from pairs of bucket and count to their sums. Where the pairs are many for the buckets they may touch,
they are added into an array of all buckets of all histograms, and those that stayed empty are passed over. Otherwise
they are sorted. Whole numbers of 64 bits are added as such while they cannot overflow, and in two halves where they
might; a sum that fits no 64 bits becomes the nearest that does. So the order makes no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from loadgen.latency import BUCKETS
from loadgen.stats.columns import LEAST, MOST, Columns, Numbers
from loadgen.stats.rows import Headline, Places, Rows, united
from loadgen.stats.slowest import SlowSample, slowest_of
from loadgen.stats.tally import SAMPLES_KEPT, ErrorSample

_LOW: Final = 2**32 - 1

_SPARSE: Final = 64
"""Sorting a pair costs as much as looking at so many empty buckets."""

_DENSE: Final = 2**24
"""Buckets in one array: 128 MiB."""

_LARGE: Final = 2**50
"""What one portion may add to a bucket unsorted: 8,000 of them stay within 64 bits."""


class Adder:
    """The sum of many tallies, which are given in portions.

    Args:
        rows: of all tallies that will come.
        pairs: how many pairs of bucket and count will come with them.
    """

    def __init__(self, rows: Iterable[Rows], pairs: int) -> None:
        self._rows, self._places = united(rows)
        buckets = self._rows.histograms * BUCKETS
        self._dense = np.zeros(buckets if buckets <= min(_SPARSE * pairs, _DENSE) else 0, dtype=np.int64)
        self._pairs: list[tuple[Places, Numbers]] = []
        self._sums: list[Numbers] = []
        self._least = np.full(self._rows.histograms, MOST)
        self._greatest = np.zeros(self._rows.histograms, dtype=np.int64)
        self._samples: list[ErrorSample] = []
        self._slowest: list[SlowSample] = []

    def add(self, columns: Columns) -> None:
        """Take a portion of the tallies."""
        places = [self._places[rows] for rows in columns.rows]
        sums_at = np.concatenate([sums for sums, _ in places])
        at = np.concatenate([histograms for _, histograms in places])
        self._sums.append(_added(sums_at, columns.sums, self._rows.sums))
        full = columns.lengths > 0
        np.minimum.at(self._least, at[full], columns.bounds[0::2][full].astype(np.int64))
        np.maximum.at(self._greatest, at, columns.bounds[1::2].astype(np.int64))
        cells = np.repeat(at * BUCKETS, columns.lengths)
        cells += columns.indices
        counts = columns.counts.astype(np.int64, copy=False)  # of other types they are added slower by far
        if self._dense.size and _largest(counts) * counts.size <= _LARGE:
            np.add.at(self._dense, cells, counts)
        else:
            self._pairs.append((cells, counts))
        room = SAMPLES_KEPT - len(self._samples)
        self._samples += columns.samples[:room]
        self._slowest = slowest_of([self._slowest, columns.slowest])

    def sum(self) -> Columns:
        """All that was taken, as one tally."""
        cells, counts = self._counted()
        starts = np.arange(self._rows.histograms + 1) * BUCKETS
        lengths = np.diff(np.searchsorted(cells, starts))
        sums_at = np.tile(np.arange(self._rows.sums), len(self._sums))
        return Columns(
            [self._rows],
            _added(sums_at, np.concatenate(self._sums), self._rows.sums),
            np.stack([np.where(lengths > 0, self._least, 0), self._greatest], axis=1).reshape(-1),
            lengths,
            (cells - np.repeat(starts[:-1], lengths)).astype(np.uint16),
            counts,
            self._samples,
            self._slowest,
        )

    def _counted(self) -> tuple[Places, Numbers]:
        """The buckets that occur, rising, each once, with the sum of its counts."""
        found = np.flatnonzero(self._dense > 0)
        if not self._pairs:
            return found, self._dense[found]
        cells = np.concatenate([found, *(at for at, _ in self._pairs)])
        counts = np.concatenate([self._dense[found], *(numbers for _, numbers in self._pairs)])
        each, places = np.unique(cells, return_inverse=True)
        return each, _added(places, counts, each.size)


def added_up(parts: Sequence[Columns]) -> Columns:
    """The sum of some tallies, as one."""
    adder = Adder((rows for part in parts for rows in part.rows), sum(part.indices.size for part in parts))
    for part in parts:
        adder.add(part)
    return adder.sum()


def headlines(columns: Columns) -> list[Headline]:
    """Of each tally, what is kept of its worker."""
    tallies = np.arange(len(columns.rows))
    full, values = columns.lengths > 0, np.zeros(columns.lengths.size, dtype=np.int64)
    if full.any():
        starts = np.cumsum(columns.lengths) - columns.lengths
        values[full] = np.add.reduceat(columns.counts, starts[full], dtype=np.int64)
    service = np.concatenate([rows.is_service for rows in columns.rows])
    of_histograms = np.repeat(tallies, [rows.histograms for rows in columns.rows])
    fields = np.concatenate([rows.headlines for rows in columns.rows])
    kept = np.flatnonzero(fields >= 0)
    of_sums = np.repeat(tallies, [rows.sums for rows in columns.rows])
    width = len(Headline._fields)
    table = _added(of_sums[kept] * width + fields[kept], columns.sums[kept], tallies.size * width)
    table[::width] = _added(of_histograms[service], values[service], tallies.size)
    return [Headline(*line) for line in table.reshape(-1, width).tolist()]


def _added(at: Places, numbers: npt.NDArray[Any], size: int) -> Numbers:
    if _largest(numbers) * numbers.size <= MOST:
        return _sums(at, numbers, size)
    low, high = _sums(at, numbers & _LOW, size), _sums(at, numbers >> 32, size)
    high += low >> 32
    fitting = (high << 32) | (low & _LOW)
    return np.where(high > MOST >> 32, MOST, np.where(high < LEAST >> 32, LEAST, fitting))


def _sums(at: Places, numbers: npt.NDArray[Any], size: int) -> Numbers:
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, at, numbers.astype(np.int64))
    return sums


def _largest(numbers: npt.NDArray[Any]) -> int:
    return max(int(numbers.max()), -int(numbers.min())) if numbers.size else 0
