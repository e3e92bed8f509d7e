"""A run on stage: a real controller and a real Redis, hand-made workers, and time that a test moves."""

from __future__ import annotations

from collections.abc import Callable

from coordinator.troupe import LEASE_S, RUN, HandMade

from loadgen.bus import Bus, ClusterBus, RunBus
from loadgen.bus.cluster import Member
from loadgen.coordinator.controller import RunController
from loadgen.messages import ControlMessage, RunSpec, RunState, StopMode, WorkerInfo
from loadgen.plan.model import Plan
from loadgen.plan.planned import arrivals_of
from loadgen.stats import OK, RunStats

TICK_S = 0.1

__all__ = ["RUN", "LeaderDiedError", "Stage", "codes"]


class LeaderDiedError(Exception):
    """At a write, before it or after it."""


class _MortalRun(RunBus):
    """What the leader writes to a run, and may die of."""

    def __init__(self, bus: Bus, fate: Callable[[], None]) -> None:
        super().__init__(bus, RUN)
        self._fate = fate

    def _write(self, write, *args):
        self._fate()
        answer = write(*args)
        self._fate()
        return answer

    def write_record(self, *args):
        return self._write(super().write_record, *args)

    def write_seats(self, *args):
        return self._write(super().write_seats, *args)

    def announce(self, *args):
        return self._write(super().announce, *args)

    def seal(self, *args):
        return self._write(super().seal, *args)

    def hear(self, *args):
        return self._write(super().hear, *args)


class Stage:
    """One run, its controller and its workers.

    Attributes:
        log: who started which arrival when: instant, worker, stream, cell, place on the axis.
        leases: whether a worker that is not heard of is lost after a while; else a test says who is.
        fate: called before and after each write of the leader; raises when it dies there.
        led: whether a coordinator leads.
        stop_said: whether the workers were told to stop.
    """

    def __init__(self, bus: Bus, plan: Plan, *, leases: bool = False) -> None:
        self._bus, self.plan, self.leases = bus, plan, leases
        self.arrivals = arrivals_of(plan)
        self.starts = {stream: plan.load[stream].start for stream in self.arrivals}
        self.durations = {stream: plan.load[stream].shape.duration for stream in self.arrivals}
        self.log: list[tuple[float, str, int, int, float]] = []
        self.fate: Callable[[], None] = lambda: None
        self.led, self.stop_said = True, False
        self.cluster, self.bus = ClusterBus(bus), RunBus(bus, RUN)
        self.now_s = 1000.0
        self.workers: dict[str, HandMade] = {}
        self.members: dict[str, Member] = {}
        self._known: dict[str, Member] = {}
        self._asked_at_s: float | None = None
        self._lease_until_s: dict[str, float] = {}
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
    def record(self):
        return self.controller.record

    @property
    def state(self) -> RunState:
        return self.record.state

    # -- leaders

    def take_over(self) -> RunController:
        """A leader takes the run over, from what lies in Redis."""
        run = _MortalRun(self._bus, self._meet_fate)
        self.controller = RunController(self.cluster, run, self.fence, self.now_s)
        self.led = True
        return self.controller

    def _meet_fate(self) -> None:
        self.fate()

    def fail_over(self) -> None:
        """Another coordinator leads from now on."""
        self.cluster.resign(self.cluster.leader())
        self.fence = self.cluster.lead(f"leader {self.fence + 1}", 60).fence
        self.take_over()
        self._obey()

    def stop(self) -> None:
        """A person stops the run."""
        self.cluster.say(ControlMessage(kind="stop", run=RUN))
        self._asked_at_s = self.now_s
        self._obey()

    def _obey(self) -> None:
        """A new leader hears again what was said while nobody led, and a little before."""
        if self._asked_at_s is not None:
            try:
                self.controller.stop(self._asked_at_s, StopMode.GRACEFUL, "enough", "person")
            except LeaderDiedError:
                self.led = False

    # -- workers

    def join(self, name: str, prepares: str = "ready", answers: str = OK, **info) -> HandMade:
        self.members[name] = self._known[name] = Member(WorkerInfo(worker=name, node="n1", pid=1, **info), float("inf"))
        self.workers[name] = HandMade(self, name, prepares, answers)
        self.beat(name)
        return self.workers[name]

    def beat(self, name: str) -> bool:
        """A worker renews its lease; whether it had been taken off the list."""
        self._lease_until_s[name] = self.now_s + LEASE_S
        joined = name not in self.members
        self.members[name] = self._known[name]
        return joined

    def lose(self, name: str) -> None:
        """A machine dies: it sends nothing any more, and its lease is over."""
        self.workers[name].alive = False
        del self.members[name]

    def kill(self, name: str) -> None:
        """A process dies: its supervisor sends what it left, and reports it."""
        self.workers[name].bequeath()
        self.members.pop(name, None)

    def leave(self, name: str) -> None:
        """A worker says that it wants to leave."""
        info = self.members[name].info.model_copy(update={"leaving": True})
        self.members[name] = self._known[name] = Member(info, float("inf"))

    # -- time

    def tick(self) -> None:
        self.now_s += TICK_S
        for worker in self.workers.values():
            worker.tick(self.now_s)
        for name, worker in self.workers.items():
            if worker.gone or (self.leases and self._lease_until_s[name] < self.now_s):
                self.members.pop(name, None)
        if self.led:
            self._lead()

    def _lead(self) -> None:
        free = {name: member for name, member in self.members.items() if not self.controller.serves(name)}
        try:
            self.controller.tick(self.now_s, dict(self.members), free)
        except LeaderDiedError:
            self.led = False
        self.control, said = self.cluster.listen(self.control, 0)
        self.stop_said |= any(message.kind == "stop" for _, message in said) and self.record.started_at is not None

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

    # -- what everyone else sees

    def sealed(self) -> RunStats:
        """All that is sealed."""
        stats = RunStats()
        position, rows = self.bus.sealed("0-0")
        while rows:
            for row in rows:
                stats.add(row)
            position, rows = self.bus.sealed(position)
        return stats

    def kinds(self) -> list[str]:
        return [event.kind for event in self.record.events]


def codes(verdict) -> set[str]:
    """What speaks against the generator."""
    return {reason.code for reason in verdict.validity.reasons}
