"""Builders of tallies and seconds for the tests of verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from types import SimpleNamespace

import pytest

from loadgen.latency import Histogram
from loadgen.plan.model import Plan
from loadgen.stats import FAILED, OK, ArrivalCounts, JourneyCounts, SecondRow, Series, SeriesKey, Tally


def series(times_ms: Iterable[float], late_ms: float = 0, reasons: Iterable[str] = ()) -> Series:
    times = [round(ms * 1000) for ms in times_ms]
    due = [value + round(late_ms * 1000) for value in times]
    return Series(Histogram.of(times), Histogram.of(due), 100 * len(times), Counter(reasons))


def key(
    step: str = "home", result: str = OK, journey: str = "Browser", name: str = "/", method: str = "GET"
) -> SeriesKey:
    return SeriesKey(journey, step, name, method, result)


def second(
    number: int,
    ok: int = 0,
    failed: dict[str, int] | None = None,
    *,
    in_flight: int = 0,
    started: int = 0,
    planned: int = 0,
    workers: int = 1,
    cpu: float = 0.1,
    lag_us: int = 100,
) -> SecondRow:
    """A second with requests of 10 ms, failures by reason, and whatever else is asked for."""
    tally = Tally(in_flight=in_flight)
    if ok:
        tally.series[key()] = series([10] * ok)
    lost = [reason for reason, count in (failed or {}).items() for _ in range(count)]
    if lost:
        tally.series[key(result=FAILED)] = series([10] * len(lost), reasons=lost)
    if started:
        tally.arrivals[0] = ArrivalCounts(started=started, lag=Histogram.of([50] * started))
        buyers = started * 3 // 10
        tally.journeys = {"Browser": JourneyCounts(started - buyers), "Buyer": JourneyCounts(buyers)}
    tally.sent = ok + len(lost)
    return SecondRow(number, planned=planned, tally=tally, workers=workers, cpu_max=cpu, loop_lag_max_us=lag_us)


@pytest.fixture
def make() -> SimpleNamespace:
    """``make.series``, ``make.key``, ``make.second``: tests cannot import a conftest."""
    return SimpleNamespace(series=series, key=key, second=second)


@pytest.fixture
def open_plan() -> Plan:
    return Plan.model_validate(
        {
            "name": "rehearsal",
            "target": {"base_url": "http://127.0.0.1:1"},
            "journeys": [
                {"file": "browse.py", "user": "Browser", "weight": 70},
                {"file": "buy.py", "user": "Buyer", "weight": 30},
            ],
            "load": [{"shape": [{"constant": {"at": "100/s", "for": "100s"}}]}],
        }
    )
