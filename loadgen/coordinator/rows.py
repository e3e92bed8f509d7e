"""The leader's part in data: rows can be dealt before a run starts, and those of lost workers are free again.

A worker's rows are freed :data:`REST_S` after it was first seen to be off the list. It sends nothing with them since
its own lease ended, which is before that; what it had on the wire then has landed, or the shop is past caring.
"""

from __future__ import annotations

import logging
from collections.abc import Set
from typing import Final

from loadgen.bus import Bus, ClusterBus
from loadgen.bus.rows import RowsBus
from loadgen.plan.data import Access, Exhausted
from loadgen.plan.model import Plan

log = logging.getLogger("loadgen.coordinator")

REST_S: Final = 5.0
"""Longer than nearly every shop takes for a request."""

LOOK_S: Final = 1.0
"""How often the holders of rows are compared with the list."""


class RowKeeper:
    """Looks after the rows of one run.

    Args:
        bus: open connection.
        run: the run's id.
        plan: its plan.
    """

    def __init__(self, bus: Bus, run: str, plan: Plan) -> None:
        self._cluster, self._bus, self._run = ClusterBus(bus), RowsBus(bus, run), run
        self._needed = any(source.is_dealt for source in plan.data)
        unique = [source for source in plan.data if source.access is Access.UNIQUE]
        self._watched = bool(unique)
        self._again = [source.name for source in unique if source.exhausted is Exhausted.RECYCLE]
        self._gone_since_s: dict[str, float] = {}
        self._looked_at_s = 0.0

    def look(self, fence: int, now_s: float, members: Set[str], *, started: bool) -> None:
        """Do what is due.

        Args:
            fence: the leader's.
            now_s: cluster time.
            members: workers on the list.
            started: whether the run has started; from then on nothing is opened any more.

        Raises:
            FencedError: another coordinator leads.
        """
        if not self._needed or now_s - self._looked_at_s < LOOK_S:
            return
        self._looked_at_s = now_s
        if not started:
            self._bus.open(fence)
        elif self._watched:
            self._free(fence, now_s, members)

    def _free(self, fence: int, now_s: float, members: Set[str]) -> None:
        absent = self._bus.holders() - members
        left = absent and absent & self._cluster.left()  # others are forgotten by Redis, and come back
        self._gone_since_s = {worker: self._gone_since_s.get(worker, now_s) for worker in left}
        for worker, since_s in self._gone_since_s.items():
            if now_s - since_s >= REST_S:
                freed = self._bus.free(fence, worker, self._again)
                log.info("run %s: %d ranges of rows of %s are free again", self._run, freed, worker)
