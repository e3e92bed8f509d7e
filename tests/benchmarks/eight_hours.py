"""Whether a run of eight hours costs in its last hour what it cost in its first: in virtual time, with a real Redis.

The real controller is driven a second at a time; stand-ins send what they count, as in ``loadgen simulate``.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import psutil
from benchmarks.table import Table

from loadgen.bus import Bus, ClusterBus, EmbeddedServer, connect
from loadgen.bus.cluster import Member, Pulse
from loadgen.bus.crowd import CrowdRun
from loadgen.bus.keys import run_key
from loadgen.bus.load import server_load
from loadgen.coordinator.controller import RunController
from loadgen.messages import Health, RunSpec, WorkerEvent, WorkerEventKind, WorkerInfo
from loadgen.plan.model import Plan
from loadgen.plan.planned import arrivals_of
from loadgen.units import format_bytes, format_duration
from loadgen.worker.simulated.dealing import Dealer
from loadgen.worker.simulated.figures import JOURNEYS, Figures
from loadgen.worker.simulated.stand_in import StandIn

RUN = "eight-hours"
WORKERS = 8
REQUESTS = 100
"""Of each worker, a second."""

SERIES = 20
HOURS, QUICK_S = 8, 240


@dataclass(frozen=True)
class Look:
    """How things stood after so much of the run.

    Attributes:
        second: of the run.
        rss_bytes: of the process that holds the controller.
        redis_bytes: all memory of the server; ``sealed_bytes`` that of the sealed seconds.
        tick_us: CPU of one turn of the controller, on average since the look before.
    """

    second: int
    rss_bytes: int
    redis_bytes: int
    sealed_bytes: int
    tick_us: float


def measure(quick: bool) -> list[Table]:
    """A row for each hour, or for each minute."""
    seconds, every = (QUICK_S, 60) if quick else (3600 * HOURS, 3600)
    with EmbeddedServer() as server:
        bus = connect(server.url)
        looks = _Driven(bus, seconds).run(every)
        bus.close()
    first, last = looks[0], looks[-1]
    grown = (last.redis_bytes - first.redis_bytes) / (last.second - first.second)
    head = ["after", "coordinator", "more than after the first", "Redis", "of it sealed seconds", "CPU of a turn"]
    rows = [
        [
            format_duration(look.second),
            format_bytes(look.rss_bytes),
            f"{(look.rss_bytes - first.rss_bytes) / 1e6:+.1f} MB",
            format_bytes(look.redis_bytes),
            format_bytes(look.sealed_bytes),
            f"{look.tick_us:,.0f} µs",
        ]
        for look in looks
    ]
    note = (
        f"{WORKERS} stand-ins of {REQUESTS} requests/s in {SERIES} series, {format_duration(seconds)} of a run in "
        "virtual time; resident memory of the process that holds controller and stand-ins. Redis grows by "
        f"{format_bytes(grown)} for each second of the run, which is its sealed second: that depends on the series and "
        "the buckets they touch, hardly on the number of workers, and is given back a week after the run."
    )
    return [Table("eight-hours", head, rows, [note])]


class _Driven:
    """A run whose time is moved by us."""

    def __init__(self, bus: Bus, seconds: int) -> None:
        self._bus, self._cluster = bus, ClusterBus(bus)
        self._now_s = 1000.0
        plan = _plan(seconds)
        self._duration_s = plan.duration
        self._dealer, self._figures = Dealer(arrivals_of(plan)[0], len(JOURNEYS)), Figures(SERIES)
        spec = RunSpec(
            run=RUN, plan=plan.model_dump_json(), submitted_at=1000.0, files={}, digest="0" * 64, code="installed"
        )
        self._cluster.submit(spec, b"")
        fence = self._cluster.lead("one", 3600).fence
        self._cluster.activate(RUN)
        self._run = CrowdRun(bus, RUN)
        self._controller = RunController(self._cluster, self._run, fence, self._now_s)
        infos = [WorkerInfo(worker=f"w{number}", node="n", pid=1, run=RUN) for number in range(WORKERS)]
        self._members = {info.worker: Member(info, float("inf")) for info in infos}
        self._stand_ins = [StandIn(info) for info in infos]
        self._tick_s = 0.0

    def run(self, every: int) -> list[Look]:
        """The whole run; a look every so many seconds."""
        self._begin()
        started_at_s = self._controller.record.started_at or 0.0
        looks, looked_at = [], 0
        for second in range(1, int(self._duration_s) + 1):
            self._now_s = started_at_s + second
            self._frames(second)
            self._now_s += 0.05
            self._tick()
            self._ask()
            if second % every == 0:
                looks.append(self._look(second, second - looked_at))
                looked_at = second
        names = [stand_in.name for stand_in in self._stand_ins]
        done = [WorkerEvent(kind=WorkerEventKind.DONE, worker=name, sequence=int(self._duration_s)) for name in names]
        self._run.tell_all(done)
        for _ in range(5):
            self._now_s += 0.5
            self._tick()
        verdict = self._controller.record.verdict
        if verdict is None or verdict.outcome != "passed" or verdict.validity.verdict != "VALID":
            raise AssertionError(f"the run ended otherwise than it should: {verdict}")
        return looks

    def _begin(self) -> None:
        self._tick(free=True)
        ready = [WorkerEvent(kind=WorkerEventKind.READY, worker=each.name) for each in self._stand_ins]
        self._run.tell_all(ready)
        self._tick()
        for stand_in, seat in zip(self._stand_ins, self._run.seats_of(list(self._members)), strict=True):
            stand_in.beaten(Pulse(float("inf"), led=True, joined=True))
            stand_in.invited = True
            if seat is None or not seat.pieces:
                raise AssertionError(f"{stand_in.name} has no share")
            stand_in.seated(seat, 0.0)

    def _tick(self, *, free: bool = False) -> None:
        before_s = time.process_time()
        self._controller.tick(self._now_s, self._members, self._members if free else {})
        self._tick_s += time.process_time() - before_s

    def _frames(self, second: int) -> None:
        begun = [each.begin_frame(float(second), self._duration_s, stopped=False) for each in self._stand_ins]
        opened = [frame for frame in begun if frame is not None]
        for frame, came in zip(opened, self._dealer.count([each.dealt for each in opened]).tolist(), strict=True):
            frame.stand_in.end_frame(frame, RUN, came, 0, self._figures, Health(cpu=0.6, rss_bytes=10**8), 0.0)
        due = {each.name: (each, each.outbox.due()) for each in self._stand_ins}
        ids = self._run.send_all({name: [data for _, data in batch] for name, (_, batch) in due.items()})
        for name, (each, batch) in due.items():
            each.outbox.sent(dict(zip((number for number, _ in batch), ids[name], strict=True)), 0.0)

    def _ask(self) -> None:
        for each, upto in zip(self._stand_ins, self._run.sealed_sequences(list(self._members)), strict=True):
            each.outbox.sealed(upto, 0.0)

    def _look(self, second: int, ticks: int) -> Look:
        sealed = self._bus.client.memory_usage(run_key(RUN, "sealed"), samples=50) or 0
        tick_us, self._tick_s = 1e6 * self._tick_s / ticks, 0.0
        rss_bytes = psutil.Process(os.getpid()).memory_info().rss
        return Look(second, rss_bytes, server_load(self._bus).memory_bytes, int(str(sealed)), tick_us)


def _plan(seconds: int) -> Plan:
    return Plan.model_validate(
        {
            "name": RUN,
            "target": {"base_url": "http://127.0.0.1:1"},
            "journeys": [{"file": "simulated.py", "user": journey} for journey in JOURNEYS],
            "load": [{"shape": {"constant": {"at": f"{2 * WORKERS * REQUESTS / SERIES}/s", "for": f"{seconds}s"}}}],
            "thresholds": ["p(95) < 10s"],
            "guards": ["error_rate > 50% for 10s: stop"],
        }
    )
