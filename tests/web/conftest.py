"""A run as a coordinator would have written it, and a server of the live page that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from types import SimpleNamespace

import pytest
from drawn import a_tally

from loadgen.bus import ClusterBus, RunBus, Sealing, connect
from loadgen.messages import RunEvent, RunRecord, RunSpec, RunState, WorkerTotals
from loadgen.plan.bundle import Bundle
from loadgen.plan.model import Plan
from loadgen.stats import SecondRow
from loadgen.web import Access, PageServer

TOKEN = "a-token-for-tests"

PLAN = Plan.model_validate(
    {
        "name": "demo",
        "target": {"base_url": "http://127.0.0.1:1"},
        "journeys": [{"file": "browse.py", "user": "Browser"}],
        "load": [{"shape": {"constant": {"at": "5/s", "for": "30s"}}}],
        "thresholds": ["error_rate < 1%"],
        "guards": ["error_rate > 90% for 5s: stop"],
    }
)


def row(second: int) -> SecondRow:
    return SecondRow(second, planned=5, tally=a_tally(Random(second)), workers=1)


class WrittenRun:
    """A run in Redis, driven by the test."""

    def __init__(self, bus, name: str = "demo-1") -> None:
        self.run, self.sealed = name, 0
        self._bus = RunBus(bus, name)
        spec = RunSpec(
            run=name,
            plan=PLAN.model_dump_json(),
            submitted_at=1.0,
            files={},
            digest=Bundle({}).digest,
            code="installed",
        )
        ClusterBus(bus).submit(spec, b"")
        self._bus.claim(1)
        self.record(RunState.RUNNING)

    def record(self, state: RunState, **more) -> None:
        written = RunRecord(
            run=self.run,
            name="demo",
            submitted_at=1.0,
            state=state,
            events=[RunEvent(at_s=0.0, kind="started", text="<b>off it goes</b>")],
            **more,
        )
        self._bus.write_record(1, written)

    def seal(self, seconds: int) -> None:
        rows = [row(self.sealed + n) for n in range(seconds)]
        totals = {"w1": WorkerTotals("w1", "here", sequence=1, first_second=0, last_second=self.sealed + seconds - 1)}
        self._bus.seal(1, Sealing(rows, {}, totals, self.sealed))
        self.sealed += seconds


@pytest.fixture
def written(bus) -> WrittenRun:
    return WrittenRun(bus)


@pytest.fixture
def serve(redis_url) -> Iterator:
    """Starts servers of the page on free ports; they stop with the test."""
    servers = []
    buses = []

    def opened():
        buses.append(connect(redis_url))
        return buses[-1]

    def start(address: str = "127.0.0.1", starting=None) -> SimpleNamespace:
        server = PageServer(opened, 0, Access(address, TOKEN), starting)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()
