"""How many arrivals each of thousands of workers has in a second, of each journey: exact, and for all at once.

The arrivals of a span of time are dealt out once: their positions on the circle are sorted, and what a share has of
them are those between its two ends. A real worker walks along its own arrivals, which takes ten times as long for each.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen.messages import Piece
from loadgen.shapes.arrivals import EMPTY, Arrivals, Share
from loadgen.shapes.shares import places

KEPT_SPANS: Final = 4
"""Spans whose sorted arrivals are kept: workers are asked about in portions, and mostly about the same second."""


class Span(NamedTuple):
    """A share over a span of time.

    Attributes:
        from_s, to_s: [from_s, to_s), seconds since the run's start.
        share: the share.
        sign: 1, or -1 where what it has is to be taken away.
    """

    from_s: float
    to_s: float
    share: Share
    sign: int = 1


def spans(pieces: Sequence[Piece], from_s: float, to_s: float, sign: int = 1) -> list[Span]:
    """What pieces hold in [from_s, to_s)."""
    ends = [*(piece.from_s for piece in pieces[1:]), to_s]
    cut = [
        Span(max(piece.from_s, from_s), min(end_s, to_s), piece.share, sign)
        for piece, end_s in zip(pieces, ends, strict=bool(pieces))
    ]
    return [span for span in cut if span.from_s < span.to_s and span.share != EMPTY]


class Dealer:
    """Counts the arrivals of one stream that begins with the run.

    Args:
        arrivals: of the stream.
        journeys: how many journeys it has.
    """

    def __init__(self, arrivals: Arrivals, journeys: int) -> None:
        self._arrivals, self._journeys = arrivals, journeys
        self._sorted: OrderedDict[tuple[float, float], list[NDArray[np.uint64]]] = OrderedDict()

    def count(self, wanted: Sequence[Sequence[Span]]) -> NDArray[np.int64]:
        """Arrivals by worker and journey.

        Args:
            wanted: the spans of each worker; its arrivals are those of all of them.

        Returns:
            As many rows as workers, as many columns as journeys.
        """
        counts = np.zeros((len(wanted), self._journeys), np.int64)
        alike: defaultdict[tuple[float, float], list[tuple[int, Span]]] = defaultdict(list)
        for row, of_worker in enumerate(wanted):
            for span in of_worker:
                alike[span.from_s, span.to_s].append((row, span))
        for (from_s, to_s), asked in alike.items():
            rows = [row for row, _ in asked]
            lows = np.array([span.share.lo for _, span in asked], np.uint64)
            highs = np.array([span.share.hi for _, span in asked], np.uint64)
            signs = np.array([span.sign for _, span in asked], np.int64)
            for journey, positions in enumerate(self._positions(from_s, to_s)):
                owned = np.searchsorted(positions, highs) - np.searchsorted(positions, lows)
                np.add.at(counts[:, journey], rows, signs * owned)
        return counts

    def _positions(self, from_s: float, to_s: float) -> list[NDArray[np.uint64]]:
        """Where the arrivals of a span stand on the circle, in order, by journey."""
        if (from_s, to_s) not in self._sorted:
            cells, journeys = self._arrivals.dealt(from_s, to_s)
            on_circle = places(cells)
            self._sorted[from_s, to_s] = [np.sort(on_circle[journeys == j]) for j in range(self._journeys)]
            if len(self._sorted) > KEPT_SPANS:
                self._sorted.popitem(last=False)
        return self._sorted[from_s, to_s]
