"""Open load: shoppers arrive when the plan says so, whatever the shop does.

One greenlet per stream sleeps until the next arrival of this worker's schedule and starts it. Each arrival becomes one
of four numbers::

    on time                       started
    more than LATE_S after due    started, and late
    no room (max_shoppers)        dropped
    no lease, or hopelessly late  missed
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Final

import gevent

from loadgen.journey.recorder import Recorder
from loadgen.journey.session import Session
from loadgen.plan.stream import Stream
from loadgen.shapes.arrivals import EMPTY, Arrival, Arrivals, Edge, Share, owned_of_first
from loadgen.shapes.schedule import Schedule
from loadgen.worker import essential
from loadgen.worker.shoppers import Shoppers

LATE_S: Final = 0.05
"""A shopper that starts this long after it was due is late: a person would notice."""

MISSED_AFTER_S: Final = 1.0
"""After a pause, arrivals overdue by more than this are not made up for: visitors do not come in one burst."""

LONGEST_SLEEP_S: Final = 0.1
"""New shares come at least this often into view; they are announced half a second ahead."""


class OpenLoad:
    """The arrivals of one stream on this worker.

    Args:
        index: the stream's index in the plan.
        stream: the stream.
        journeys: user class names, in the order of the arrivals' weights.
        arrivals: all arrivals of the stream.
        shoppers: who starts them.
        recorder: who counts them.
        elapsed: seconds since the run's start, by cluster time.
        may_start: whether this worker's lease still holds.
    """

    def __init__(
        self,
        index: int,
        stream: Stream,
        journeys: list[str],
        arrivals: Arrivals,
        shoppers: Shoppers,
        recorder: Recorder,
        elapsed: Callable[[], float],
        may_start: Callable[[], bool],
    ) -> None:
        self._index, self._stream, self._journeys = index, stream, journeys
        self._arrivals, self._schedule = arrivals, Schedule(arrivals)
        self._shoppers, self._recorder = shoppers, recorder
        self._elapsed, self._may_start = elapsed, may_start
        self._rooms: list[tuple[float, int]] = []
        self._doubt: tuple[float, Edge] | None = None
        self.beyond: Counter[int] = Counter()
        self._greenlet = essential.spawn(self._run)

    def assign(self, share: Share, from_s: float) -> None:
        """Carry this share from an instant on, seconds since the run's start."""
        self._schedule.assign(share, from_s - self._stream.start)
        self._schedule.assign(EMPTY, self._stream.shape.duration)  # as the plan counts them
        if self._stream.max_shoppers is not None:
            room = owned_of_first(self._stream.max_shoppers, share)
            self._rooms = [known for known in self._rooms if known[0] < from_s] + [(from_s, room)]

    def doubt(self, from_s: float | None) -> None:
        """Count apart what is dealt with and was due from an instant on, seconds since the run's start."""
        if from_s != (self._doubt and self._doubt[0]):
            self._doubt = None if from_s is None else (from_s, self._arrivals.edge(from_s - self._stream.start))
            self.beyond = Counter()

    def deal(self, now_s: float) -> float:
        """Deal with every arrival that is due before an instant, and with no other.

        Args:
            now_s: seconds since the run's start; never less than before.

        Returns:
            Seconds until the next look.
        """
        start_s = self._stream.start
        edge = self._arrivals.edge(now_s - start_s)
        while (arrival := self._schedule.take_before(edge)) is not None:
            if self._doubt is not None and not self._doubt[1].is_after(arrival.u):
                self.beyond[self._index] += 1
            self._fire(arrival, self._elapsed() - start_s - arrival.due_s)
        ahead = self._schedule.peek()
        return LONGEST_SLEEP_S if ahead is None else min(max(0.0, start_s + ahead.due_s - now_s), LONGEST_SLEEP_S)

    def stop(self, now_s: float) -> None:
        """Start nobody any more, but for those that were due before this instant."""
        if not self._greenlet.dead:
            self._greenlet.kill()
            self.deal(now_s)

    def _run(self) -> None:
        while True:
            gevent.sleep(self.deal(self._elapsed()))

    def _room_at(self, due_s: float) -> float:
        for from_s, room in reversed(self._rooms):
            if from_s <= due_s:
                return room
        return math.inf

    def _fire(self, arrival: Arrival, lag_s: float) -> None:
        if lag_s > MISSED_AFTER_S or not self._may_start():
            self._recorder.arrival_missed(self._index)
            return
        if self._shoppers.active(self._index) >= self._room_at(self._stream.start + arrival.due_s):
            self._recorder.arrival_dropped(self._index)
            return
        lag_us = round(lag_s * 1e6) if lag_s > 0 else 0
        self._recorder.arrival_started(self._index, lag_us, lag_s > LATE_S)
        journey = self._journeys[arrival.journey]
        self._shoppers.come(Session(self._recorder, journey, self._index, lag_us, arrival.u), self._stream.session)
