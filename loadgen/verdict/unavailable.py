"""``unavailable``: the shop no longer answers. What that means for one second, exactly.

========================================  =======================================================
in that second                            share unavailable
========================================  =======================================================
requests finished                         failures for one of :data:`REASONS` / finished requests
none finished, some on the wire           1: they wait and nobody answers
none finished, none on the wire,          1, if the shop had answered before: shoppers came and
shoppers started                          nothing came back
nothing at all                            none: an idle second says nothing, and does not hold
========================================  =======================================================

The second holds when the share is at least :data:`UNAVAILABLE_SHARE`. Shoppers that started count only after a first
answer, because a journey may begin with a pause. A guard trips only if its whole window saw at least
:data:`MIN_WITNESSES` different requests, so that one stray or stuck request stops nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loadgen.stats import SecondRow
from loadgen.stats.reasons import TIMEOUTS

UNAVAILABLE_SHARE: Final = 0.95
"""Nearly everything: a cache or a health page that still answers does not make a shop available."""

MIN_WITNESSES: Final = 3
"""Different requests a window must have seen: two can fail by chance on one machine, three seldom do."""

REASONS: Final = frozenset({"connect", "dns", "tls", *TIMEOUTS, "reset", "status_5xx"})
"""Reasons of failure that mean nobody was there to serve. A 4xx, or a page with the wrong text, is an answer."""


@dataclass(frozen=True, slots=True)
class Availability:
    """One second, as far as ``unavailable`` looks at it.

    Attributes:
        finished: requests that finished.
        lost: of those, failures for one of :data:`REASONS`.
        waiting: requests on the wire at its end, or shoppers started if that is more and an answer was seen before.
    """

    finished: int
    lost: int
    waiting: int

    @classmethod
    def of(cls, row: SecondRow, *, answered_before: bool) -> Availability:
        """Read one second of the cluster."""
        tally = row.tally
        lost = sum(n for series in tally.series.values() for reason, n in series.reasons.items() if reason in REASONS)
        started = sum(counts.started for counts in tally.arrivals.values()) if answered_before else 0
        return cls(tally.requests, lost, max(tally.in_flight, started))

    @property
    def share(self) -> float | None:
        """Share of one that was unavailable; None when the second says nothing."""
        if self.finished:
            return self.lost / self.finished
        return 1.0 if self.waiting else None

    @property
    def holds(self) -> bool:
        """Whether the shop was unavailable in this second."""
        return self.share is not None and self.share >= UNAVAILABLE_SHARE


def enough_witnesses(window: Sequence[Availability]) -> bool:
    """Whether a window, oldest second first, saw enough different requests to be believed.

    Those that finished are different from each other and from those still waiting at the end; one that waits through
    several seconds is counted once.
    """
    return sum(second.finished for second in window) + window[-1].waiting >= MIN_WITNESSES
