"""Every query of every dashboard, and what it shows, on real Prometheus servers that watch a real run.

One run for all tests here, seen by two Prometheus: with native histograms and without. A worker was killed in it, and a
guard has stopped it.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from cluster.harness import Cluster, finish, reach, wait_until
from cluster.panels import DASHBOARDS, asked, plan_in, queries, query_of
from cluster.prometheus import NATIVE, Prometheus
from cluster.scraping import coordinator

from loadgen.bus import EmbeddedServer
from loadgen.latency import Histogram
from loadgen.metrics.buckets import BOUNDS_US
from loadgen.stats import Tally

KINDS = pytest.mark.parametrize("kind", ["classic", "native"])

STEP_QUANTILES = {"G": 0.5, "H": 0.95, "I": 0.99}
"""Queries of the table of steps."""

RECENT_QUANTILES = {"A": 0.5, "B": 0.9, "C": 0.95, "D": 0.99, "E": 0.999}
"""Queries of the true percentiles of the last ten seconds."""

NATIVE_WITHIN = 0.015


@pytest.fixture(scope="module")
def watched(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """A run in which a worker was lost and a guard stopped the rest, with two Prometheus that have seen all of it."""
    folder = tmp_path_factory.mktemp("watched")
    by: dict[str, Prometheus] = {}
    with EmbeddedServer() as server:
        cluster = Cluster(folder, server.url)
        try:
            yield run_of(cluster, by)
        except BaseException:
            print(cluster.logs())  # noqa: T201 -- shown by pytest with the failure
            raise
        finally:
            for prometheus in by.values():
                prometheus.stop()
            cluster.stop()


def run_of(cluster: Cluster, by: dict[str, Prometheus]) -> SimpleNamespace:
    """The run, from its begin to its end; ``by`` takes the Prometheus servers as they are started."""
    folder, shop = cluster.folder, cluster.shop()
    shop.fault(kind="error", step="product", share=0.1)
    _, metrics = coordinator(cluster)
    cluster.nodes(2, "--lease", "1")
    for kind, flags in (("classic", ()), ("native", (NATIVE,))):
        by[kind] = Prometheus(folder / kind, [metrics], *flags)
    for prometheus in by.values():
        prometheus.wait()
    follower = cluster.submit(plan_in(folder, shop.url))
    reach(follower, 5)
    victim, info = next((name, member.info) for name, member in cluster.members().items() if member.info.run)
    os.kill(info.pid, signal.SIGKILL)
    reach(follower, 9)
    shop.fault(kind="error", share=1.0)
    finish(follower)
    report = folder / "report.json"
    cluster.call("report", follower.record.run, "--json", str(report))
    over = f'loadgen_run_state{{run="{follower.record.run}", state="finished"}}'
    for prometheus in by.values():
        wait_until(lambda: prometheus.value(over) == 1, "Prometheus has seen the end")  # noqa: B023
    return SimpleNamespace(
        run=follower.record.run,
        victim=victim,
        total=follower.stats.total,
        seconds=[row.tally.service() for row in follower.stats.timeline()],
        report=json.loads(report.read_text()),
        since=follower.record.started_at - 1,
        until=follower.record.ended_at + 6,
        by=by,
    )


def at_the_end(watched: SimpleNamespace, kind: str, title: str, name: str = "overview") -> float:
    """The figure that a panel shows at the end."""
    value = watched.by[kind].value(asked(query_of(name, title), watched.run))
    assert value is not None, title
    return value


def over_time(watched: SimpleNamespace, kind: str, query: str) -> dict[str, list[float]]:
    """What a query drew through the run, by the value of its label; "" when it has none."""
    seen = watched.by[kind].seen(asked(query, watched.run), watched.since, watched.until)
    return {dict(labels).popitem()[1] if labels else "": numbers for labels, numbers in seen.items()}


@KINDS
def test_every_query_of_every_panel_returns_data(watched: SimpleNamespace, kind: str) -> None:
    empty = [place for place, query in queries() if not over_time(watched, kind, query)]
    assert not empty
    assert [rule for rule in watched.by[kind].rules() if rule["health"] != "ok"] == []


def test_the_two_prometheus_hold_histograms_of_different_kinds(watched: SimpleNamespace) -> None:
    buckets = "count(loadgen_request_duration_seconds_bucket)"
    assert watched.by["classic"].value(buckets) > 0
    assert watched.by["native"].value(buckets) is None, "every query must have a second form"


@KINDS
def test_requests_visits_orders_and_revenue_are_those_of_the_report_to_the_unit(
    watched: SimpleNamespace, kind: str
) -> None:
    business = watched.report["business"]["total"]
    assert business["orders"] > 0
    requests = watched.report["totals"]["requests"]
    assert at_the_end(watched, kind, "Requests") == requests == watched.total.requests
    assert at_the_end(watched, kind, "Visits") == business["visits"]
    assert at_the_end(watched, kind, "Orders") == business["orders"]
    assert round(at_the_end(watched, kind, "Revenue") * 100) == business["revenue_cents"]


@KINDS
def test_percentiles_by_step_are_the_runs_own(watched: SimpleNamespace, kind: str) -> None:
    """Within the bucket by classic histograms, within 1.5 % by native ones."""
    for ref, quantile in STEP_QUANTILES.items():
        steps = watched.by[kind].values(asked(query_of("overview", "Steps", ref), watched.run))
        assert len(steps) > 5
        for labels, value_s in steps.items():
            step = dict(labels)["step"]
            low, high = near_s(watched.total, step, quantile)
            if kind == "classic":
                low, high = bucket_around(low, high)
            within = NATIVE_WITHIN if kind == "native" else 0.01
            assert low * (1 - within) <= value_s <= high * (1 + within), (step, quantile, value_s, low, high)


def near_s(total: Tally, step: str, quantile: float) -> tuple[float, float]:
    """Between which times a step's quantile lies: of a few values, between those beside it."""
    times = Histogram.merged([series.service for key, series in total.series.items() if key.step == step])
    near = 1.5 / times.count
    found = (times.quantile_us(q) / 1e6 for q in (max(0.0, quantile - near), min(1.0, quantile + near)))
    low, high = found
    return low, high


def bucket_around(low_s: float, high_s: float) -> tuple[float, float]:
    """The bounds of the classic buckets in which two times lie."""
    bounds_s = [bound / 1e6 for bound in BOUNDS_US]
    return (
        max((bound for bound in bounds_s if bound <= low_s), default=0.0),
        min(bound for bound in bounds_s if bound >= high_s),
    )


@KINDS
def test_every_percentile_that_was_ever_drawn_is_that_of_ten_sealed_seconds(
    watched: SimpleNamespace, kind: str
) -> None:
    ends = range(1, len(watched.seconds) + 1)
    spans = [times for end in ends if (times := Histogram.merged(watched.seconds[max(0, end - 10) : end]))]
    for ref, quantile in RECENT_QUANTILES.items():
        query = query_of("overview", "Percentiles", ref)
        assert f'quantile="{quantile}"' in query
        drawn = over_time(watched, kind, query)[""]
        true_s = [times.quantile_us(quantile) / 1e6 for times in spans]
        assert len(set(drawn)) > 1
        assert not [value for value in drawn if value not in map(pytest.approx, true_s)], (drawn, true_s)


@KINDS
def test_a_worker_that_was_killed_shows_as_such(watched: SimpleNamespace, kind: str) -> None:
    assert at_the_end(watched, kind, "Workers lost", "generator-health") == 1
    places = over_time(watched, kind, query_of("generator-health", "Workers of the run"))
    assert (places["lost"][0], places["lost"][-1]) == (0, 1)
    assert max(places["seated"]) == 2

    ages = over_time(watched, kind, query_of("generator-health", "Frame age"))
    silent_s = ages.pop(watched.victim)
    assert max(silent_s) > max(map(max, ages.values())), "it is silent from then on"
    query = asked(query_of("generator-health", "Requests per second"), watched.run)
    drawn = watched.by[kind].drawn(query, watched.since, watched.until)
    by_worker = {dict(labels)["worker"]: rates for labels, rates in drawn.items()}
    of_victim = by_worker.pop(watched.victim)
    assert max(of_victim.values()) > 0
    idle = {at_s for at_s, rate in of_victim.items() if rate == 0}
    assert any(rates.get(at_s, 0) > 0 for rates in by_worker.values() for at_s in idle), "others go on without it"

    lost = f'ALERTS{{alertname="LoadgenWorkerLost", run="{watched.run}", alertstate="firing"}}'
    wait_until(lambda: watched.by[kind].value(lost) == 1, "the alert of the lost worker fires", 20)


@KINDS
def test_what_happened_is_marked_once(watched: SimpleNamespace, kind: str) -> None:
    for event in DASHBOARDS["overview"]["annotations"]["list"]:
        marks = watched.by[kind].seen(asked(event["expr"], watched.run), watched.since, watched.until)
        assert len(marks) == 1, f"{event['name']}: {marks}"
