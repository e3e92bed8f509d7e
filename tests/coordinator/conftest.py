"""Builders of frames and plans for the tests of the coordinator."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest
from coordinator.leading import Cluster
from coordinator.stage import Stage

from loadgen.latency import Histogram
from loadgen.messages import Frame, Health, pack_tally
from loadgen.plan.model import Plan
from loadgen.stats import OK, ArrivalCounts, Series, SeriesKey, Tally


def tally(requests: int = 1, *, started: int = 0, shoppers: int = 0, name: str = "/", in_flight: int = 0) -> Tally:
    """Requests of 10 ms and shoppers that started."""
    times = Histogram.of([10_000] * requests)
    series = {SeriesKey("Browser", "home", name, "GET", OK): Series(times, times, 100 * requests)} if requests else {}
    arrivals = {0: ArrivalCounts(started=started, lag=Histogram.of([50] * started))} if started else {}
    return Tally(series=series, arrivals=arrivals, shoppers=Counter({0: shoppers}), sent=requests, in_flight=in_flight)


def frame(
    worker: str, sequence: int, second: int, requests: int = 1, *, last: bool = False, lengthened=0.0, **more
) -> Frame:
    """A frame of one second."""
    health = Health(0.25, 0, 10 * sequence, 100 * sequence, lengthened, 1000, clock_error_us=50)
    counted = pack_tally(more.pop("tally", None) or tally(requests, **more))
    return Frame("r", worker, sequence, second, 1, counted, health, last)


def plan(**changes) -> Plan:
    """Ten shoppers a second for ten seconds."""
    fields = {
        "name": "demo",
        "target": {"base_url": "http://127.0.0.1:1"},
        "journeys": [{"file": "browse.py", "user": "Browser"}],
        "load": [{"shape": {"constant": {"at": "10/s", "for": "10s"}}}],
        "graceful_stop": "5s",
    }
    return Plan.model_validate(fields | changes)


@pytest.fixture
def make() -> SimpleNamespace:
    """``make.tally``, ``make.frame``, ``make.plan``: tests cannot import a conftest."""
    return SimpleNamespace(tally=tally, frame=frame, plan=plan)


@pytest.fixture
def stage(bus, make):
    """A run of ten shoppers a second for ten seconds; keyword arguments change its plan."""
    return lambda **changes: Stage(bus, make.plan(**changes))


@pytest.fixture
def cluster(bus, make) -> Cluster:
    """Coordinators on one Redis."""
    return Cluster(bus, make)
