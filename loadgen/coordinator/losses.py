"""What lost workers leave undone: arrivals that nobody starts until their share is served again. Pure.

::

    last frame of b      b is lost       the next epoch holds
          │                  │                  │
    ──────┼──────────────────┼──────────────────┼────────▶ seconds since the run's start
          └── arrivals of b's share: missed ────┘  …then others carry it

They amend the seconds in which they were due, each as soon as that second is sealed: never before it, for a second
that came twice would count its plan twice.
"""

from __future__ import annotations

import math
from collections import defaultdict

from loadgen.plan.planned import PlannedLoad
from loadgen.shapes.arrivals import Share
from loadgen.stats import ArrivalCounts, SecondRow, Tally


class Losses:
    """The arrivals of one run that were missed because workers were lost."""

    def __init__(self) -> None:
        self._unserved: list[tuple[Share, float]] = []
        self._missing: list[tuple[Share, float, float]] = []

    def lose(self, share: Share, from_s: float) -> None:
        """Nobody serves this share from an instant on, seconds since the run's start."""
        if share.hi > share.lo:
            self._unserved.append((share, from_s))

    def served(self, from_s: float) -> None:
        """All shares are served from this instant on."""
        self._missing += [(share, lost_s, from_s) for share, lost_s in self._unserved]
        self._unserved = []

    def amend(self, planned: PlannedLoad, sealed_to: int) -> list[SecondRow]:
        """Amendments to sealed seconds for what was missed in them; each arrival is given once.

        Args:
            planned: which arrivals there are.
            sealed_to: the first second that is not sealed.
        """
        missed: defaultdict[int, dict[int, ArrivalCounts]] = defaultdict(dict)
        later = []
        for share, from_s, to_s in self._missing:
            at_s = from_s
            while at_s < to_s and at_s < sealed_to:
                second = math.floor(at_s)
                end_s = min(second + 1.0, to_s)
                for stream, count in planned.arrivals(at_s, end_s, share).items():
                    if count:
                        counts = missed[second].setdefault(stream, ArrivalCounts())
                        counts.missed += count
                at_s = end_s
            if at_s < to_s:
                later.append((share, at_s, to_s))
        self._missing = later
        return [SecondRow(second, tally=Tally(arrivals=missed[second])) for second in sorted(missed)]
