"""Finds the workers of a run: enough of those that fit, and as many as could prepare its journeys.

::

    free workers ─▶ fit by their labels, enough? ─▶ invited ─▶ ready ─▶ the run starts
                          └── no: waits             └── refused, or not within PREPARE_S
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from loadgen.bus import RunBus
from loadgen.bus.cluster import ClusterBus, Member
from loadgen.coordinator.logbook import Logbook
from loadgen.coordinator.seating import Place, Seating
from loadgen.messages import ControlMessage, RunState, Seat
from loadgen.plan.model import Plan

PREPARE_S: Final = 20.0
"""How long workers may take to fetch and import journey code before the run goes on without them."""


class Recruiter:
    """Invites workers to one run.

    Args:
        cluster: to speak to workers.
        bus: the run's part of the bus.
        fence: the leader's fencing number.
        plan: of the run; says how many workers, and which.
        seating: where they are seated.
        book: the run's record.
        now_s: cluster time; waiting and preparing are counted from here.
    """

    def __init__(
        self, cluster: ClusterBus, bus: RunBus, fence: int, plan: Plan, seating: Seating, book: Logbook, now_s: float
    ) -> None:
        self._cluster, self._bus, self._fence = cluster, bus, fence
        self._wanted, self._seating, self._book = plan.workers, seating, book
        self._since_s = now_s

    def gather(self, now_s: float, free: Mapping[str, Member]) -> str:
        """Invite workers as soon as there are enough.

        Args:
            now_s: cluster time.
            free: workers that no run has taken.

        Returns:
            Why the run has failed; empty while it may go on.
        """
        count = self._wanted.count or 1
        fitting = self._fitting(free)
        if len(fitting) + len(self._seating.names(Place.INVITED, Place.READY)) >= count:
            self.invite(now_s, free)
            guests = so_many_workers(len(self._seating.guests))
            self._book.note(now_s, "prepared", f"journeys are prepared on {guests}")
            self._book.enter(RunState.PREPARING, f"journeys are prepared on {guests}")
            self._since_s = now_s
            return ""
        whom = f"{so_many_workers(count)}{self._labelled()}"
        waits = f"waits for {whom}, {len(fitting)} free now"
        record = self._book.record
        if record.state is RunState.QUEUED or record.detail != waits:
            self._book.enter(RunState.WAITING, waits)
        late = now_s - self._since_s > self._wanted.wait
        return f"no {whom} came within {self._wanted.wait:g} s" if late else ""

    def ready(self, now_s: float) -> tuple[int, str]:
        """How many workers are ready to start together, 0 while others are waited for; and why the run has failed."""
        refused = self._seating.names(Place.REFUSED)
        if refused:
            return 0, self._seating.guests[refused[0]].says
        slow, ready = self._seating.names(Place.INVITED), self._seating.names(Place.READY)
        if slow and now_s - self._since_s <= PREPARE_S:
            return 0, ""
        if ready:
            return len(ready), ""
        if slow:
            return 0, f"no worker could prepare the run within {PREPARE_S:g} s"
        return 0, "every worker was lost while it prepared the run"

    def invite(self, now_s: float, free: Mapping[str, Member]) -> None:
        """Invite all workers that fit and for whom there is room; also while the run is under way."""
        start_s = self._book.record.started_at or 0.0
        seats: dict[str, Seat] = {}
        bearers = len(self._seating.names(Place.INVITED, Place.READY, Place.SEATED))
        room = self._wanted.count
        for worker, member in sorted(self._fitting(free).items()):
            if room is not None and bearers + len(seats) >= room:
                break
            seat = self._seating.invite(worker, member.info.weight)
            if seat is not None:
                seats[worker] = seat.model_copy(update={"start_s": start_s})
                if start_s:
                    self._book.note(now_s, "worker_joined", f"{worker} joins")
        if seats:
            self._bus.write_seats(self._fence, seats)
            self._cluster.say(ControlMessage(kind="invite", run=self._book.record.run))

    def _fitting(self, free: Mapping[str, Member]) -> dict[str, Member]:
        labels = self._wanted.labels.items()
        return {worker: member for worker, member in free.items() if labels <= member.info.labels.items()}

    def _labelled(self) -> str:
        labels = ", ".join(f"{key}={value}" for key, value in self._wanted.labels.items())
        return f" with {labels}" if labels else ""


def so_many_workers(count: int) -> str:
    """``1 worker``, ``12 workers``."""
    return f"{count} worker{'' if count == 1 else 's'}"
