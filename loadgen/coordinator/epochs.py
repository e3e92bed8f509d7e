"""New shares, from the proposal until they hold: what is written of it, and when it is tried again.

::

    propose ──▶ announce (seats, who must hear by when) ──▶ say ──▶ open ──┬─▶ sure
       ▲                                                                   └─▶ off ─┐
       └──────────────────── a little more patiently ◀──────────────────────────────┘

Whether an epoch holds is decided in Redis, by the last worker that hears of it or by the first who looks when its time
is over, and each worker asks there. So nothing stays undecided when the coordinator dies, at whatever instant.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Final

from loadgen.bus import Agreement, Announcement, ClusterBus, RunBus
from loadgen.coordinator.seating import Seating, Turn
from loadgen.messages import ControlMessage

log = logging.getLogger("loadgen.coordinator")

NOTICE_S: Final = 0.7
"""How far ahead new shares take effect: half of it for every worker to hear, half for every worker to ask."""

NOTICE_A_WORKER_S: Final = 1e-4
"""And so much more for each: Redis answers some 30,000 of their questions a second."""

LONGEST_NOTICE_S: Final = 5.0
"""Where somebody does not hear in time the next attempt gives twice as long, up to this."""

END_OF_TIME_S: Final = 1e10
"""Later than any deadline."""


class Epochs:
    """The epochs of one run.

    Args:
        cluster: to speak to workers.
        bus: the run's part of the bus.
        fence: the leader's fencing number.
        seating: whose shares they are.
    """

    def __init__(self, cluster: ClusterBus, bus: RunBus, fence: int, seating: Seating) -> None:
        self._cluster, self._bus, self._fence, self._seating = cluster, bus, fence, seating
        self._missed = 0
        self._latest_s = -math.inf

    def restore(self, lost: list[str], now_s: float) -> Turn | None:
        """Take up what an earlier leader had arranged; it may have died between any two writes.

        Returns:
            The latest epoch that is known to hold.
        """
        turn = self._seating.restore(self._bus.seats(), self._bus.latest_epoch(), lost)
        self._latest_s = turn.from_s if turn else self._latest_s
        return self.look(now_s) if turn and turn.awaited else turn

    def begin(self, start_s: float) -> Turn | None:
        """Cut the load for the first time, from the run's start (cluster time) on."""
        return self._announce(0.0, 0.0, start_s, lambda _: None)

    def step(self, start_s: float, now_s: float, dealt_to_s: Callable[[str], float | None]) -> Turn | None:
        """Cut the load anew if that is called for.

        Args:
            start_s: the run's start, cluster time.
            now_s: cluster time.
            dealt_to_s: up to when a worker's sealed frames tell of all its arrivals, seconds since the start.

        Returns:
            An epoch that holds at once.
        """
        workers = len(self._seating.guests)
        notice_s = min(NOTICE_S * 2**self._missed, LONGEST_NOTICE_S) + workers * NOTICE_A_WORKER_S
        from_s = max(now_s - start_s, self._latest_s) + notice_s
        return self._announce(from_s, from_s - notice_s / 2, start_s, dealt_to_s)

    def look(self, now_s: float) -> Turn | None:
        """Whether the open epoch holds.

        Args:
            now_s: cluster time; from the epoch's deadline on it is open no longer.

        Returns:
            The epoch, once it is known to hold.
        """
        turn = self._seating.turn
        if turn is None:
            return None
        agreement = self._bus.hear(turn.epoch, "", now_s)
        if agreement is Agreement.OPEN:
            return None
        sure = agreement is Agreement.SURE
        self._missed = 0 if sure else self._missed + 1
        if not sure:
            log.info("run %s: not every worker heard of new shares in time; trying again", self._bus.run)
        self._seating.settle(sure=sure)
        if not sure:
            return None
        self._bus.write_seats(self._fence, self._seating.given_back(turn))
        return turn

    def go_on_without(self, worker: str) -> Turn | None:
        """A worker is gone: no epoch need wait until it hears, nor give it a share.

        Returns:
            The open epoch, if all had heard of it already, so that it holds.
        """
        if self._seating.turn is None or worker not in self._seating.turn.shares:
            return None
        turn = self.look(END_OF_TIME_S)
        self._missed = 0
        return turn

    def _announce(
        self, from_s: float, by_s: float, start_s: float, dealt_to_s: Callable[[str], float | None]
    ) -> Turn | None:
        turn = self._seating.propose(start_s, from_s, by_s)
        if turn is None:
            return None
        self._seating.trim(dealt_to_s)
        announcement = Announcement(turn.epoch, start_s + by_s, turn.awaited, self._seating.seats(turn))
        self._bus.announce(self._fence, announcement)
        self._cluster.say(ControlMessage(kind="epoch", run=self._bus.run))
        self._latest_s = max(self._latest_s, from_s)
        return None if turn.awaited else turn
