"""Builders of snapshots, and the exposition of one as a parsed page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from loadgen.latency import Histogram
from loadgen.messages import RunRecord, RunState, WorkerTotals
from loadgen.metrics import ClusterSnapshot, RunSnapshot
from loadgen.metrics.rendering import Rendering
from loadgen.plan.model import Plan
from loadgen.stats import (
    FAILED,
    OK,
    ArrivalCounts,
    JourneyCounts,
    SecondRow,
    Series,
    SeriesKey,
    StepCounts,
    Tally,
)


def plan(**changes: Any) -> Plan:
    written = {
        "name": "rehearsal",
        "target": {"base_url": "http://127.0.0.1:1"},
        "journeys": [
            {"file": "browse.py", "user": "Browser", "weight": 70},
            {"file": "buy.py", "user": "Buyer", "weight": 30},
        ],
        "load": [
            {"name": "visits", "shape": [{"ramp": {"from": "0/s", "to": "100/s", "over": "100s"}}]},
            {"name": "crew", "model": "closed", "shape": [{"constant": {"at": 20, "for": "100s"}}]},
        ],
    }
    return Plan.model_validate(written | changes)


def key(step: str = "home", result: str = OK, name: str = "/", journey: str = "Browser") -> SeriesKey:
    return SeriesKey(journey, step, name, "GET", result)


def series(times_us: Iterable[int], reasons: dict[str, int] | None = None) -> Series:
    times = Histogram.of(times_us)
    return Series(times, times, 100 * times.count, Counter(reasons or {}))


def row(second: int, started: int = 0, **changes: Any) -> SecondRow:
    """A second with so many arrivals in the first stream."""
    tally = changes.pop("tally", None) or Tally()
    if started:
        tally.arrivals[0] = ArrivalCounts(started=started)
    return SecondRow(second, tally=tally, planned=changes.pop("planned", started), **changes)


def run(rows: Iterable[SecondRow] = (), *, state: RunState = RunState.RUNNING, **changes: Any) -> RunSnapshot:
    """A run of some seconds; its totals are their sum."""
    rows = tuple(rows)
    total = Tally()
    for each in rows:
        total = total.then(each.tally)
    record = {"run": "r1", "name": "rehearsal", "state": state, "submitted_at": 1000.0, "started_at": 1002.5}
    record |= changes.pop("record", {})
    return RunSnapshot(
        record=RunRecord.model_validate(record),
        plan=changes.pop("plan", None) or plan(),
        total=changes.pop("total", total),
        planned=sum(each.planned for each in rows),
        recent=rows[-10:],
        places=changes.pop("places", {}),
        totals=changes.pop("totals", {}),
    )


def cluster(*runs: RunSnapshot, leading: bool = True) -> ClusterSnapshot:
    states, led_by = {"idle": 2, "busy": 3, "leaving": 0}, "c1" if leading else "c2"
    pushes = {"remote_write": (4, 1)}
    return ClusterSnapshot("c1", leading, 7, states, 1, runs, led_by=led_by, pushes=pushes)


def busy_run(**record: Any) -> RunSnapshot:
    """A run of one second in which something of everything happened."""
    tally = Tally(
        series={
            key(): series([10_000, 20_000, 30_000]),
            key(result=FAILED): series([500_000], {"timeout": 1}),
            key("payment", name="/pay", journey="Buyer"): series([1_500_000]),
        },
        arrivals={
            0: ArrivalCounts(started=9, late=2, dropped=1, missed=3, lag=Histogram.of([1_000] * 7 + [80_000] * 2))
        },
        shoppers=Counter({0: 4, 1: 20}),
        steps={("Buyer", "payment"): StepCounts(entered=5, completed=3, abandoned=Counter(slow=2))},
        journeys={"Browser": JourneyCounts(started=6, completed=4, failed=1)},
        counters=Counter({("Buyer", "orders"): 3, ("Buyer", "revenue_cents"): 12345}),
        devices=Counter({("Buyer", "mobile", "payment", "slow"): 2, ("Buyer", "mobile", "", "orders"): 3}),
        renamed=8,
    )
    totals = WorkerTotals(worker="node-1", requests=5, cpu_max=0.5, loop_lag_max_us=2500, rss_max_bytes=99)
    totals = replace(totals, coloured_seconds=1, coloured_requests=4, last_second=0, late=2)
    return run(
        [row(0, planned=13, tally=tally)],
        plan=plan(
            thresholds=["p(95) < 1s", "error_rate < 1%"], guards=["unavailable for 5s: stop"], devices={"mobile": 1}
        ),
        places={"node-1": "seated", "node-2": "lost"},
        totals={"node-1": totals},
        record={"quarantined": 6} | record,
    )


class Scrape:
    """What a scraper reads, parsed, with samples by name and labels."""

    def __init__(self, snapshot: ClusterSnapshot | None, now_s: float = 0.0) -> None:
        rendering = Rendering(lambda: snapshot, lambda: now_s)
        self.text = rendering.page("text/plain")[1].decode()
        self.openmetrics = rendering.page("application/openmetrics-text")[1].decode()
        self.families = {family.name: family for family in parse_text(self.text)}
        self._samples = [sample for family in self.families.values() for sample in family.samples]

    @property
    def openmetrics_families(self) -> list[Any]:
        return list(parse_openmetrics(self.openmetrics))

    def all(self, name: str) -> dict[tuple[str, ...], float]:
        """Values of a metric by the values of its labels, by the labels' names, ``run`` left out."""
        found = [sample for sample in self._samples if sample.name == name]
        values = {
            tuple(value for label, value in sorted(sample.labels.items()) if label != "run"): sample.value
            for sample in found
        }
        assert len(values) == len(found), "two samples with the same labels"
        return values

    def value(self, metric: str, /, **labels: str) -> float:
        """The value of one sample; its ``run`` may be left out while there is one run."""
        (found,) = (
            sample.value
            for sample in self._samples
            if sample.name == metric and labels in (sample.labels, _without_run(sample.labels))
        )
        return float(found)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._samples)


def _without_run(labels: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if name != "run"}


@pytest.fixture
def make() -> SimpleNamespace:
    """``make.run(…)``, ``make.cluster(…)``, …: tests cannot import a conftest."""
    return SimpleNamespace(
        plan=plan, key=key, series=series, row=row, run=run, cluster=cluster, busy_run=busy_run, scrape=Scrape
    )
