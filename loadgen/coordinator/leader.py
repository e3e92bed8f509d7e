"""The coordinator's loop: hold the lease, look after the workers' leases, drive every run under way.

Several coordinators may be started; one leads, the others wait for its lease to end and then go on from what lies in
Redis. A coordinator that finds its fence gone drops everything it holds and stands by.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Final

from loadgen.bus import Bus, ClusterBus, RunBus
from loadgen.bus.cluster import Member
from loadgen.clock import ClusterClock
from loadgen.coordinator.controller import RunController
from loadgen.coordinator.rescue import Rescue
from loadgen.coordinator.rows import RowKeeper
from loadgen.errors import BusError, FencedError, LoadgenError, MessageError
from loadgen.messages import ControlMessage, RunRecord, RunState, StopMode
from loadgen.metrics import ClusterSnapshot, RunSnapshot
from loadgen.verdict import ValidityResult, decide

log = logging.getLogger("loadgen.coordinator")

TICK_S: Final = 0.1
"""How often the loop turns: a stop, a guard or a new worker is seen within this."""

LEASE_S: Final = 5.0
"""How long a leader or worker that says nothing is still believed to be there."""

CLOCK_S: Final = 5.0
"""How often the server's clock is asked for."""

_UNWATCHED: Final = "runs are not watched"

CLOCKS_DIFFER_S: Final = 0.05
"""A stop said right after a run was submitted may seem older than it, by the submitter's clock."""


class Coordinator:
    """One coordinator process.

    Args:
        bus: open connection.
        lease_s: length of the leader's and the workers' leases, seconds.
        on_snapshot: called once a tick with what metrics may show.
    """

    def __init__(
        self, bus: Bus, *, lease_s: float = LEASE_S, on_snapshot: Callable[[ClusterSnapshot], None] | None = None
    ) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self._bus, self._cluster = bus, ClusterBus(bus)
        self._lease_s = lease_s
        self._on_snapshot = on_snapshot
        self._clock = ClusterClock()
        self._fence = 0
        self._runs: dict[str, RunController] = {}
        self._rows: dict[str, RowKeeper] = {}
        self._rescue = Rescue(bus)
        self._last: RunSnapshot | None = None
        self._members: dict[str, Member] = {}
        self._idle: dict[str, Member] = {}
        self._members_version = -1
        self._trusted_from_s = 0.0
        self._seen_at_s = 0.0
        self._led_at_s = 0.0
        self._leads_until_s = 0.0
        self._led_by = ""
        self._clock_at_s = 0.0
        self._control = ""

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; a Redis that is away is waited for.

        Raises:
            BusError: Redis cannot be reached at the very start.
        """
        self._cluster.sync_clock(self._clock)
        while not stop.is_set():
            due_s = time.monotonic() + TICK_S  # a turn with many frames has taken its time already
            try:
                self._turn()
                self._bus.outage.over(_UNWATCHED)
            except FencedError as error:
                log.warning("%s; standing by", error.message)
                self._stand_by()
            except BusError as error:
                # Whether a write was done is not known: what Redis holds is the truth, so start again from there.
                self._set_aside()
                self._control = ""  # a fail-over may have left the end of what was said behind where it was heard
                self._bus.outage.met(_UNWATCHED, error)
            stop.wait(due_s - time.monotonic())
        if self._fence:
            self._resign()

    def _resign(self) -> None:
        try:
            self._cluster.resign(self.name)
        except BusError as error:
            log.warning("the lease runs out by itself: %s", error.message)

    def _turn(self) -> None:
        now_s = self._clock.now()
        if now_s - self._clock_at_s > CLOCK_S:
            self._cluster.sync_clock(self._clock)
            self._clock_at_s = now_s = self._clock.now()
        leads = self._lead(now_s)
        self._rescue.look(now_s)
        if not leads:
            return
        self._follow_members(now_s)
        self._take_up_runs(now_s)
        heard = self._obey(now_s)
        forgotten = self._forgotten(now_s)
        ended: list[RunSnapshot] = []
        for controller in list(self._runs.values()):
            self._tick(controller, now_s, forgotten)
            if controller.finished:
                controller.retire()
                self._last = controller.snapshot()
                ended.append(self._last)
                self._runs.pop(controller.run, None)
        self._control = heard  # not before what was asked for is in the runs' records
        self._show(ended)

    def _lead(self, now_s: float) -> bool:
        if self._fence and now_s - self._led_at_s < self._lease_s / 3:
            return True
        leads_until_s = time.monotonic() + self._lease_s  # from before the question, so never later than Redis has it
        bid = self._cluster.lead(self.name, self._lease_s)
        self._leads_until_s, self._led_by = leads_until_s, bid.leader
        self._led_at_s = now_s
        if bid.fence != self._fence:
            if bid.fence:
                log.info("leads (fence %d)", bid.fence)
                # Whoever led before may have been away for long: nobody is declared dead before a whole lease is over.
                self._trusted_from_s = now_s + self._lease_s
                self._set_aside()
            else:
                self._stand_by()
            self._fence = bid.fence
        if not bid.fence:
            self._show()
        return bool(bid.fence)

    def _stand_by(self) -> None:
        self._fence = 0
        self._set_aside()
        self._last = None
        self._members_version = -1

    def _set_aside(self) -> None:
        self._rescue.set_aside(self._runs.values())
        self._runs.clear()

    def _follow_members(self, now_s: float) -> None:
        if now_s - self._seen_at_s > 1.0:
            self._trusted_from_s = max(self._trusted_from_s, now_s + self._lease_s)
        self._seen_at_s = now_s
        version = self._cluster.members_version()
        if version < self._members_version:  # Redis forgot some of the list: it proves nothing before a lease is over
            self._trusted_from_s = max(self._trusted_from_s, now_s + self._lease_s)
        if version != self._members_version:
            self._members_version = version
            self._know(self._cluster.members())
        if now_s < self._trusted_from_s:
            return
        surely_s = now_s - self._clock.error_s
        for worker in self._cluster.overdue(surely_s):
            if self._cluster.leave(worker, surely_s):
                log.warning("worker %s did not renew its lease", worker)
                self._know({name: member for name, member in self._members.items() if name != worker})

    def _know(self, members: dict[str, Member]) -> None:
        self._members = members
        self._idle = {
            worker: member for worker, member in members.items() if not member.info.run and not member.info.leaving
        }

    def _forgotten(self, now_s: float) -> set[str]:
        """Workers of runs that are not on the list though they never left it: their next beat puts them there again."""
        absent = {worker for controller in self._runs.values() for worker in controller.guests()} - self._members.keys()
        return absent - self._cluster.left() if absent and now_s < self._trusted_from_s else set()

    def _free(self) -> dict[str, Member]:
        return {
            worker: member
            for worker, member in self._idle.items()
            if not any(controller.serves(worker) for controller in self._runs.values())
        }

    def _take_up_runs(self, now_s: float) -> None:
        for run in self._cluster.active():
            if run not in self._runs:
                self._take_up(run, now_s)
        queue = self._cluster.queued()
        waiting = any(c.record.state in {RunState.QUEUED, RunState.WAITING} for c in self._runs.values())
        if queue and not waiting:
            self._cluster.activate(queue[0])
            self._take_up(queue[0], now_s)

    def _take_up(self, run: str, now_s: float) -> None:
        bus = RunBus(self._bus, run)
        try:
            self._runs[run] = controller = RunController(self._cluster, bus, self._fence, now_s)
            self._rows = {known: keeper for known, keeper in self._rows.items() if known in self._runs}
            self._rows[run] = RowKeeper(self._bus, run, controller.plan)
        except (FencedError, BusError):
            raise
        except LoadgenError as error:
            log.error("run %s cannot be driven: %s", run, error)  # noqa: TRY400 -- the sentence says all
            self._write_off(bus, now_s, str(error))

    def _tick(self, controller: RunController, now_s: float, forgotten: set[str]) -> None:
        try:
            started = controller.record.started_at is not None
            self._rows[controller.run].look(self._fence, now_s, self._members.keys(), started=started)
            controller.tick(now_s, self._members, self._free(), forgotten)
        except (FencedError, BusError):
            raise
        except Exception as error:
            log.exception("run %s cannot be driven any further", controller.run)
            self._write_off(RunBus(self._bus, controller.run), now_s, f"internal error: {error}")
            del self._runs[controller.run]

    def _write_off(self, bus: RunBus, now_s: float, why: str) -> None:
        bus.claim(self._fence)
        self._cluster.say(ControlMessage(kind="stop", run=bus.run, mode=StopMode.NOW, reason=why))
        try:
            known = bus.record()
        except MessageError as error:
            log.warning("the record of run %s is lost: %s", bus.run, error.message)
            known = None
        record = known or RunRecord(run=bus.run, name=bus.run, submitted_at=now_s)
        record.state, record.detail, record.ended_at = RunState.FINISHED, why, now_s
        record.verdict = decide("failure", (), (), ValidityResult(), why)
        bus.write_record(self._fence, record)
        bus.expire()
        self._cluster.retire(bus.run)

    def _obey(self, now_s: float) -> str:
        heard = self._control or f"{int(self._unheard_since(now_s) * 1000)}-0"
        while True:
            heard, messages = self._cluster.listen(heard, 0)
            if not messages:
                return heard
            for at_s, message in messages:
                if message.kind == "stop":
                    self._stop(at_s, message)

    def _unheard_since(self, now_s: float) -> float:
        """A stop counts for every run that was there when it was said, however long nobody led."""
        submitted = [self._cluster.submitted_at(run) for run in [*self._runs, *self._cluster.queued()]]
        return min([now_s, *submitted]) - CLOCKS_DIFFER_S

    def _stop(self, at_s: float, message: ControlMessage) -> None:
        def is_meant(run: str) -> bool:
            return message.run in {run, "*"} and at_s + CLOCKS_DIFFER_S >= self._cluster.submitted_at(run)

        for run in filter(is_meant, self._cluster.queued()):
            self._cluster.activate(run)
            self._take_up(run, at_s)
        for controller in list(self._runs.values()):
            if is_meant(controller.run):
                controller.stop(at_s, message.mode, message.reason or "asked to stop", "person")

    def _show(self, ended: Iterable[RunSnapshot] = ()) -> None:
        if self._on_snapshot is None:
            return
        # What a run ended with is shown at least once, even if another one is under way.
        runs = (*ended, *(controller.snapshot() for controller in self._runs.values()))
        if not runs and self._last is not None:
            runs = (self._last,)
        states = {"idle": 0, "busy": 0, "leaving": 0}
        for member in self._members.values():
            states["leaving" if member.info.leaving else "busy" if member.info.run else "idle"] += 1
        queued = len(self._cluster.queued()) if self._fence else 0
        leading, until_s = bool(self._fence), self._leads_until_s
        self._on_snapshot(ClusterSnapshot(self.name, leading, self._fence, states, queued, runs, until_s, self._led_by))
