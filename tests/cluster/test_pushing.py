"""Runs that nobody scrapes: their figures are sent, to a real Prometheus and to a receiver of OTLP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest
from cluster.harness import finish, reach, wait_until
from cluster.prometheus import Prometheus
from metrics.push.listening import Listening
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from loadgen.bus import ClusterBus
from loadgen.children import loadgen_command

EVERYTHING = "[10m]"


@pytest.fixture
def prometheus(tmp_path):
    """One that scrapes nobody and takes what it is sent."""
    one = Prometheus(tmp_path / "prometheus", [], "--web.enable-remote-write-receiver")
    try:
        wait_until(lambda: one.value("vector(1)") == 1, "Prometheus answers", 30)
        yield one
    finally:
        one.stop()


def plan_of(shop, seconds: int) -> dict:
    return {
        "name": "short",
        "target": {"base_url": shop.url},
        "journeys": [{"file": "looking.py", "user": "OnePage"}],
        "load": [{"shape": {"constant": {"at": "20/s", "for": f"{seconds}s"}}}],
    }


def run_here(cluster, shop, *args: str, **variables: str) -> tuple[subprocess.CompletedProcess, dict]:
    """A short run on this machine alone; what it said, and its summary."""
    told = cluster.folder / "run.json"
    plan = cluster.plan(plan_of(shop, 2))
    words = ["run", str(plan), "--workers", "1", "--no-web", "--json", str(told), *args]
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOADGEN_")} | variables
    done = subprocess.run(loadgen_command(*words), env=env, capture_output=True, text=True, timeout=90, check=False)
    assert told.exists(), done.stderr
    summary = json.loads(told.read_text())
    # A generator on a crowded machine may find itself too late; that is no business of these tests.
    assert (done.returncode, summary["outcome"]) in {(0, "passed"), (13, "invalid")}, done.stderr
    return done, summary


def test_a_run_shorter_than_a_scrape_is_in_prometheus_to_the_unit_and_then_its_series_end(cluster, prometheus):
    shop = cluster.shop()
    began = time.time()
    done, summary = run_here(cluster, shop, "--remote-write", f"{prometheus.url}/api/v1/write")

    assert "Warning" not in done.stderr
    requests = summary["totals"]["requests"]
    assert requests == 40 == shop.stats()["requests_total"]
    # It stands for a moment, then queries of the present show nothing: there is no value of five minutes ago.
    wait_until(lambda: not prometheus.values('{__name__=~"loadgen_.+"}'), "the series end", 15)
    assert prometheus.value(f"sum(last_over_time(loadgen_requests_total{EVERYTHING}))") == requests
    assert prometheus.value(f"sum(last_over_time(loadgen_request_duration_seconds_count{EVERYTHING}))") == requests
    everything = f'sum(last_over_time(loadgen_request_duration_seconds_bucket{{le="+Inf"}}{EVERYTHING}))'
    assert prometheus.value(everything) == requests
    assert prometheus.value(f'last_over_time(loadgen_run_state{{state="finished"}}{EVERYTHING})') == 1
    (shown,) = prometheus.seen("sum(loadgen_requests_total)", began, time.time()).values()
    assert shown[-1] == requests, "a chart ends with all of it"
    assert shown == sorted(shown)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_one_coordinator_leaves_another_goes_on_with_and_none_is_counted_twice(cluster, prometheus, number):
    shop = cluster.shop()
    url = f"{prometheus.url}/api/v1/write"
    both = [cluster.start("coordinator", "--remote-write", url, "--push-every", "1s", "--lease", "1") for _ in range(2)]
    cluster.workers(1)
    leader = wait_until(ClusterBus(cluster.bus).leader, "one leads")
    (leading,) = (child for child in both if f"-{child.pid}-" in leader)
    began = time.time()
    follower = cluster.submit(cluster.plan(plan_of(shop, 7)))
    reach(follower, 2)
    leading.send_signal(number)
    assert leading.wait(20) in {0, -signal.SIGKILL}
    total = finish(follower).stats.total

    assert total.requests == 140
    wait_until(lambda: prometheus.value("sum(loadgen_requests_total)") == 140, "the last figures are there")
    wait_until(lambda: prometheus.value("sum(loadgen_requests_total)") is None, "the run's series end")
    (states,) = prometheus.seen("sum(loadgen_run_state)", began, time.time()).values()
    assert max(states) == 1, "two of them showed the run at once"
    (requests,) = prometheus.seen("sum(loadgen_requests_total)", began, time.time()).values()
    assert requests == sorted(requests)
    who = prometheus.values(f"last_over_time(loadgen_leader{EVERYTHING})")
    assert len(who) == 2, "each said that it led"
    assert number == signal.SIGKILL or prometheus.value("count(loadgen_leader)") == 1, "the first one took it back"


def requests_told(body: bytes) -> int | None:
    """How many requests a body of OTLP tells of; None if it tells of none."""
    resources = ExportMetricsServiceRequest.FromString(body).resource_metrics
    metrics = [metric for resource in resources for metric in resource.scope_metrics[0].metrics]
    points = [point for one in metrics if one.name == "loadgen_requests_total" for point in one.sum.data_points]
    return sum(point.as_int for point in points) if points else None


def test_a_receiver_of_otlp_is_told_of_every_request(cluster):
    shop = cluster.shop()
    with Listening() as listening:
        done, summary = run_here(cluster, shop, "--otlp", listening.url, OTEL_EXPORTER_OTLP_HEADERS="x-tenant=shop")
        told = [count for _, _, body in listening.requests if (count := requests_told(body)) is not None]
        paths = {path for path, _, _ in listening.requests}
        tenants = {headers.get("x-tenant") for _, headers, _ in listening.requests}

    assert "Warning" not in done.stderr
    assert told == sorted(told)
    assert told[-1] == summary["totals"]["requests"] == 40
    assert (paths, tenants) == ({"/v1/metrics"}, {"shop"})


@pytest.mark.parametrize("trouble", ["away", "refuses", "hangs"])
def test_no_run_is_delayed_or_fails_because_a_receiver_is_in_trouble(cluster, trouble):
    shop = cluster.shop()
    with Listening(500) as listening:
        if trouble == "hangs":
            listening.holds.clear()
        host = "127.0.0.1:1" if trouble == "away" else listening.url.removeprefix("http://")
        done, summary = run_here(
            cluster,
            shop,
            "--otlp",
            f"http://{host}",
            LOADGEN_REMOTE_WRITE=f"http://ann:hunter2@{host}/api/v1/write",
            LOADGEN_REMOTE_WRITE_HEADERS="X-Secret=hunter2",
        )

    assert summary["totals"]["requests"] == 40, done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.startswith("Warning: ")]
    why = {"away": "it cannot be reached", "refuses": "it answered 500", "hangs": "did not answer"}[trouble]
    assert len(warnings) == 2, done.stderr
    assert all(f"http://{host}/" in line and why in line for line in warnings), warnings
    assert "hunter2" not in done.stderr + done.stdout
