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

Whole numbers of up to 64 bits, each column of any width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from loadgen.latency import Histogram
from loadgen.stats.rows import Kind, Row, Rows, rows_of
from loadgen.stats.slowest import SlowSample
from loadgen.stats.tally import (
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
    def of(cls, tally: Tally, *, sort: bool = False) -> Self:
        """One tally.

        Args:
            tally: the tally.
            sort: order rows by their words, so that the same words make the same rows; else by when they came first.
        """
        rows, figures, histograms = _laid_out(tally, sorted if sort else list)
        return cls(
            [rows_of(tuple(rows))],
            _whole([*figures, *[histogram.sum_us for histogram in histograms]]),
            _whole([bound for histogram in histograms for bound in (histogram.min_us, histogram.max_us)]),
            np.array([len(histogram.indices) for histogram in histograms], dtype=np.int64),
            np.concatenate([_NO_INDICES, *[histogram.indices for histogram in histograms]]),
            np.concatenate([_NO_COUNTS, *[histogram.counts for histogram in histograms]]),
            tally.samples,
            tally.slowest,
        )

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


def _laid_out(
    tally: Tally, in_order: Callable[[Iterable[Any]], list[Any]]
) -> tuple[list[Row], list[int], list[Histogram]]:
    rows: list[Row] = [(Kind.LEVELS,)]
    figures: list[int] = [tally.sent, tally.in_flight, tally.renamed]
    histograms: list[Histogram] = []
    for key in in_order(tally.series):
        series = tally.series[key]
        rows.append((Kind.SERIES, *key))
        figures.append(series.response_bytes)
        histograms += (series.service, series.since_due)
        if series.reasons:  # most have none, and two empty lists would cost as much as all the rest
            rows += [(Kind.REASON, *key, reason) for reason in in_order(series.reasons)]
            figures += [series.reasons[reason] for reason in in_order(series.reasons)]
    for stream in in_order(tally.arrivals):
        arrivals = tally.arrivals[stream]
        rows.append((Kind.ARRIVALS, stream))
        figures += (arrivals.started, arrivals.late, arrivals.dropped, arrivals.missed)
        histograms.append(arrivals.lag)
    for place in in_order(tally.steps):
        step = tally.steps[place]
        rows.append((Kind.STEP, *place))
        figures += (step.entered, step.completed)
        histograms.append(step.time)
        if step.abandoned:
            rows += [(Kind.ABANDONED, *place, reason) for reason in in_order(step.abandoned)]
            figures += [step.abandoned[reason] for reason in in_order(step.abandoned)]
    for name in in_order(tally.journeys):
        counts = tally.journeys[name]
        rows.append((Kind.JOURNEY, name))
        figures += (counts.started, counts.completed, counts.failed, counts.interrupted)
    rows += [(Kind.SHOPPERS, stream) for stream in in_order(tally.shoppers)]
    figures += [tally.shoppers[stream] for stream in in_order(tally.shoppers)]
    rows += [(Kind.COUNTER, *counter) for counter in in_order(tally.counters)]
    figures += [tally.counters[counter] for counter in in_order(tally.counters)]
    if tally.devices:
        rows += [(Kind.DEVICE, *place) for place in in_order(tally.devices)]
        figures += [tally.devices[place] for place in in_order(tally.devices)]
    return rows, figures, histograms


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
        case Kind.DEVICE:
            tally.devices[words[0], words[1], words[2], words[3]] = next(figures)


def _whole(numbers: list[int]) -> Numbers:
    """Whole numbers as 64 bits; one that does not fit becomes the nearest that does."""
    try:
        return np.array(numbers, dtype=np.int64)
    except OverflowError:
        return np.array([max(LEAST, min(number, MOST)) for number in numbers], dtype=np.int64)
