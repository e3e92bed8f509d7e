"""A run as a coordinator would have written it, a server of the live page that shows it, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from drawn import a_tally
from web.browsing import Surfing, chromium

from loadgen.bus import ClusterBus, RunBus, Sealing, connect
from loadgen.messages import RunEvent, RunRecord, RunSpec, RunState, WorkerTotals
from loadgen.plan.bundle import Bundle
from loadgen.plan.model import Plan
from loadgen.stats import SecondRow, Tally
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


def row(second: int, tally: Tally | None = None) -> SecondRow:
    return SecondRow(second, planned=5, tally=a_tally(Random(second)) if tally is None else tally, workers=1)


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
        events = [RunEvent(at_s=0.0, kind="started", text="<b>off it goes</b>")]
        told = {"name": "demo", "submitted_at": 1.0, "state": state, "events": events} | more
        self._bus.write_record(1, RunRecord(run=self.run, **told))

    def seal(self, seconds: int, tally: Tally | None = None, worker: str = "w1") -> None:
        rows = [row(self.sealed + n, tally) for n in range(seconds)]
        totals = {
            worker: WorkerTotals(worker, "here", sequence=1, first_second=0, last_second=self.sealed + seconds - 1)
        }
        self._bus.seal(1, Sealing(rows, {}, totals, self.sealed))
        self.sealed += seconds


@pytest.fixture
def written(bus) -> WrittenRun:
    return WrittenRun(bus)


@pytest.fixture
def serve(redis_url) -> Iterator:
    """Starts servers of the page, on free ports unless told; they stop with the test."""
    servers = []
    buses = []

    def opened():
        buses.append(connect(redis_url))
        return buses[-1]

    def start(address: str = "127.0.0.1", starting=None, port: int = 0, token: str = TOKEN) -> PageServer:
        server = PageServer(opened, port, Access(address, token), starting)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """One browser for a module's tests; each has pages of its own."""
    with chromium() as running:
        yield running


@pytest.fixture
def surfing(browser) -> Iterator[Surfing]:
    """A window of that browser that nobody has used, and everything it complains about."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Surfing(context)
    context.close()
