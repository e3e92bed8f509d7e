"""A worker's cursor over its own arrivals, while its share changes.

An assignment says: from this instant on, your share is that. Until the next one it holds to the end of the shape::

    assign(a, 0)        assign(b, 60)                 assign(c, 40)        replaces what begins at or after 40 s
    ├────── a ──────────────┼────── b ─ ─ ▶           ├────── a ─────┼── c ─ ─ ─ ─ ▶
    0                       60                        0              40

Assignments are made for an instant a little ahead. One that comes late, after arrivals behind its instant were taken,
still gives exactly what it should have given: the arrivals gained since then come next, overdue, and none comes twice.

Memory: two blocks of arrivals and one line for each assignment.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from loadgen.shapes.arrivals import Arrival, Arrivals, Edge
from loadgen.shapes.shares import EMPTY, Share


class _Epoch(NamedTuple):
    start: Edge
    from_s: float
    share: Share


class _Taken(NamedTuple):
    """What was taken before a late assignment: everything these epochs gave, up to this place."""

    epochs: tuple[_Epoch, ...]
    until_u: float

    def holds(self, arrival: Arrival) -> bool:
        """Whether the arrival was among it."""
        if arrival.u > self.until_u:
            return False
        in_force = next(epoch for epoch in reversed(self.epochs) if not epoch.start.is_after(arrival.u))
        return in_force.share.owns(arrival.cell)


class Schedule:
    """The arrivals of one worker in one stream, in order; nothing before the first assignment.

    Args:
        arrivals: all arrivals of the stream.
    """

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._epochs = [_Epoch(Edge(0.0, includes_u=False), -math.inf, EMPTY)]
        self._current = 0
        self._walk: Iterator[Arrival] = iter(())
        self._ahead: Arrival | None = None
        self._last_u = -1.0
        self._taken: list[_Taken] = []

    def assign(self, share: Share, from_s: float) -> None:
        """Carry this share from an instant on, instead of all that was assigned for that instant or later.

        Args:
            share: the part of the load.
            from_s: seconds after the start of the stream; may be past.
        """
        before = tuple(self._epochs)
        kept = [epoch for epoch in before[1:] if epoch.from_s < from_s]
        start = self._arrivals.edge(from_s)
        self._epochs = [before[0], *kept, _Epoch(start, from_s, share)]
        if not start.is_after(self._last_u):
            self._taken.append(_Taken(before, self._last_u))
            self._last_u = -1.0
        if self._current >= len(self._epochs) - 1:
            self._enter(len(self._epochs) - 1)

    def peek(self) -> Arrival | None:
        """The next arrival, or None when no more is due under the shares assigned so far."""
        while True:
            if self._ahead is None:
                self._ahead = next(self._walk, None)
            if self._ahead is None or self._is_past_its_epoch(self._ahead):
                if self._current + 1 == len(self._epochs):
                    return None
                self._enter(self._current + 1)
            elif self._was_taken(self._ahead):
                self._ahead = None
            else:
                return self._ahead

    def take_before(self, edge: Edge) -> Arrival | None:
        """Take what :meth:`peek` gives, once, if it is due before an instant; None leaves it where it is."""
        arrival = self.peek()
        if arrival is None or not edge.is_after(arrival.u):
            return None
        self._ahead = None
        self._last_u = arrival.u
        return arrival

    def _enter(self, index: int) -> None:
        epoch = self._epochs[index]
        following = self._epochs[index + 1 : index + 2]
        end = following[0].start if following else self._arrivals.edge(math.inf)
        self._current = index
        self._walk = self._arrivals.walk(epoch.start, end, epoch.share)
        self._ahead = None

    def _is_past_its_epoch(self, arrival: Arrival) -> bool:
        following = self._current + 1
        return following < len(self._epochs) and not self._epochs[following].start.is_after(arrival.u)

    def _was_taken(self, arrival: Arrival) -> bool:
        return bool(self._taken) and any(taken.holds(arrival) for taken in self._taken)
