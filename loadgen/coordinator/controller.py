"""One run, driven by the leader: a thin loop over the pure parts.

:meth:`RunController.tick` is called some ten times a second. It hears what workers say, moves the run along its states,
takes frames in, seals seconds, asks the guards, and writes what changed under the leader's fence. It can be made
anew from Redis at any moment and goes on where the last leader stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Final

from loadgen.bus import RunBus
from loadgen.bus.cluster import ClusterBus, Member
from loadgen.coordinator.accounts import Accounts
from loadgen.coordinator.logbook import Logbook
from loadgen.coordinator.seating import NOTICE_S, Place, Seating
from loadgen.messages import (
    ControlMessage,
    RunRecord,
    RunState,
    Seat,
    StopMode,
    StopNote,
    WorkerEventKind,
    WorkerTotals,
)
from loadgen.metrics import RunSnapshot
from loadgen.shapes.arrivals import FULL
from loadgen.stats import SecondRow
from loadgen.verdict import StoppedBy

log = logging.getLogger("loadgen.coordinator")

PREPARE_S: Final = 20.0
"""How long workers may take to fetch and import journey code before the run goes on without them."""

START_NOTICE_S: Final = 0.6
"""How far ahead a run's start lies, so that all workers start together."""

DONE_PATIENCE_S: Final = 10.0
"""How long after the last shopper may leave the coordinator waits for a worker's last frame."""

ORPHANED_S: Final = 10.0
"""How long a run goes on without any worker before it is given up: time for one to join."""


class RunController:
    """Drives one run.

    Args:
        cluster: to speak to workers.
        bus: the run's part of the bus.
        fence: the leader's fencing number.
        now_s: cluster time.

    Raises:
        NotFoundError: the run is gone.
        MessageError: what Redis holds of it is malformed.
        PlanError: its plan is of another version of loadgen.
        FencedError: a newer leader drives it.
    """

    def __init__(self, cluster: ClusterBus, bus: RunBus, fence: int, now_s: float) -> None:
        self._cluster, self._bus, self._fence = cluster, bus, fence
        self.spec = spec = bus.spec()
        self.plan = spec.read_plan()
        bus.claim(fence)
        new = RunRecord(run=spec.run, name=self.plan.name, submitted_at=spec.submitted_at)
        self._book = Logbook(bus.record() or new)
        bus.spread_over(self.record.shards)
        ended_at_s = self.record.stop.at_s if self.record.stop else None
        self._accounts = Accounts(self.plan, bus, fence, self.record.losses, ended_at_s)
        self._seating = Seating()
        self._seating.restore(bus.seats())
        self._take_over()
        self._events_read = "0-0"
        self._since_s = now_s
        self._orphaned_at_s: float | None = None

    def _take_over(self) -> None:
        """Set right what an earlier leader may have begun and not ended: it may have died between any two writes."""
        whole_since_s = self._seating.whole_since_s()
        if whole_since_s is not None:
            self._accounts.served(whole_since_s)
        elif self.record.state is RunState.RUNNING and not self._seating.epoch:
            self._accounts.lose("", FULL, 0.0)  # it has started, and nobody was given a share
        if self._seating.guests and not self.finished:
            for kind in ("invite", "epoch"):
                self._cluster.say(ControlMessage(kind=kind, run=self.run, epoch=self._seating.epoch))

    # -- what the leader asks

    @property
    def record(self) -> RunRecord:
        """How the run stands."""
        return self._book.record

    @property
    def run(self) -> str:
        """The run's id."""
        return self.record.run

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.record.state is RunState.FINISHED

    def serves(self, worker: str) -> bool:
        """Whether a worker is taken by this run."""
        return worker in self._seating.guests

    def guests(self) -> list[str]:
        """The workers that are expected to be there."""
        return self._seating.names(Place.INVITED, Place.READY, Place.SEATED, Place.LEAVING)

    def known(self) -> tuple[list[str], list[SecondRow], dict[str, WorkerTotals]]:
        """Who has still to send its last frame, what is sealed, and what each worker did."""
        return self._seating.names(Place.SEATED, Place.LEAVING), self._accounts.sealed(), self._accounts.totals

    def snapshot(self) -> RunSnapshot:
        """What metrics show of this run; nothing in it changes afterwards."""
        return RunSnapshot(
            record=self.record.model_copy(update={"events": list(self.record.events)}),
            plan=self.plan,
            total=self._accounts.stats.total,
            planned=self._accounts.stats.planned,
            recent=tuple(self._accounts.stats.window(10)),
            places={worker: guest.place.value for worker, guest in self._seating.guests.items()},
            totals=dict(self._accounts.totals),
        )

    def stop(self, at_s: float, mode: StopMode, reason: str, by: StoppedBy) -> None:
        """Stop the run: the workers have been told already.

        Args:
            at_s: the instant of the stop, cluster time.
            mode: how.
            reason: why, for people.
            by: what stopped it.
        """
        if self.record.stop is not None or self.finished:
            return
        since_s = 0.0 if self.record.started_at is None else max(0.0, at_s - self.record.started_at)
        self.record.stop = StopNote(by=by, reason=reason, at_s=since_s)
        self._book.note(at_s, "stop_asked" if by == "person" else by, f"stopped ({mode}): {reason}")
        if self.record.started_at is None:
            self._finish(at_s)
            return
        self._accounts.end_load_at(since_s)
        self._book.enter(RunState.DRAINING, reason)

    def retire(self) -> None:
        """Let go of a finished run: its workers may go, its keys expire."""
        self._cluster.say(ControlMessage(kind="end", run=self.run))
        self._cluster.retire(self.run)
        self._bus.expire()

    def tick(
        self, now_s: float, members: Mapping[str, Member], free: Mapping[str, Member], forgotten: Set[str] = frozenset()
    ) -> None:
        """Go one step further.

        Args:
            now_s: cluster time.
            members: all workers with a live lease.
            free: those of them that no run has taken.
            forgotten: those that Redis may have lost, and that are not taken for lost yet.
        """
        self._hear(now_s)
        self._follow_members(now_s, members, forgotten)
        match self.record.state:
            case RunState.QUEUED | RunState.WAITING:
                self._gather(now_s, free)
            case RunState.PREPARING:
                self._await_ready(now_s)
            case RunState.RUNNING:
                self._count_in(now_s)
                self._watch_load_end(now_s)
                if self.record.state is RunState.RUNNING:
                    self._invite(free, now_s)
                    self._reseat(now_s)
            case RunState.DRAINING:
                self._count_in(now_s)
                self._watch_end(now_s)
            case RunState.FINISHED:
                pass
        if self._book.unwritten:
            self._write_record()

    def _write_record(self) -> None:
        self._bus.write_record(self._fence, self.record)
        self._book.unwritten = False

    # -- before the start

    def _gather(self, now_s: float, free: Mapping[str, Member]) -> None:
        wanted = self.plan.workers.count or 1
        fitting = self._fitting(free)
        if len(fitting) + len(self._seating.names(Place.INVITED, Place.READY)) >= wanted:
            self._invite(free, now_s)
            self._book.note(now_s, "prepared", f"{_workers(len(self._seating.guests))} prepare the run")
            self._since_s = now_s
            self._book.enter(RunState.PREPARING, f"{_workers(len(self._seating.guests))} prepare the journeys")
            return
        waits = f"waits for {_workers(wanted)}{self._with_labels()}, {len(fitting)} free now"
        if self.record.state is RunState.QUEUED or self.record.detail != waits:
            self._book.enter(RunState.WAITING, waits)
        if now_s - self._since_s > self.plan.workers.wait:
            self._fail(now_s, f"no {_workers(wanted)}{self._with_labels()} came within {self.plan.workers.wait:g} s")

    def _await_ready(self, now_s: float) -> None:
        refused = self._seating.names(Place.REFUSED)
        if refused:
            self._fail(now_s, self._seating.guests[refused[0]].says)
            return
        slow = self._seating.names(Place.INVITED)
        ready = self._seating.names(Place.READY)
        if slow and now_s - self._since_s <= PREPARE_S:
            return
        if not ready:
            late = f"no worker could prepare the run within {PREPARE_S:g} s"
            self._fail(now_s, late if slow else "every worker was lost while it prepared the run")
            return
        start_s = now_s + START_NOTICE_S
        self.record.started_at = start_s
        self.record.shards = self._bus.spread_for(len(ready))
        self._book.note(start_s, "started", f"{_workers(len(ready))} start together")
        self._book.enter(RunState.RUNNING, "")
        self._write_record()  # first: workers that have begun must not meet a leader who does not know of it
        self._announce_epoch(self._seating.next_epoch(start_s, 0.0), now_s)

    def _invite(self, free: Mapping[str, Member], now_s: float) -> None:
        start_s = self.record.started_at or 0.0
        seats: dict[str, Seat] = {}
        room = self.plan.workers.count
        for worker, member in sorted(self._fitting(free).items()):
            bearers = self._seating.names(Place.INVITED, Place.READY, Place.SEATED)
            if room is not None and len(bearers) >= room:
                break
            seat = self._seating.invite(worker, member.info.weight)
            if seat is not None:
                seats[worker] = seat.model_copy(update={"start_s": start_s})
                if start_s:
                    self._book.note(now_s, "worker_joined", f"{worker} joins")
        if seats:
            self._bus.write_seats(self._fence, seats)
            self._cluster.say(ControlMessage(kind="invite", run=self.run))

    def _fitting(self, free: Mapping[str, Member]) -> dict[str, Member]:
        wanted = self.plan.workers.labels.items()
        return {worker: member for worker, member in free.items() if wanted <= member.info.labels.items()}

    # -- while it runs

    def _hear(self, now_s: float) -> None:
        self._events_read, events = self._bus.events(self._events_read)
        for event in events:
            match event.kind:
                case WorkerEventKind.READY:
                    self._seating.ready(event.worker)
                case WorkerEventKind.REFUSED:
                    hint = f" ({event.hint})" if event.hint else ""
                    self._seating.refused(event.worker, f"{event.text}{hint}")
                    self._book.note_once(now_s, "worker_left", f"{event.worker} refuses the run: {event.text}{hint}")
                case WorkerEventKind.DONE:
                    self._seating.done(event.worker, event.sequence)

    def _follow_members(self, now_s: float, members: Mapping[str, Member], forgotten: Set[str]) -> None:
        for worker in self.guests():
            member, guest = members.get(worker), self._seating.guests[worker]
            if member is None:
                if worker not in forgotten:
                    self._lose(worker, now_s)
                continue
            guest.node, guest.weight = member.info.node, member.info.weight
            if member.info.leaving and self._seating.leaving(worker):
                self._book.note(now_s, "worker_left", f"{worker} leaves and gives its share back")

    def _lose(self, worker: str, now_s: float) -> None:
        share, carried_from_s = self._seating.lost(worker), self._seating.guests[worker].from_s
        self._book.note_once(now_s, "worker_lost", f"{worker} is lost")
        if self.record.started_at is None or carried_from_s is None:
            return
        since_s = now_s - self.record.started_at
        self._read(now_s)  # its supervisor may have sent what it left
        reported = self._accounts.reported(worker)
        if reported < since_s:
            self._book.fall_silent(worker, reported + 1 if reported >= 0 else int(carried_from_s), int(since_s))
        self._accounts.lose(worker, share, max(min(reported + 1.0, since_s), carried_from_s))
        self._write_record()  # first: once the seat is vacated, only the record knows its share
        vacated = self._seating.vacated(self.record.started_at, max(since_s, 0.0))
        self._bus.write_seats(self._fence, {worker: vacated})

    def _count_in(self, now_s: float) -> None:
        """Read frames, seal what can be sealed, and ask the guards."""
        assert self.record.started_at is not None  # noqa: S101 -- set before RUNNING is entered
        second = now_s - self.record.started_at
        self._read(now_s)
        self._accounts.seal(second, self._expected(), self._nodes())
        tripped = self._accounts.tripped
        if tripped is not None and self.record.stop is None:
            self._cluster.say(ControlMessage(kind="stop", run=self.run, mode=StopMode.NOW, reason=tripped.text))
            self.stop(now_s, StopMode.NOW, tripped.text, "guard")

    def _read(self, now_s: float) -> None:
        assert self.record.started_at is not None  # noqa: S101 -- set before any frame can come
        refused = self._book.refused(now_s, self._accounts.read(now_s - self.record.started_at))
        if refused:
            self._bus.quarantine(refused)

    def _expected(self) -> list[str]:
        """Workers whose frames a second waits for."""
        done = [w for w in self._seating.names(Place.DONE) if not self._holds_all(w)]
        return self._seating.names(Place.SEATED, Place.LEAVING) + done

    def _nodes(self) -> dict[str, str]:
        return {worker: guest.node for worker, guest in self._seating.guests.items()}

    def _holds_all(self, worker: str) -> bool:
        return self._accounts.holds_all(worker, self._seating.guests[worker].last_sequence)

    def _reseat(self, now_s: float) -> None:
        assert self.record.started_at is not None  # noqa: S101 -- set before RUNNING is entered
        from_s = now_s - self.record.started_at + NOTICE_S
        self._announce_epoch(self._seating.next_epoch(self.record.started_at, from_s), now_s)

    def _announce_epoch(self, seats: dict[str, Seat], now_s: float) -> None:
        if not seats:
            return
        self._bus.write_seats(self._fence, seats)
        self._cluster.say(ControlMessage(kind="epoch", run=self.run, epoch=self._seating.epoch))
        self.record.epoch = self._seating.epoch
        from_s = next(iter(seats.values())).from_s
        since_s = (self.record.started_at or now_s) + from_s
        self._book.note(since_s, "epoch", f"the load is shared by {_workers(len(self._seating.names(Place.SEATED)))}")
        self._accounts.served(from_s)

    # -- the end

    def _watch_load_end(self, now_s: float) -> None:
        assert self.record.started_at is not None  # noqa: S101 -- set before RUNNING is entered
        if now_s >= self.record.started_at + self._accounts.load_ends_s:
            self._book.enter(RunState.DRAINING, "the last shoppers finish")
        elif self._seating.names(Place.INVITED, Place.READY, Place.SEATED):
            self._orphaned_at_s = None
        elif self._orphaned_at_s is None:
            self._orphaned_at_s = now_s
        elif now_s - self._orphaned_at_s > ORPHANED_S:
            self._fail(now_s, "every worker of the run is gone")

    def _watch_end(self, now_s: float) -> None:
        assert self.record.started_at is not None  # noqa: S101 -- set before DRAINING is entered
        deadline_s = self.record.started_at + self._accounts.load_ends_s + self.plan.graceful_stop + DONE_PATIENCE_S
        for worker in self._seating.names(Place.INVITED, Place.READY):
            self._seating.dismiss(worker)
        if now_s > deadline_s:
            for worker in self._seating.names(Place.SEATED, Place.LEAVING):
                self._lose(worker, now_s)
        unsealed = [worker for worker in self._seating.names(Place.DONE) if not self._holds_all(worker)]
        if not self._seating.names(Place.SEATED, Place.LEAVING) and (not unsealed or now_s > deadline_s):
            for worker in unsealed:
                self._book.fall_silent(worker, self._accounts.reported(worker) + 1, int(now_s - self.record.started_at))
            self._finish(now_s)

    def _fail(self, now_s: float, why: str) -> None:
        self._cluster.say(ControlMessage(kind="stop", run=self.run, mode=StopMode.NOW, reason=why[:400]))
        since_s = 0.0 if self.record.started_at is None else max(0.0, now_s - self.record.started_at)
        self.record.stop = StopNote(by="failure", reason=why, at_s=since_s)
        self._accounts.end_load_at(since_s)
        self._finish(now_s)

    def _has_told_all(self, worker: str) -> bool:
        """Whether a worker that was thought lost came back and sent every frame."""
        return worker in self._seating.names(Place.DONE) and self._holds_all(worker)

    def _finish(self, now_s: float) -> None:
        if self.record.started_at is not None:
            given_up = [worker for worker in self._seating.guests if not self._has_told_all(worker)]
            self._accounts.close(now_s - self.record.started_at, self._nodes(), given_up)
        self.record.silences = [silence for silence in self.record.silences if not self._has_told_all(silence.worker)]
        self.record.workers = {
            worker: replace(totals, state=self._place_of(worker)) for worker, totals in self._accounts.totals.items()
        }
        self.record.verdict = self._accounts.verdict(self.record)
        self.record.ended_at = now_s
        self._book.note(now_s, "finished", f"{self.record.verdict.outcome}: {self.record.verdict.reason}")
        self._book.enter(RunState.FINISHED, self.record.verdict.reason)
        self._write_record()

    def _place_of(self, worker: str) -> str:
        return self._seating.guests[worker].place.value if worker in self._seating.guests else "stranger"

    def _with_labels(self) -> str:
        labels = ", ".join(f"{key}={value}" for key, value in self.plan.workers.labels.items())
        return f" with {labels}" if labels else ""


def _workers(count: int) -> str:
    return f"{count} worker{'' if count == 1 else 's'}"
