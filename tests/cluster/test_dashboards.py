"""Every query of every dashboard, and what it shows, on a real Prometheus that watches a real run."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from cluster.harness import finish, reach, wait_until
from cluster.prometheus import JOB, NATIVE, Prometheus
from cluster.scraping import coordinator

from loadgen.latency import Histogram
from loadgen.metrics.buckets import BOUNDS_US
from loadgen.stats import Tally

ROOT = Path(__file__).parents[2]
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "deploy/grafana/json").glob("*.json")}
RATE_INTERVAL = "4s"
"""Grafana makes it four scrape intervals."""

CHOICES = re.compile(r"^(?:label_values\((.+), \w+\)|query_result\((.+)\))$")
"""Where a variable's choices come from: Grafana's words around a query."""

STEP_QUANTILES = {"G": 0.5, "H": 0.95, "I": 0.99}
"""Queries of the table of steps."""

QUICK = """
from abandoned import CartAbandoner
from buy import GuestBuyer

from loadgen.journey import constant


class QuickBuyer(GuestBuyer):
    think = constant(0.05)


class QuickAbandoner(CartAbandoner):
    think = constant(0.05)
"""


def plan_in(folder: Path, shop_url: str) -> Path:
    """A plan of buyers in a hurry, in which everything happens that a dashboard can show."""
    shutil.copytree(ROOT / "journeys", folder / "journeys")
    (folder / "journeys" / "quick.py").write_text(QUICK)
    plan = {
        "name": "watched",
        "target": {"base_url": shop_url, "dialect": "journeys/dialects/demo.py"},
        "journeys": [
            {"file": "journeys/quick.py", "user": "QuickBuyer", "weight": 3},
            {"file": "journeys/quick.py", "user": "QuickAbandoner", "weight": 1},
        ],
        "load": [
            {"name": "steady", "shape": {"constant": {"at": "4/s", "for": "60s"}}},
            {"name": "always", "model": "closed", "shape": {"constant": {"at": 2, "for": "60s"}}},
        ],
        "apdex": "500ms",
        "thresholds": ["p(95) < 10s", "error_rate < 2%"],
        "guards": ["error_rate > 90% for 2s: stop"],
        "graceful_stop": "5s",
    }
    path = folder / "watched.json"
    path.write_text(json.dumps(plan))
    return path


@pytest.fixture
def watching(tmp_path) -> Iterator[Callable[..., Prometheus]]:
    """Start a Prometheus that scrapes some coordinators."""
    started = []

    def start(name: str, targets: list[str], *flags: str) -> Prometheus:
        started.append(Prometheus(tmp_path / name, targets, *flags))
        return started[-1]

    yield start
    for prometheus in started:
        prometheus.stop()


@pytest.fixture
def watched(cluster, watching, tmp_path) -> SimpleNamespace:
    """A run in which a worker was lost and a guard stopped the rest, with two Prometheus that have seen all of it."""
    shop = cluster.shop()
    shop.fault(kind="error", step="product", share=0.1)
    _, metrics = coordinator(cluster)
    cluster.nodes(2, "--lease", "1")
    by = {"classic": watching("classic", [metrics]), "native": watching("native", [metrics], NATIVE)}
    for prometheus in by.values():
        prometheus.wait()
    follower = cluster.submit(plan_in(tmp_path, shop.url))
    reach(follower, 5)
    victim = next(member for member in cluster.members().values() if member.info.run)
    os.kill(victim.info.pid, signal.SIGKILL)
    reach(follower, 9)
    shop.fault(kind="error", share=1.0)
    finish(follower)
    report = tmp_path / "report.json"
    cluster.call("report", follower.record.run, "--json", str(report))
    over = f'loadgen_run_state{{run="{follower.record.run}", state="finished"}}'
    for prometheus in by.values():
        wait_until(lambda: prometheus.value(over) == 1, "Prometheus has seen the end")  # noqa: B023
    return SimpleNamespace(
        run=follower.record.run,
        total=follower.stats.total,
        seconds=[row.tally.service() for row in follower.stats.timeline()],
        report=json.loads(report.read_text()),
        since=follower.record.started_at - 1,
        until=follower.record.ended_at + 6,
        by=by,
    )


def asked(query: str, run: str) -> str:
    """A query as Grafana sends it."""
    chosen = {
        "job": JOB,
        "run": run,
        "step": "product",
        "quantile": "0.95",
        "__rate_interval": RATE_INTERVAL,
        "__range": "5m",
    }
    return re.sub(r"\$(\w+)", lambda found: chosen[found[1]], query)


def queries() -> Iterator[tuple[str, str]]:
    """Where each query stands, and its text."""
    for name, dashboard in DASHBOARDS.items():
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                yield f"{name}: {panel['title']} ({target['refId']})", target["expr"]
        for event in dashboard["annotations"]["list"]:
            yield f"{name}: {event['name']}", event["expr"]
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                yield (
                    f"{name}: ${variable['name']}",
                    CHOICES.sub(lambda found: found[1] or found[2], variable["definition"]),
                )


def query_of(name: str, title: str, ref: str = "A") -> str:
    """The text of one query."""
    (panel,) = (panel for panel in DASHBOARDS[name]["panels"] if "targets" in panel and panel["title"] == title)
    (target,) = (target for target in panel["targets"] if target["refId"] == ref)
    return target["expr"]


def shown(prometheus: Prometheus, watched: SimpleNamespace, title: str) -> float:
    """The figure that a panel of the overview shows at the end."""
    value = prometheus.value(asked(query_of("overview", title), watched.run))
    assert value is not None, title
    return value


def test_every_panel_shows_something_and_figures_are_those_of_the_report(watched: SimpleNamespace) -> None:
    for kind, prometheus in watched.by.items():
        empty = [
            place
            for place, query in queries()
            if not prometheus.seen(asked(query, watched.run), watched.since, watched.until)
        ]
        assert not empty, f"{kind}: {empty}"

        business = watched.report["business"]["total"]
        assert business["orders"] > 0
        assert shown(prometheus, watched, "Requests") == watched.report["totals"]["requests"] == watched.total.requests
        assert shown(prometheus, watched, "Visits") == business["visits"]
        assert shown(prometheus, watched, "Orders") == business["orders"]
        assert round(shown(prometheus, watched, "Revenue") * 100) == business["revenue_cents"]

        for ref, quantile in STEP_QUANTILES.items():
            steps = prometheus.values(asked(query_of("overview", "Steps", ref), watched.run))
            assert len(steps) > 5
            for labels, value in steps.items():
                assert_within_its_bucket(watched.total, dict(labels)["step"], quantile, value)
        assert_true_percentiles(prometheus, watched)
        lost = f'ALERTS{{alertname="LoadgenWorkerLost", run="{watched.run}", alertstate="firing"}}'
        wait_until(lambda: prometheus.value(lost) == 1, "the alert of the lost worker fires", 20)  # noqa: B023
        assert [rule for rule in prometheus.rules() if rule["health"] != "ok"] == []
        for event in DASHBOARDS["overview"]["annotations"]["list"]:
            marks = prometheus.seen(asked(event["expr"], watched.run), watched.since, watched.until)
            assert len(marks) == 1, f"{kind}: {event['name']}: {marks}"


def assert_true_percentiles(prometheus: Prometheus, watched: SimpleNamespace) -> None:
    """Every p95 that the overview ever drew is that of ten sealed seconds of the run (fewer at its begin)."""
    asked_for = asked(query_of("overview", "Percentiles", "C"), watched.run)
    assert 'quantile="0.95"' in asked_for
    (drawn,) = prometheus.seen(asked_for, watched.since, watched.until).values()
    ends = range(1, len(watched.seconds) + 1)
    spans = [Histogram.merged(watched.seconds[max(0, end - 10) : end]) for end in ends]
    true_s = [times.quantile_us(0.95) / 1e6 for times in spans if times]
    assert len(set(drawn)) > 5
    assert not [value for value in drawn if value not in map(pytest.approx, true_s)], (drawn, true_s)


def assert_within_its_bucket(total: Tally, step: str, quantile: float, value_s: float) -> None:
    """A step's quantile of the histogram lies in the bucket of the true one; of a few values, of its neighbours."""
    times = Histogram.merged([series.service for key, series in total.series.items() if key.step == step])
    near = 1.5 / times.count
    low_us, high_us = times.quantile_us(max(0.0, quantile - near)), times.quantile_us(min(1.0, quantile + near))
    low = max((bound for bound in BOUNDS_US if bound <= low_us), default=0)
    high = min(bound for bound in BOUNDS_US if bound >= high_us)
    assert low / 1.01 <= value_s * 1e6 <= high * 1.01, (step, quantile, value_s, low_us, high_us)
