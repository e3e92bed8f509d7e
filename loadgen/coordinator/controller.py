"""One run, driven by the leader: a thin loop over the pure parts.

:meth:`RunController.tick` is called some ten times a second. It hears what workers say, moves the run along its states,
takes frames in, seals seconds, asks the guards, and writes what changed under the leader's fence. It can be made
anew from Redis at any moment and goes on where the last leader stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from loadgen.bus import RunBus, Sealing
from loadgen.bus.cluster import ClusterBus, Member
from loadgen.coordinator.intake import Intake
from loadgen.coordinator.seating import NOTICE_S, Place, Seating
from loadgen.messages import (
    ControlMessage,
    RunEvent,
    RunRecord,
    RunState,
    Seat,
    Silence,
    StopMode,
    StopNote,
    WorkerEventKind,
)
from loadgen.metrics import RunSnapshot
from loadgen.plan.model import Plan
from loadgen.plan.planned import PlannedLoad
from loadgen.shapes.arrivals import Share
from loadgen.stats import ArrivalCounts, NameCap, RunStats, SecondRow, Tally
from loadgen.verdict import (
    GeneratorFacts,
    GeneratorSeconds,
    GuardResult,
    GuardWatch,
    StoppedBy,
    Unreported,
    assess,
    decide,
    judge,
)

log = logging.getLogger("loadgen.coordinator")

PREPARE_S: Final = 20.0
"""How long workers may take to fetch and import journey code before the run goes on without them."""

START_NOTICE_S: Final = 0.6
"""How far ahead a run's start lies, so that all workers start together."""

DONE_PATIENCE_S: Final = 10.0
"""How long after the last shopper may leave the coordinator waits for a worker's last frame."""

ORPHANED_S: Final = 10.0
"""How long a run goes on without any worker before it is given up: time for one to join."""

FRAMES_A_TICK: Final = 2000
"""Frames read in one step, so that the loop stays quick while it catches up."""

KEEP_S: Final = 300
"""Seconds kept in full for guards and live views; the rest lies sealed in Redis."""


class RunController:
    """Drives one run.

    Args:
        cluster: to speak to workers.
        bus: the run's part of the bus.
        fence: the leader's fencing number.
        now_s: cluster time.

    Raises:
        NotFoundError: the run is gone.
        MessageError: its spec is malformed.
        FencedError: a newer leader drives it.
    """

    def __init__(self, cluster: ClusterBus, bus: RunBus, fence: int, now_s: float) -> None:
        self._cluster, self._bus, self._fence = cluster, bus, fence
        spec = bus.spec()
        self.plan = Plan.model_validate_json(spec.plan)
        bus.claim(fence)
        self.record = bus.record() or RunRecord(run=spec.run, name=self.plan.name, submitted_at=spec.submitted_at)
        self.stats = RunStats(keep_s=KEEP_S)
        self._planned = PlannedLoad(self.plan)
        self._guards = GuardWatch(self.plan.guards, self.plan.duration)
        self._health = GeneratorSeconds(self.plan)
        self._tripped: GuardResult | None = None
        self._names = NameCap(self.plan.max_names)
        self._seating = Seating()
        self._unserved: list[tuple[Share, float]] = []
        self._missing: list[tuple[Share, float, float]] = []
        self._events_read = "0-0"
        self._frames_read = bus.position()
        self._since_s = now_s
        self._orphaned_at_s: float | None = None
        self._dirty = True
        self._resume()

    def _resume(self) -> None:
        if self.record.stop is not None:
            self._end_load_at(self.record.stop.at_s)
        position, rows = self._bus.sealed("0-0")
        while rows:
            for row in rows:
                self._take(row)
            position, rows = self._bus.sealed(position)
        self._intake = Intake(self._bus.totals(), self.stats.last_second + 1)
        self._seating.restore(self._bus.seats())

    # -- what the leader asks

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

    def snapshot(self) -> RunSnapshot:
        """What metrics show of this run; nothing in it changes afterwards."""
        return RunSnapshot(
            record=self.record.model_copy(),
            plan=self.plan,
            total=self.stats.total,
            planned=self.stats.planned,
            recent=tuple(self.stats.window(10)),
            places={worker: guest.place.value for worker, guest in self._seating.guests.items()},
            totals=dict(self._intake.totals),
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
        self._note(at_s, "stop_asked" if by == "person" else by, f"stopped ({mode}): {reason}")
        if self.record.started_at is None:
            self._finish(at_s)
            return
        self._end_load_at(since_s)
        self._enter(RunState.DRAINING, reason)

    def _end_load_at(self, at_s: float) -> None:
        self._planned.end_at(at_s)
        self._guards.end_at(at_s)

    def tick(self, now_s: float, members: Mapping[str, Member], free: Mapping[str, Member]) -> None:
        """Go one step further.

        Args:
            now_s: cluster time.
            members: all workers with a live lease.
            free: those of them that no run has taken.
        """
        self._hear()
        self._follow_members(now_s, members)
        match self.record.state:
            case RunState.QUEUED | RunState.WAITING:
                self._gather(now_s, free)
            case RunState.PREPARING:
                self._await_ready(now_s)
            case RunState.RUNNING:
                self._invite(free, now_s)
                self._count_in(now_s)
                self._reseat(now_s)
                self._watch_load_end(now_s)
            case RunState.DRAINING:
                self._count_in(now_s)
                self._watch_end(now_s)
            case RunState.FINISHED:
                pass
        if self._dirty:
            self._dirty = False
            self._bus.write_record(self._fence, self.record)

    # -- before the start

    def _gather(self, now_s: float, free: Mapping[str, Member]) -> None:
        wanted = self.plan.workers.count or 1
        fitting = self._fitting(free)
        if len(fitting) >= wanted:
            self._invite(free, now_s)
            self._note(now_s, "prepared", f"{_workers(len(self._seating.guests))} prepare the run")
            self._since_s = now_s
            self._enter(RunState.PREPARING, f"{_workers(len(self._seating.guests))} prepare the journeys")
            return
        waits = f"waits for {_workers(wanted)}{self._with_labels()}, {len(fitting)} free now"
        if self.record.state is RunState.QUEUED or self.record.detail != waits:
            self._enter(RunState.WAITING, waits)
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
            self._fail(now_s, f"no worker could prepare the run within {PREPARE_S:g} s")
            return
        start_s = now_s + START_NOTICE_S
        self.record.started_at = start_s
        self._note(start_s, "started", f"{_workers(len(ready))} start together")
        self._enter(RunState.RUNNING, "")
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
                    self._note(now_s, "worker_joined", f"{worker} joins")
        if seats:
            self._bus.write_seats(self._fence, seats)
            self._cluster.say(ControlMessage(kind="invite", run=self.run))

    def _fitting(self, free: Mapping[str, Member]) -> dict[str, Member]:
        wanted = self.plan.workers.labels.items()
        return {worker: member for worker, member in free.items() if wanted <= member.info.labels.items()}

    # -- while it runs

    def _hear(self) -> None:
        self._events_read, events = self._bus.events(self._events_read)
        for event in events:
            match event.kind:
                case WorkerEventKind.READY:
                    self._seating.ready(event.worker)
                case WorkerEventKind.REFUSED:
                    hint = f" ({event.hint})" if event.hint else ""
                    self._seating.refused(event.worker, f"{event.text}{hint}")
                case WorkerEventKind.DONE:
                    self._seating.done(event.worker, event.sequence)

    def _follow_members(self, now_s: float, members: Mapping[str, Member]) -> None:
        for worker in self._seating.names(Place.INVITED, Place.READY, Place.SEATED, Place.LEAVING):
            member = members.get(worker)
            if member is None:
                self._lose(worker, now_s)
            elif member.info.leaving and self._seating.guests[worker].place is not Place.LEAVING:
                self._seating.leaving(worker)
                if self._seating.guests[worker].place is Place.LEAVING:
                    self._note(now_s, "worker_left", f"{worker} leaves and gives its share back")

    def _lose(self, worker: str, now_s: float) -> None:
        share = self._seating.lost(worker)
        self._note(now_s, "worker_lost", f"{worker} is lost")
        if self.record.started_at is not None:
            silent_from = self._intake.reported(worker) + 1
            last = int(now_s - self.record.started_at)
            if last >= silent_from:
                self.record.silences.append(Silence(worker=worker, first_second=silent_from, last_second=last))
            if share.hi > share.lo:
                self._unserved.append((share, float(silent_from)))

    def _count_in(self, now_s: float) -> None:
        """Read frames, seal what can be sealed, and ask the guards."""
        assert self.record.started_at is not None  # noqa: S101 -- set before RUNNING is entered
        second = now_s - self.record.started_at
        self._frames_read, good, bad = self._bus.frames(self._frames_read, FRAMES_A_TICK)
        for entry_id, frame in good:
            why = self._intake.take(entry_id, frame, second)
            if why:
                bad.append((frame.encode(), f"{frame.worker}: {why}"))
        if bad:
            self.record.quarantined += len(bad)
            self._bus.quarantine(bad)
            self._note(now_s, "quarantined", f"{len(bad)} frames refused: {bad[0][1]}")
        fresh = self._intake.next_second
        before = dict(self._intake.totals)
        rows = [self._planned_in(row, fresh) for row in self._intake.seal(second, self._expected())]
        rows += self._missed_by_lost()
        moved = {worker: t for worker, t in self._intake.totals.items() if before.get(worker) is not t}
        if rows or moved:
            self._bus.seal(self._fence, Sealing(rows, self._intake.position(), moved))
        for row in rows:
            self._take(row, now_s)

    def _planned_in(self, row: SecondRow, fresh_from: int) -> SecondRow:
        row.tally = _capped(row.tally, self._names)
        if row.second >= fresh_from:
            row.planned = self._planned.planned(row.second)
            row.users_planned = self._planned.users(row.second)
        return row

    def _take(self, row: SecondRow, now_s: float | None = None) -> None:
        self.stats.add(row)
        self._health.add(row)
        tripped = self._guards.observe(row)
        # While resuming (now_s is None) nothing is said: a guard that tripped is acted on by the next tick.
        self._tripped = self._tripped or tripped
        if self._tripped is not None and now_s is not None and self.record.stop is None:
            tripped = self._tripped
            self._cluster.say(ControlMessage(kind="stop", run=self.run, mode=StopMode.NOW, reason=tripped.text))
            self.stop(now_s, StopMode.NOW, tripped.text, "guard")

    def _expected(self) -> list[str]:
        """Workers whose frames a second waits for."""
        done = [w for w in self._seating.names(Place.DONE) if not self._holds_all(w)]
        return self._seating.names(Place.SEATED, Place.LEAVING) + done

    def _holds_all(self, worker: str) -> bool:
        return self._intake.holds_all(worker, self._seating.guests[worker].last_sequence)

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
        self._note(since_s, "epoch", f"the load is shared by {_workers(len(self._seating.names(Place.SEATED)))}")
        self._served_again(from_s)

    def _served_again(self, from_s: float) -> None:
        self._missing += [(share, silent_from_s, from_s) for share, silent_from_s in self._unserved]
        self._unserved = []

    def _missed_by_lost(self) -> list[SecondRow]:
        """Arrivals that fell between a worker's last report and the shares that replaced it."""
        rows = []
        for share, from_s, to_s in self._missing:
            counts = self._planned.arrivals(from_s, to_s, share)
            missed = {stream: ArrivalCounts(missed=n) for stream, n in counts.items() if n}
            if missed:
                rows.append(SecondRow(int(from_s), tally=Tally(arrivals=missed)))
        self._missing.clear()
        return rows

    # -- the end

    def _watch_load_end(self, now_s: float) -> None:
        assert self.record.started_at is not None  # noqa: S101 -- set before RUNNING is entered
        if now_s >= self.record.started_at + self._planned.ends_s:
            self._enter(RunState.DRAINING, "the last shoppers finish")
        elif self._seating.names(Place.INVITED, Place.READY, Place.SEATED):
            self._orphaned_at_s = None
        elif self._orphaned_at_s is None:
            self._orphaned_at_s = now_s
        elif now_s - self._orphaned_at_s > ORPHANED_S:
            self._fail(now_s, "every worker of the run is gone")

    def _watch_end(self, now_s: float) -> None:
        assert self.record.started_at is not None  # noqa: S101 -- set before DRAINING is entered
        deadline_s = self.record.started_at + self._planned.ends_s + self.plan.graceful_stop + DONE_PATIENCE_S
        for worker in self._seating.names(Place.INVITED):
            self._seating.refused(worker, "the run ended before it was ready")
        if now_s > deadline_s:
            for worker in self._seating.names(Place.SEATED, Place.LEAVING, Place.READY):
                self._lose(worker, now_s)
        awaited = self._seating.names(Place.SEATED, Place.LEAVING, Place.READY)
        unsealed = [worker for worker in self._seating.names(Place.DONE) if not self._holds_all(worker)]
        if not awaited and (not unsealed or now_s > deadline_s):
            for worker in self._seating.names(Place.LOST):
                self._intake.give_up(worker)
            self._served_again(self._planned.ends_s)
            self._count_in(now_s)
            self._finish(now_s)

    def _fail(self, now_s: float, why: str) -> None:
        self._cluster.say(ControlMessage(kind="stop", run=self.run, mode=StopMode.NOW, reason=why[:400]))
        since_s = 0.0 if self.record.started_at is None else now_s - self.record.started_at
        self.record.stop = StopNote(by="failure", reason=why, at_s=since_s)
        self._finish(now_s)

    def _finish(self, now_s: float) -> None:
        totals = self._intake.totals
        for worker, guest in self._seating.guests.items():
            if worker in totals:
                totals[worker] = totals[worker].model_copy(update={"state": guest.place.value})
        duration_s = max(self._planned.ends_s, 1e-9)
        facts = GeneratorFacts(
            quarantined=self.record.quarantined,
            unreported=tuple(Unreported(s.worker, s.first_second, s.last_second) for s in self.record.silences),
            clock_error_us=max((t.clock_error_us for t in totals.values()), default=0),
        )
        stop = self.record.stop
        self.record.verdict = decide(
            stop.by if stop else None,
            self._guards.results(),
            judge(self.plan.thresholds, self.stats, duration_s),
            assess(self.plan, self.stats, self._health, facts),
            stop.reason if stop else "",
        )
        self.record.workers = totals
        self.record.ended_at = now_s
        self._note(now_s, "finished", f"{self.record.verdict.outcome}: {self.record.verdict.reason}")
        self._enter(RunState.FINISHED, self.record.verdict.reason)
        self._bus.write_record(self._fence, self.record)
        self._dirty = False
        self._cluster.say(ControlMessage(kind="end", run=self.run))
        self._cluster.retire(self.run)
        self._bus.expire()

    # -- notes

    def _enter(self, state: RunState, detail: str) -> None:
        self.record.state, self.record.detail = state, detail
        self._dirty = True
        log.info("run %s: %s%s", self.run, state, f" ({detail})" if detail else "")

    def _note(self, at_s: float, kind: str, text: str) -> None:
        since_s = round(at_s - (self.record.started_at or at_s), 3)
        self.record.events.append(RunEvent(at_s=since_s, kind=kind, text=text))
        self._dirty = True

    def _with_labels(self) -> str:
        labels = ", ".join(f"{key}={value}" for key, value in self.plan.workers.labels.items())
        return f" with {labels}" if labels else ""


def _workers(count: int) -> str:
    return f"{count} worker{'' if count == 1 else 's'}"


def _capped(tally: Tally, cap: NameCap) -> Tally:
    """The tally with names beyond the run's cap folded together, cluster-wide."""
    renamed = {key: key._replace(name=cap(key.name)) for key in tally.series}
    if all(key == new for key, new in renamed.items()):
        return tally
    parts = [Tally(series={renamed[key]: series}) for key, series in tally.series.items()]
    folded = Tally.merged(parts).series
    tally.series = folded
    tally.renamed += sum(key != new for key, new in renamed.items())
    return tally
