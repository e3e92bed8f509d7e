"""A run on stage: a real controller and a real Redis, hand-made workers, and time that a test moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from loadgen.bus import Bus, ClusterBus, RunBus
from loadgen.bus.cluster import Member
from loadgen.coordinator.controller import RunController
from loadgen.latency import Histogram
from loadgen.messages import (
    Frame,
    Health,
    RunSpec,
    RunState,
    Seat,
    WorkerEvent,
    WorkerEventKind,
    WorkerInfo,
    pack_tally,
)
from loadgen.plan.model import Plan
from loadgen.plan.planned import PlannedLoad
from loadgen.shapes.arrivals import EMPTY, Share
from loadgen.stats import FAILED, OK, ArrivalCounts, RunStats, Series, SeriesKey, Tally

TICK_S = 0.1
RUN = "demo-1"


@dataclass
class HandMade:
    """A worker that does what its seat says, in the test's time.

    Attributes:
        prepares: ready, refused, or nothing at all.
        answers: result of its requests; each shopper sends one.
        alive: whether it still does anything.
    """

    stage: Stage
    name: str
    prepares: str = "ready"
    answers: str = OK
    alive: bool = True
    epochs: list[tuple[float, Share]] = field(default_factory=list)
    seat: Seat | None = None
    sequence: int = 0
    next_second: int = 0
    done: bool = False
    gone: bool = False
    held: list[bytes] = field(default_factory=list)
    connected: bool = True

    def tick(self, now_s: float) -> None:
        if not self.alive or self.gone:
            return
        if self.connected:
            self._look_at_seat()
        if self.seat is not None and self.seat.epoch:
            elapsed = now_s - self.seat.start_s
            while not self.done and self._second_is_over(elapsed):
                self._report(last=self._is_out(elapsed))
        if self.connected:
            self._send()

    def _send(self) -> None:
        if self.held:
            self.stage.bus.send(self.name, self.held)
            self.held = []
        if self.done:
            self.say(WorkerEventKind.DONE, sequence=self.sequence)
            self.gone = True

    def say(self, kind: WorkerEventKind, **fields) -> None:
        self.stage.bus.tell(WorkerEvent(kind=kind, worker=self.name, **fields))

    def _look_at_seat(self) -> None:
        seat = self.stage.bus.seat(self.name)
        if seat is None or seat == self.seat:
            return
        if self.seat is None and self.prepares == "ready":
            self.say(WorkerEventKind.READY)
        elif self.seat is None and self.prepares == "refused":
            self.say(WorkerEventKind.REFUSED, text="another digest", hint="bring both to the same version", exit_code=4)
        self.seat = seat
        if seat.epoch:
            if not self.epochs:
                self.next_second = int(max(seat.from_s, 0))
            self.epochs = [epoch for epoch in self.epochs if epoch[0] < seat.from_s]
            self.epochs.append((seat.from_s, Share(seat.low, seat.high)))

    def _is_out(self, elapsed: float) -> bool:
        from_s, share = self.epochs[-1]
        return elapsed >= self.stage.load_ends_s or (share == EMPTY and elapsed >= from_s)

    def _second_is_over(self, elapsed: float) -> bool:
        return elapsed >= self.next_second + 1 or self._is_out(elapsed)

    def _report(self, last: bool) -> None:
        started = self._arrivals(self.next_second, self.next_second + 1)
        self.sequence += 1
        frame = Frame(
            RUN,
            self.name,
            self.sequence,
            self.next_second,
            self.seat.epoch,
            pack_tally(_tally(started, self.answers)),
            Health(),
            last,
        )
        self.held.append(frame.encode())
        self.next_second += 1
        self.done = last

    def _arrivals(self, start: float, end: float) -> int:
        ends = [from_s for from_s, _ in self.epochs[1:]] + [float("inf")]
        spans = [
            (max(start, from_s), min(end, to_s), share) for (from_s, share), to_s in zip(self.epochs, ends, strict=True)
        ]
        planned = self.stage.planned
        return sum(sum(planned.arrivals(*span).values()) for span in spans if span[0] < span[1])


def _tally(started: int, result: str) -> Tally:
    if not started:
        return Tally()
    times = Histogram.of([10_000] * started)
    reasons = Counter({"status_5xx": started}) if result == FAILED else Counter()
    return Tally(
        series={SeriesKey("Browser", "home", "/", "GET", result): Series(times, times, 100 * started, reasons)},
        arrivals={0: ArrivalCounts(started=started, lag=Histogram.of([50] * started))},
        sent=started,
    )


class Stage:
    """One run, its controller and its workers."""

    def __init__(self, bus: Bus, plan: Plan) -> None:
        self._bus = bus
        self.plan, self.planned = plan, PlannedLoad(plan)
        self.cluster, self.bus = ClusterBus(bus), RunBus(bus, RUN)
        self.now_s = 1000.0
        self.workers: dict[str, HandMade] = {}
        self.members: dict[str, Member] = {}
        digest = "0" * 64
        spec = RunSpec(
            run=RUN, plan=plan.model_dump_json(), submitted_at=1000.0, files={}, digest=digest, code="installed"
        )
        self.cluster.submit(spec, b"")
        self.fence = self.cluster.lead("one", 60).fence
        self.cluster.activate(RUN)
        self.control = self.cluster.control_position()
        self.controller = self.take_over()

    @property
    def load_ends_s(self) -> float:
        """When the workers were told to stop, or when the plan ends."""
        return self.planned.ends_s

    @property
    def record(self):
        return self.controller.record

    @property
    def state(self) -> RunState:
        return self.record.state

    def take_over(self) -> RunController:
        """A leader takes the run over, from what lies in Redis."""
        self.controller = RunController(self.cluster, RunBus(self._bus, RUN), self.fence, self.now_s)
        return self.controller

    def fail_over(self) -> None:
        """Another coordinator leads from now on."""
        self.cluster.resign(self.cluster.leader())
        self.fence = self.cluster.lead(f"leader {self.fence + 1}", 60).fence
        self.take_over()

    def join(self, name: str, prepares: str = "ready", answers: str = OK, **info) -> HandMade:
        self.members[name] = Member(WorkerInfo(worker=name, node="n1", pid=1, **info), float("inf"))
        self.workers[name] = HandMade(self, name, prepares, answers)
        return self.workers[name]

    def lose(self, name: str) -> None:
        """A worker dies: it sends nothing any more, and its lease is over."""
        self.workers[name].alive = False
        del self.members[name]

    def leave(self, name: str) -> None:
        """A worker says that it wants to leave."""
        member = self.members[name]
        self.members[name] = Member(member.info.model_copy(update={"leaving": True}), member.lease_until_s)

    def tick(self) -> None:
        self.now_s += TICK_S
        for worker in self.workers.values():
            worker.tick(self.now_s)
        for name, worker in self.workers.items():
            if worker.gone:
                self.members.pop(name, None)
        free = {name: member for name, member in self.members.items() if not self.controller.serves(name)}
        self.controller.tick(self.now_s, self.members, free)
        self._obey()

    def _obey(self) -> None:
        self.control, said = self.cluster.listen(self.control, 0)
        for _, message in said:
            if message.kind == "stop" and self.record.started_at is not None:
                self.planned.end_at(self.now_s - self.record.started_at)

    def until(self, condition, ticks: int = 600) -> None:
        for _ in range(ticks):
            if condition():
                return
            self.tick()
        raise AssertionError(f"did not happen: {self.record}")

    def until_second(self, second: float) -> None:
        self.until(lambda: self.record.started_at is not None and self.now_s - self.record.started_at >= second)

    def finish(self) -> None:
        self.until(lambda: self.controller.finished)

    def sealed(self) -> RunStats:
        """What everyone else sees of the run."""
        stats = RunStats()
        position, rows = self.bus.sealed("0-0")
        while rows:
            for row in rows:
                stats.add(row)
            position, rows = self.bus.sealed(position)
        return stats

    def kinds(self) -> list[str]:
        return [event.kind for event in self.record.events]
