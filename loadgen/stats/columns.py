"""Tallies as columns of bare numbers: how thousands of them are added up at once.

A numeric library costs by the call and hardly by the number. So a tally is laid out as rows (:mod:`loadgen.stats.rows`)
and six columns; many tallies are laid one after the other in the same columns, and a second of a whole cluster is added
up in some twenty calls, however many workers it has::

    rows      one list for each tally, shared by all that count the same things
    sums      figures of its rows, then the sum of each histogram in µs        rows.sums for each tally
    bounds    least, greatest of each histogram in µs; 0, 0 when empty          2 · rows.histograms
    lengths   buckets that each histogram touches                               rows.histograms
    indices   those buckets, rising within each histogram                       sum of the lengths
    counts    their counts, all above 0                                         the same

Adding is exact and does not depend on the order. A sum that fits no 64 bits becomes the nearest that does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from loadgen.latency import BUCKETS, Histogram
from loadgen.stats.rows import Headline, Kind, Places, Row, Rows, rows_of, united
from loadgen.stats.slowest import SlowSample, slowest_of
from loadgen.stats.tally import (
    SAMPLES_KEPT,
    ArrivalCounts,
    ErrorSample,
    JourneyCounts,
    Series,
    SeriesKey,
    StepCounts,
    Tally,
)

Numbers = npt.NDArray[np.int64]

MOST: Final = 2**63 - 1
LEAST: Final = -(2**63)

_LOW: Final = 2**32 - 1

_SPARSE: Final = 64
"""Sorting a pair costs as much as looking at so many empty buckets."""

_DENSE: Final = 2**24
"""Buckets looked at in one piece: 128 MiB."""


@dataclass(slots=True)
class Columns:
    """Some tallies, one after the other. The columns are as in the drawing above; samples are of all of them."""

    rows: list[Rows]
    sums: Numbers
    bounds: Numbers
    lengths: Numbers
    indices: npt.NDArray[np.uint16]
    counts: Numbers
    samples: list[ErrorSample]
    slowest: list[SlowSample]

    @classmethod
    def of(cls, tally: Tally) -> Self:
        """One tally; rows of a kind are in the order of their words, so that equal tallies have equal columns."""
        rows: list[Row] = []
        figures: list[int] = []
        histograms: list[Histogram] = []
        for row, amounts, distributions in _laid_out(tally):
            rows.append(row)
            figures += amounts
            histograms += distributions
        return cls(
            [rows_of(tuple(rows))],
            _whole([*figures, *(histogram.sum_us for histogram in histograms)]),
            _whole([bound for histogram in histograms for bound in (histogram.min_us, histogram.max_us)]),
            np.array([histogram.indices.size for histogram in histograms], dtype=np.int64),
            np.concatenate([histogram.indices for histogram in histograms] or [_NO_INDICES]),
            np.concatenate([histogram.counts for histogram in histograms] or [_NO_COUNTS]),
            tally.samples,
            tally.slowest,
        )

    @classmethod
    def joined(cls, parts: Sequence[Columns]) -> Self:
        """The tallies of all parts, one after the other."""
        return cls(
            [rows for part in parts for rows in part.rows],
            np.concatenate([part.sums for part in parts]),
            np.concatenate([part.bounds for part in parts]),
            np.concatenate([part.lengths for part in parts]),
            np.concatenate([part.indices for part in parts]),
            np.concatenate([part.counts for part in parts]),
            [sample for part in parts for sample in part.samples],
            [sample for part in parts for sample in part.slowest],
        )

    def added_up(self) -> Columns:
        """The sum of all tallies, as one."""
        whole, places = united(self.rows)
        sums_at = np.concatenate([places[rows][0] for rows in self.rows])
        at = np.concatenate([places[rows][1] for rows in self.rows])
        full = self.lengths > 0
        least, greatest = np.full(whole.histograms, MOST), np.zeros(whole.histograms, dtype=np.int64)
        np.minimum.at(least, at[full], self.bounds[0::2][full].astype(np.int64))
        np.maximum.at(greatest, at, self.bounds[1::2].astype(np.int64))
        of_pairs = np.repeat(at * BUCKETS, self.lengths)
        of_pairs += self.indices
        cells, counts = _counted(of_pairs, self.counts, whole.histograms * BUCKETS)
        lengths = np.bincount(cells // BUCKETS, minlength=whole.histograms)
        least[lengths == 0] = 0
        return Columns(
            [whole],
            _added(sums_at, self.sums, whole.sums),
            np.stack([least, greatest], axis=1).reshape(-1),
            lengths,
            (cells % BUCKETS).astype(np.uint16),
            counts,
            self.samples[:SAMPLES_KEPT],
            slowest_of([self.slowest]),
        )

    def headlines(self) -> list[Headline]:
        """Of each tally, what is kept of its worker."""
        tallies = np.arange(len(self.rows))
        full, values = self.lengths > 0, np.zeros(self.lengths.size, dtype=np.int64)
        if full.any():
            starts = np.cumsum(self.lengths) - self.lengths
            values[full] = np.add.reduceat(self.counts, starts[full], dtype=np.int64)
        service = np.concatenate([rows.is_service for rows in self.rows])
        of_histograms = np.repeat(tallies, [rows.histograms for rows in self.rows])
        fields = np.concatenate([rows.headlines for rows in self.rows])
        kept = np.flatnonzero(fields >= 0)
        of_sums = np.repeat(tallies, [rows.sums for rows in self.rows])
        width = len(Headline._fields)
        table = _added(of_sums[kept] * width + fields[kept], self.sums[kept], tallies.size * width)
        table[::width] = _added(of_histograms[service], values[service], tallies.size)
        return [Headline(*line) for line in table.reshape(-1, width).tolist()]

    def tally(self) -> Tally:
        """The one tally that these columns hold."""
        (rows,) = self.rows
        tally = Tally(samples=list(self.samples), slowest=list(self.slowest))
        figures, histograms = iter(self.sums[: rows.figures].tolist()), self._histograms(rows)
        for kind, *words in rows.rows:
            _enter(tally, kind, words, figures, histograms)
        return tally

    def _histograms(self, rows: Rows) -> Iterator[Histogram]:
        counts = self.counts.astype(np.int64)
        sums, bounds = self.sums[rows.figures :].tolist(), iter(self.bounds.tolist())
        start = 0
        for length, total in zip(self.lengths.tolist(), sums, strict=True):
            end = start + length
            yield Histogram(self.indices[start:end], counts[start:end], total, next(bounds), next(bounds))
            start = end


_NO_INDICES: Final = np.empty(0, dtype=np.uint16)
_NO_COUNTS: Final = np.empty(0, dtype=np.int64)


def _laid_out(tally: Tally) -> Iterator[tuple[Row, Sequence[int], Sequence[Histogram]]]:
    yield (Kind.LEVELS,), (tally.sent, tally.in_flight, tally.renamed), ()
    for key in sorted(tally.series):
        series = tally.series[key]
        yield (Kind.SERIES, *key), (series.response_bytes,), (series.service, series.since_due)
        for reason in sorted(series.reasons):
            yield (Kind.REASON, *key, reason), (series.reasons[reason],), ()
    for stream in sorted(tally.arrivals):
        of = tally.arrivals[stream]
        yield (Kind.ARRIVALS, stream), (of.started, of.late, of.dropped, of.missed), (of.lag,)
    for stream in sorted(tally.shoppers):
        yield (Kind.SHOPPERS, stream), (tally.shoppers[stream],), ()
    for place in sorted(tally.steps):
        step = tally.steps[place]
        yield (Kind.STEP, *place), (step.entered, step.completed), (step.time,)
        for reason in sorted(step.abandoned):
            yield (Kind.ABANDONED, *place, reason), (step.abandoned[reason],), ()
    for name in sorted(tally.journeys):
        counts = tally.journeys[name]
        yield (Kind.JOURNEY, name), (counts.started, counts.completed, counts.failed, counts.interrupted), ()
    for counter in sorted(tally.counters):
        yield (Kind.COUNTER, *counter), (tally.counters[counter],), ()


def _enter(tally: Tally, kind: int, words: list[Any], figures: Iterator[int], histograms: Iterator[Histogram]) -> None:
    """Put a row with its numbers back into a tally."""
    match kind:
        case Kind.LEVELS:
            tally.sent, tally.in_flight, tally.renamed = next(figures), next(figures), next(figures)
        case Kind.SERIES:
            series = tally.series.setdefault(SeriesKey(*words), Series())
            series.service, series.since_due = next(histograms), next(histograms)
            series.response_bytes = next(figures)
        case Kind.REASON:
            *key, reason = words
            tally.series.setdefault(SeriesKey(*key), Series()).reasons[reason] = next(figures)
        case Kind.ARRIVALS:
            tally.arrivals[words[0]] = ArrivalCounts(
                next(figures), next(figures), next(figures), next(figures), next(histograms)
            )
        case Kind.SHOPPERS:
            tally.shoppers[words[0]] = next(figures)
        case Kind.STEP:
            step = tally.steps.setdefault((words[0], words[1]), StepCounts())
            step.entered, step.completed, step.time = next(figures), next(figures), next(histograms)
        case Kind.ABANDONED:
            tally.steps.setdefault((words[0], words[1]), StepCounts()).abandoned[words[2]] = next(figures)
        case Kind.JOURNEY:
            tally.journeys[words[0]] = JourneyCounts(next(figures), next(figures), next(figures), next(figures))
        case Kind.COUNTER:
            tally.counters[words[0], words[1]] = next(figures)


def _whole(numbers: list[int]) -> Numbers:
    """Whole numbers as 64 bits; one that does not fit becomes the nearest that does."""
    try:
        return np.array(numbers, dtype=np.int64)
    except OverflowError:
        return np.array([max(LEAST, min(number, MOST)) for number in numbers], dtype=np.int64)


def _added(at: Places, numbers: npt.NDArray[Any], size: int) -> Numbers:
    """Sums by place, exact; where 64 bits might not hold them, in two halves."""
    largest = max(int(numbers.max()), -int(numbers.min())) if numbers.size else 0
    if largest * numbers.size <= MOST:
        return _sums(at, numbers, size)
    low, high = _sums(at, numbers & _LOW, size), _sums(at, numbers >> 32, size)
    high += low >> 32
    fitting = (high << 32) | (low & _LOW)
    return np.where(high > MOST >> 32, MOST, np.where(high < LEAST >> 32, LEAST, fitting))


def _sums(at: Places, numbers: npt.NDArray[Any], size: int) -> Numbers:
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, at, numbers.astype(np.int64))  # of other types it is slower by far
    return sums


def _counted(cells: Places, counts: npt.NDArray[Any], size: int) -> tuple[Places, Numbers]:
    """The cells that occur, rising, each once, with the sum of its counts."""
    if size <= min(_SPARSE * cells.size, _DENSE):
        dense = _added(cells, counts, size)
        found = np.flatnonzero(dense > 0)
        return found, dense[found]
    found, places = np.unique(cells, return_inverse=True)
    return found, _added(places, counts, found.size)
