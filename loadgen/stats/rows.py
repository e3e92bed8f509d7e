"""What a tally has rows for: the headings of its numbers.

A tally as columns (:mod:`loadgen.stats.columns`) is a list of rows and, beside it, bare numbers in their order. A row
is a tuple: its kind, and what is counted in it. How many figures and histograms follow is a matter of the kind alone:

=========  ==================================  =======================================  =====================
kind       and then                            figures                                  histograms
=========  ==================================  =======================================  =====================
LEVELS                                         sent, in_flight, renamed
SERIES     journey, step, name, method,        response_bytes                           service, since_due
           result
REASON     …the same, reason                   failures
ARRIVALS   stream                              started, late, dropped, missed           lag
SHOPPERS   stream                              active
STEP       journey, step                       entered, completed                       time
ABANDONED  journey, step, reason               shoppers
JOURNEY    journey                             started, completed, failed, interrupted
COUNTER    journey, name                       amount (may be below 0)
DEVICE     journey, device, step, what         amount (may be below 0)
=========  ==================================  =======================================  =====================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Row = tuple[Any, ...]
"""A :class:`Kind` and the words (of streams: the index) that tell this row from others of its kind."""

Places = npt.NDArray[np.int64]


class Kind:
    """Kinds of rows. The numbers travel; bare ones, for an enumeration's are slow to look up."""

    LEVELS: Final = 0
    SERIES: Final = 1
    REASON: Final = 2
    ARRIVALS: Final = 3
    SHOPPERS: Final = 4
    STEP: Final = 5
    ABANDONED: Final = 6
    JOURNEY: Final = 7
    COUNTER: Final = 8
    DEVICE: Final = 9


class Form(NamedTuple):
    """What a row of one kind holds.

    Attributes:
        words: parts of the row after its kind.
        figures: whole numbers that add up.
        histograms: distributions.
    """

    words: int
    figures: int
    histograms: int


FORMS: Final[Mapping[int, Form]] = {
    Kind.LEVELS: Form(0, 3, 0),
    Kind.SERIES: Form(5, 1, 2),
    Kind.REASON: Form(6, 1, 0),
    Kind.ARRIVALS: Form(1, 4, 1),
    Kind.SHOPPERS: Form(1, 1, 0),
    Kind.STEP: Form(2, 2, 1),
    Kind.ABANDONED: Form(3, 1, 0),
    Kind.JOURNEY: Form(1, 4, 0),
    Kind.COUNTER: Form(2, 1, 0),
    Kind.DEVICE: Form(4, 1, 0),
}
"""By kind, in their order."""

OF_STREAMS: Final = frozenset((Kind.ARRIVALS, Kind.SHOPPERS))
"""Kinds whose rows are told apart by a number: the index of the plan's stream."""


class Headline(NamedTuple):
    """What is kept of each worker: counts of one tally over all its rows."""

    requests: int
    sent: int
    in_flight: int
    started: int
    late: int
    dropped: int
    missed: int


_HEADLINES: Final = {
    kind: tuple(Headline._fields.index(name) if name else -1 for name in names)
    for kind, names in {
        Kind.LEVELS: ("sent", "in_flight", ""),
        Kind.ARRIVALS: ("started", "late", "dropped", "missed"),
    }.items()
}
"""For each figure of a kind its headline; the requests are no figure, but the values of histograms."""


class Rows:
    """The rows of one tally, and where their numbers stand.

    Args:
        rows: each once.

    Attributes:
        rows: in the order of the numbers.
        histograms: how many there are.
        figures: how many figures there are; the sums of the histograms follow them in the same column.
    """

    def __init__(self, rows: tuple[Row, ...]) -> None:
        forms = [FORMS[row[0]] for row in rows]
        self.rows = rows
        self.figures = sum(form.figures for form in forms)
        self.histograms = sum(form.histograms for form in forms)
        self._hash = hash(rows)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Rows) and self.rows == other.rows)

    def __hash__(self) -> int:
        return self._hash

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sums(self) -> int:
        """Length of the column of sums: the figures, and a sum for each histogram."""
        return self.figures + self.histograms

    @cached_property
    def kinds(self) -> Places:
        """Kind of each row."""
        return np.array([row[0] for row in self.rows], dtype=np.int64)

    @cached_property
    def of_figures(self) -> Places:
        """For each figure, its row."""
        return np.repeat(np.arange(len(self.rows)), _FIGURES[self.kinds])

    @cached_property
    def of_histograms(self) -> Places:
        """For each histogram, its row."""
        return np.repeat(np.arange(len(self.rows)), _HISTOGRAMS[self.kinds])

    @cached_property
    def may_be_negative(self) -> npt.NDArray[np.bool_]:
        """For each place in the column of sums, whether a number below 0 belongs there."""
        of_counts = self.kinds[self.of_figures] >= Kind.COUNTER
        return np.concatenate([of_counts, np.zeros(self.histograms, dtype=np.bool_)])

    @cached_property
    def is_sum(self) -> npt.NDArray[np.bool_]:
        """For each place in the column of sums, whether it is the sum of a histogram."""
        return np.arange(self.sums) >= self.figures

    @cached_property
    def is_twin(self) -> npt.NDArray[np.bool_]:
        """For each histogram, whether it is the since_due of a series, whose service time stands right before it."""
        of_series: npt.NDArray[np.bool_] = self.kinds[self.of_histograms] == Kind.SERIES
        second: npt.NDArray[np.bool_] = np.cumsum(of_series) % 2 == 0
        return of_series & second

    @cached_property
    def is_service(self) -> npt.NDArray[np.bool_]:
        """For each histogram, whether it is the service time of a series: its values are the finished requests."""
        of_series: npt.NDArray[np.bool_] = self.kinds[self.of_histograms] == Kind.SERIES
        return of_series & ~self.is_twin

    @cached_property
    def headlines(self) -> Places:
        """For each place in the column of sums, the number of its :class:`Headline` field; -1 for none."""
        fields = [_HEADLINES.get(row[0], (-1,) * FORMS[row[0]].figures) for row in self.rows]
        return np.array([*chain.from_iterable(fields), *[-1] * self.histograms], dtype=np.int64)


@lru_cache(maxsize=256)
def rows_of(rows: tuple[Row, ...]) -> Rows:
    """The rows of a tally; the same object for the same rows, mostly: what is known of them is found out once."""
    return Rows(rows)


def united(several: Iterable[Rows]) -> tuple[Rows, dict[Rows, tuple[Places, Places]]]:
    """One list of rows for all of several.

    Returns:
        All rows, each once; and for each of the several, where its column of sums and its histograms stand in it.
    """
    parts = list(dict.fromkeys(several))
    if len(parts) == 1:
        same = parts[0]
        return same, {same: (np.arange(same.sums), np.arange(same.histograms))}
    whole = Rows(tuple(dict.fromkeys(row for part in parts for row in part.rows)))
    numbers = {row: number for number, row in enumerate(whole.rows)}
    figures, histograms = _starts(_FIGURES[whole.kinds]), _starts(_HISTOGRAMS[whole.kinds])
    places = {}
    for part in parts:
        at = np.fromiter((numbers[row] for row in part.rows), dtype=np.int64, count=len(part))
        figures_at, histograms_at = (
            _spread(figures[at], _FIGURES[part.kinds]),
            _spread(histograms[at], _HISTOGRAMS[part.kinds]),
        )
        places[part] = np.concatenate([figures_at, whole.figures + histograms_at]), histograms_at
    return whole, places


_FIGURES: Final = np.array([form.figures for form in FORMS.values()], dtype=np.int64)
_HISTOGRAMS: Final = np.array([form.histograms for form in FORMS.values()], dtype=np.int64)


def _starts(lengths: Places) -> Places:
    """Where each of some pieces, laid one after the other, begins."""
    starts: Places = np.cumsum(lengths) - lengths
    return starts


def _spread(starts: Places, lengths: Places) -> Places:
    """All places of some pieces: from each start, as many as it is long."""
    spread: Places = np.repeat(starts - _starts(lengths), lengths) + np.arange(int(lengths.sum()))
    return spread
