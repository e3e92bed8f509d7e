"""What lost workers leave undone: arrivals that nobody starts until their share is served again. Pure.

::

    last frame of b      b is lost       the next epoch holds
          │                  │                  │
    ──────┼──────────────────┼──────────────────┼────────▶ seconds since the run's start
          └── arrivals of b's share: missed ────┘  …then others carry it

They amend the seconds in which they were due, each as soon as that second is sealed: never before it, for a second
that came twice would count its plan twice. An amendment by a leader is told by its having no workers, so the next
leader knows from the sealed seconds what was counted already.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict

from loadgen.messages import Loss
from loadgen.plan.planned import PlannedLoad
from loadgen.shapes.arrivals import Share
from loadgen.stats import ArrivalCounts, SecondRow, Tally


class Losses:
    """The arrivals of one run that were missed because workers were lost.

    Args:
        entries: the list in the run's record; appended to and filled in here.
    """

    def __init__(self, entries: list[Loss]) -> None:
        self._entries = entries
        self._since = {entry.worker: math.floor(entry.from_s) for entry in entries}
        self._counted_to_s: dict[str, float] = {}
        self._counted_before: Counter[tuple[int, int]] = Counter()

    def remember(self, row: SecondRow) -> None:
        """Take a sealed second of an earlier leader."""
        if not row.workers:
            for stream, counts in row.tally.arrivals.items():
                self._counted_before[row.second, stream] += counts.missed

    def lose(self, worker: str, share: Share, from_s: float) -> bool:
        """Nobody serves a worker's share from an instant on, seconds since the run's start.

        Returns:
            Whether that is news.
        """
        if share.hi == share.lo or worker in self._since:
            return False
        self._since[worker] = math.floor(from_s)
        self._entries.append(Loss(worker=worker, low=share.lo, high=share.hi, from_s=from_s))
        return True

    def covers(self, worker: str, second: int) -> bool:
        """Whether what a worker says it missed in a second is counted here: it came back after it was thought lost."""
        return worker in self._since and second >= self._since[worker]

    def served(self, from_s: float) -> None:
        """The whole load is served from this instant on."""
        for entry in self._entries:
            if entry.to_s is None and entry.from_s < from_s:
                entry.to_s = from_s

    def amend(self, planned: PlannedLoad, sealed_to: int) -> list[SecondRow]:
        """Amendments to sealed seconds for what was missed in them; each arrival is given once.

        Args:
            planned: which arrivals there are.
            sealed_to: the first second that is not sealed.
        """
        missed: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for entry in self._entries:
            at_s = self._counted_to_s.get(entry.worker, entry.from_s)
            while entry.to_s is not None and at_s < min(entry.to_s, sealed_to):
                second = math.floor(at_s)
                end_s = min(second + 1.0, entry.to_s)
                missed[second].update(planned.arrivals(at_s, end_s, Share(entry.low, entry.high)))
                at_s = end_s
            self._counted_to_s[entry.worker] = at_s
        amendments = {second: self._not_counted_before(second, missed[second]) for second in sorted(missed)}
        return [
            SecondRow(second, tally=Tally(arrivals=arrivals)) for second, arrivals in amendments.items() if arrivals
        ]

    def _not_counted_before(self, second: int, counts: Counter[int]) -> dict[int, ArrivalCounts]:
        arrivals = {}
        for stream, count in counts.items():
            known = min(count, self._counted_before[second, stream])
            self._counted_before[second, stream] -= known
            if count > known:
                arrivals[stream] = ArrivalCounts(missed=count - known)
        return arrivals
