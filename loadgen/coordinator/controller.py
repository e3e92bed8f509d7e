"""One run, driven by the leader: a thin loop over the pure parts.

:meth:`RunController.tick` is called some ten times a second. It hears what workers say, moves the run along its states,
takes frames in, seals seconds, asks the guards, and writes what changed under the leader's fence. It can be made
anew from Redis at any moment and goes on where the last leader stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Final

from loadgen.bus import RunBus
from loadgen.bus.cluster import ClusterBus, Member
from loadgen.coordinator.accounts import Accounts
from loadgen.coordinator.epochs import Epochs
from loadgen.coordinator.logbook import Logbook
from loadgen.coordinator.recruiting import Recruiter, so_many_workers
from loadgen.coordinator.seating import PRESENT, Place, Seating, Turn
from loadgen.messages import (
    ControlMessage,
    Piece,
    RunRecord,
    RunState,
    StopMode,
    StopNote,
    WorkerEvent,
    WorkerEventKind,
    WorkerTotals,
)
from loadgen.metrics import RunSnapshot
from loadgen.shapes.arrivals import EMPTY
from loadgen.stats import SecondRow
from loadgen.verdict import StoppedBy

START_NOTICE_S: Final = 0.6
"""How far ahead a run's start lies, so that all workers start together."""

DONE_PATIENCE_S: Final = 10.0
"""How long after the last shopper may leave the coordinator waits for a worker's last frame."""

LAST_WORDS_S: Final = 5.0
"""How long the end of a run waits for what lost workers may still have to tell: a machine that was cut off may be back,
a supervisor may find what a dead one left."""

SURELY_GONE_S: Final = 0.1
"""So long after a worker was found gone nobody can have been started by it: more than any two clocks differ."""

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
        self._epochs = Epochs(cluster, bus, fence, self._seating)
        self._take_over(now_s)
        self._events_read = "0-0"
        self._recruiter = Recruiter(cluster, bus, fence, self.plan, self._seating, self._book, now_s)
        self._orphaned_at_s: float | None = None
        self._complete_at_s: float | None = None
        self._followed: tuple[Mapping[str, Member] | None, tuple[str, ...]] = (None, ())

    def _take_over(self, now_s: float) -> None:
        """Set right what an earlier leader may have begun and not ended: it may have died between any two writes."""
        turn = self._epochs.restore([entry.worker for entry in self.record.losses], now_s)
        if self.record.state is RunState.RUNNING and not self._seating.epoch:
            self.record.started_at = None  # nobody was given a share, so it has not begun
            self._book.enter(RunState.PREPARING, "it starts again")
        self._settle(turn)
        if self._seating.guests and not self.finished:
            for kind in ("invite", "epoch"):
                self._cluster.say(ControlMessage(kind=kind, run=self.run))

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

    def guests(self) -> tuple[str, ...]:
        """The workers that are expected to be there."""
        return self._seating.names(*PRESENT)

    def known(self) -> tuple[int, dict[str, tuple[Piece, ...]], list[SecondRow], dict[str, WorkerTotals]]:
        """The latest epoch; what those carried who are still to send their last frame; what is sealed; who did what."""
        bearers = self._seating.names(Place.SEATED, Place.LEAVING)
        carried = {worker: self._seating.guests[worker].pieces for worker in bearers}
        return self._seating.epoch, carried, self._accounts.sealed(), self._accounts.totals

    def snapshot(self) -> RunSnapshot:
        """What metrics show of this run; nothing in it changes afterwards."""
        return RunSnapshot(
            record=self.record.model_copy(update={"events": list(self.record.events)}),
            plan=self.plan,
            total=self._accounts.stats.total,
            planned=self._accounts.stats.planned,
            recent=tuple(self._accounts.stats.window(10)),
            places=self._seating.places(),
            totals=dict(self._accounts.totals),
            guards=self._accounts.guards(),
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
        since_s = self._ends_at(at_s)
        self.record.stop = StopNote(by=by, reason=reason, at_s=since_s)
        self._book.note(at_s, "stop_asked" if by == "person" else by, f"stopped ({mode}): {reason}")
        if self.record.started_at is None:
            self._finish(at_s)
            return
        self._accounts.end_load_at(since_s)
        self._book.enter(RunState.DRAINING, reason)
        self._write_record()  # before any second is sealed of which less is planned now

    def retire(self) -> None:
        """Let go of a finished run: its workers may go, its keys expire."""
        self._cluster.say(ControlMessage(kind="end", run=self.run))
        self._bus.expire()  # first: nobody looks at a run that is off the list
        self._cluster.retire(self.run)

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
        self._settle(self._epochs.look(now_s))
        self._hear(now_s)
        self._follow_members(now_s, members, forgotten)
        match self.record.state:
            case RunState.QUEUED | RunState.WAITING:
                if why := self._recruiter.gather(now_s, free):
                    self._fail(now_s, why)
            case RunState.PREPARING:
                self._begin_when_ready(now_s)
            case RunState.RUNNING:
                self._count_in(now_s)
                self._watch_load_end(now_s)
                if self.record.state is RunState.RUNNING:
                    self._recruiter.invite(now_s, free)
                    self._reseat(now_s)
            case RunState.DRAINING:
                self._count_in(now_s)
                self._watch_end(now_s)
        if self._book.unwritten:
            self._write_record()

    def _write_record(self) -> None:
        self._bus.write_record(self._fence, self.record)
        self._book.unwritten = False

    # -- before the start

    def _begin_when_ready(self, now_s: float) -> None:
        ready, why_not = self._recruiter.ready(now_s)
        if why_not:
            self._fail(now_s, why_not)
        if not ready:
            return
        start_s = now_s + START_NOTICE_S
        self.record.started_at = start_s
        self.record.shards = self._bus.spread_for(ready)
        self._book.note(start_s, "started", f"load begins on {so_many_workers(ready)}")
        self._book.enter(RunState.RUNNING, "")
        self._write_record()  # first: workers that have begun must not meet a leader who does not know of it
        self._settle(self._epochs.begin(start_s))

    # -- while it runs

    def _hear(self, now_s: float) -> None:
        self._events_read, events = self._bus.events(self._events_read)
        while events:  # all of them: whoever has said its last word may be off the list when it is looked at next
            for event in events:
                self._take_word(event, now_s)
            self._events_read, events = self._bus.events(self._events_read)

    def _take_word(self, event: WorkerEvent, now_s: float) -> None:
        match event.kind:
            case WorkerEventKind.READY:
                self._seating.ready(event.worker)
            case WorkerEventKind.REFUSED:
                hint = f" ({event.hint})" if event.hint else ""
                self._seating.refused(event.worker, f"{event.text}{hint}")
                self._book.note_once(now_s, "worker_left", f"{event.worker} refuses the run: {event.text}{hint}")
            case WorkerEventKind.DONE:
                self._see_off(event.worker, event.sequence, now_s)

    def _follow_members(self, now_s: float, members: Mapping[str, Member], forgotten: Set[str]) -> None:
        if members is self._followed[0] and self.guests() is self._followed[1]:
            return
        self._followed = (None, ()) if forgotten else (members, self.guests())
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
        self._settle(self._epochs.go_on_without(worker))
        self._seating.lost(worker)
        self._book.note_once(now_s, "worker_lost", f"{worker} is lost")
        pieces = self._seating.guests[worker].pieces
        if self.record.started_at is None or not pieces:
            return
        since_s = now_s - self.record.started_at
        self._read(now_s)  # its supervisor may have sent what it left
        reported = self._accounts.reported(worker)
        if reported < since_s:
            self._book.fall_silent(worker, reported + 1 if reported >= 0 else int(pieces[0].from_s), int(since_s))
        self._leave_undone(worker, since_s)
        vacated = self._seating.vacated(worker, self.record.started_at, max(since_s, 0.0) + SURELY_GONE_S)
        self._bus.write_seats(self._fence, {worker: vacated})

    def _see_off(self, worker: str, last_sequence: int, now_s: float) -> None:
        """A worker has sent its last frame; mostly it gave its share back before, or the load is over."""
        self._settle(self._epochs.go_on_without(worker))
        if not self._seating.done(worker, last_sequence) or self._seating.guests[worker].share == EMPTY:
            return
        if self.record.state is RunState.RUNNING and self.record.started_at is not None:
            self._read(now_s)
            self._leave_undone(worker, now_s - self.record.started_at)

    def _leave_undone(self, worker: str, since_s: float) -> None:
        if self._accounts.lose(worker, self._seating.guests[worker].pieces, since_s + SURELY_GONE_S):
            self._write_record()  # before its seat is vacated, and before others get its share

    def _count_in(self, now_s: float) -> None:
        """Read frames, seal what can be sealed, and ask the guards."""
        assert self.record.started_at is not None  # noqa: S101 -- set before RUNNING is entered
        second = now_s - self.record.started_at
        self._read(now_s)
        sealed_to = self._accounts.sealed_to
        self._accounts.seal(second, self._expected(), self._node_of)
        if self._accounts.sealed_to > sealed_to:
            self._book.judged(self._accounts.validity(self.record))
        tripped = self._accounts.tripped
        if tripped is not None and self.record.stop is None:
            self._cluster.say(ControlMessage(kind="stop", run=self.run, mode=StopMode.NOW, reason=tripped.text))
            self.stop(now_s, StopMode.NOW, tripped.text, "guard")

    def _read(self, now_s: float) -> None:
        assert self.record.started_at is not None  # noqa: S101 -- set before any frame can come
        refused = self._book.refused(now_s, self._accounts.read(now_s - self.record.started_at))
        if refused:
            self._bus.quarantine(refused)

    def _expected(self) -> tuple[str, ...]:
        """Workers whose frames a second waits for."""
        done = tuple(w for w in self._seating.names(Place.DONE) if not self._holds_all(w))
        return self._seating.names(Place.SEATED, Place.LEAVING) + done

    def _node_of(self, worker: str) -> str:
        guest = self._seating.guests.get(worker)
        return guest.node if guest else ""

    def _holds_all(self, worker: str) -> bool:
        return self._accounts.holds_all(worker, self._seating.guests[worker].last_sequence)

    def _reseat(self, now_s: float) -> None:
        assert self.record.started_at is not None  # noqa: S101 -- set before RUNNING is entered
        self._settle(self._epochs.step(self.record.started_at, now_s, self._accounts.dealt_to_s))

    def _settle(self, turn: Turn | None) -> None:
        """The shares of an epoch hold; a new leader may be told so again."""
        if turn is None or turn.epoch <= self.record.epoch or self.record.started_at is None:
            return
        self.record.epoch = turn.epoch
        since_s = self.record.started_at + turn.from_s
        self._book.note(since_s, "epoch", f"the load is shared by {so_many_workers(turn.bearers)}")
        self._accounts.served(turn.from_s)
        self._write_record()  # before another epoch is announced, which would be the latest then

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
        if self._seating.names(Place.SEATED, Place.LEAVING) or (unsealed and now_s <= deadline_s):
            return
        self._complete_at_s = self._complete_at_s or now_s
        if now_s <= min(deadline_s, self._complete_at_s + LAST_WORDS_S) and self._some_may_still_tell():
            return
        for worker in unsealed:
            self._book.fall_silent(worker, self._accounts.reported(worker) + 1, int(now_s - self.record.started_at))
        self._finish(now_s)

    def _some_may_still_tell(self) -> bool:
        """Whether anybody was lost of whom not everything is known."""
        return any(not self._has_told_all(silence.worker) for silence in self.record.silences)

    def _fail(self, now_s: float, why: str) -> None:
        self._cluster.say(ControlMessage(kind="stop", run=self.run, mode=StopMode.NOW, reason=why[:400]))
        since_s = self._ends_at(now_s)
        for worker in self._seating.names(Place.SEATED, Place.LEAVING):
            self._book.fall_silent(worker, self._accounts.reported(worker) + 1, int(since_s))
        self.record.stop = StopNote(by="failure", reason=why, at_s=since_s)
        self._accounts.end_load_at(since_s)
        self._finish(now_s)

    def _ends_at(self, at_s: float) -> float:
        """When the load ends that is stopped now, seconds since the start; what is sealed stays planned."""
        return 0.0 if self.record.started_at is None else max(self._accounts.sealed_to, at_s - self.record.started_at)

    def _has_told_all(self, worker: str) -> bool:
        """Whether every frame of a worker that was thought lost has come: its own, or those found where it had been."""
        totals = self._accounts.totals.get(worker)
        ended = totals is not None and totals.ended
        return ended or (worker in self._seating.names(Place.DONE) and self._holds_all(worker))

    def _finish(self, now_s: float) -> None:
        if self.record.started_at is not None:
            given_up = [worker for worker in self._seating.guests if not self._has_told_all(worker)]
            carried = {worker: guest.pieces for worker, guest in self._seating.guests.items()}
            self._accounts.close(now_s - self.record.started_at, self._node_of, given_up, carried)
        self.record.silences = [silence for silence in self.record.silences if not self._has_told_all(silence.worker)]
        places, totals = self._seating.places(), self._accounts.totals
        self.record.workers = {w: replace(known, state=places.get(w, "stranger")) for w, known in totals.items()}
        self.record.verdict = self._accounts.verdict(self.record)
        self._book.judged(self.record.verdict.validity)
        self.record.ended_at = now_s
        self._book.note(now_s, "finished", f"{self.record.verdict.outcome}: {self.record.verdict.reason}")
        self._book.enter(RunState.FINISHED, self.record.verdict.reason)
        self._write_record()
