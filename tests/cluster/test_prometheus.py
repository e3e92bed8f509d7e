"""A real Prometheus scrapes a real run: what it shows is what the run says of itself."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cluster.harness import finish, wait_until
from cluster.prometheus import NATIVE, Prometheus
from cluster.scraping import coordinator
from deploy.debian import program

from loadgen.bus import EmbeddedServer
from loadgen.metrics.buckets import BOUNDS_US

QUANTILES = (0.5, 0.95, 0.99)
NATIVE_WITHIN = 0.015
DURATION, STEP = "loadgen_request_duration_seconds", "loadgen_step_duration_seconds"

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
(IN_EVERY_SETUP,) = re.findall(
    r"^ +(histogram_quantile.* or histogram_quantile.*)$", PAGE.read_text("utf-8"), re.MULTILINE
)
"""The page's query."""


@pytest.fixture(scope="module")
def redis_url():
    with EmbeddedServer() as server:
        yield server.url


@pytest.fixture
def prometheus_of(tmp_path):
    """Start Prometheus servers."""
    running = []

    def start(name: str, *targets: str, native: bool) -> Prometheus:
        running.append(Prometheus(tmp_path / name, list(targets), *([NATIVE] if native else [])))
        running[-1].wait()
        return running[-1]

    yield start
    for one in running:
        one.stop()


def buying(shop) -> dict:
    return {
        "name": "buying",
        "target": {"base_url": shop.url},
        "journeys": [{"file": "buying.py", "user": "Buyer"}],
        "load": [{"shape": {"constant": {"at": "30/s", "for": "6s"}}}],
        "thresholds": ["error_rate < 1%"],
        "guards": ["error_rate > 50% for 5s: stop"],
        "graceful_stop": "5s",
    }


def bucket_of(us: float) -> tuple[float, float]:
    """The classic bucket in which a latency lies, seconds."""
    upper = next(bound for bound in BOUNDS_US if us < bound)
    lower = max((bound for bound in BOUNDS_US if bound < upper), default=0)
    return lower / 1e6, upper / 1e6


def assert_counted_to_the_unit(prometheus: Prometheus, total) -> None:
    assert prometheus.value("sum(loadgen_requests_total)") == total.requests
    assert prometheus.value('sum(loadgen_requests_total{result="failed"})') == total.failures
    assert prometheus.value("sum(loadgen_failures_total)") == total.failures
    assert prometheus.value("loadgen_response_bytes_total") == total.response_bytes
    for name in ("visits", "orders", "revenue_cents", "carts"):
        counted = total.counters["Buyer", name]
        assert prometheus.value(f'sum(loadgen_business_total{{name="{name}"}})') == counted, name
    started = prometheus.value('sum(loadgen_arrivals_total{outcome="started"})')
    assert started == total.arrivals_total().started


def test_prometheus_shows_what_the_run_says_of_itself(cluster, prometheus_of):
    shop = cluster.shop()
    shop.fault(kind="slow", share=0.1, ms=150)
    _, url = coordinator(cluster)
    cluster.workers(2)
    target = urlsplit(url).netloc
    classic = prometheus_of("classic", target, native=False)
    native = prometheus_of("native", target, native=True)
    follower = finish(cluster.submit(cluster.plan(buying(shop))))
    total = follower.stats.total
    assert total.requests > 300
    for prometheus in (classic, native):
        wait_until(
            lambda prometheus=prometheus: prometheus.value('loadgen_run_state{state="finished"}') == 1,
            "the end is seen",
        )
        assert_counted_to_the_unit(prometheus, total)
        assert prometheus.value(IN_EVERY_SETUP.replace("$__rate_interval", "1m")) == pytest.approx(
            total.service().quantile_us(0.95) / 1e6, rel=math.sqrt(2) - 1
        )
        assert prometheus.value("loadgen_guard_window_seconds") == 5

    # Which of the two forms is there is the scraper's choice.
    assert classic.value(f"count({DURATION}_bucket)") > 0
    assert native.value(f"count({DURATION}_bucket)") is None
    assert native.value(f"histogram_count(sum({DURATION}))") == total.requests
    assert native.value(f"histogram_sum(sum({DURATION}))") == pytest.approx(total.service().sum_us / 1e6)
    for q in QUANTILES:
        own = total.service().quantile_us(q)
        lower, upper = bucket_of(own)
        assert lower <= classic.value(f"histogram_quantile({q}, sum by (le) ({DURATION}_bucket))") <= upper
        assert native.value(f"histogram_quantile({q}, sum({DURATION}))") == pytest.approx(own / 1e6, rel=NATIVE_WITHIN)
        for step in ("look", "buy"):
            of_step = total.steps["Buyer", step].time.quantile_us(q)
            shown = native.value(f'histogram_quantile({q}, {STEP}{{step="{step}"}})')
            assert shown == pytest.approx(of_step / 1e6, rel=NATIVE_WITHIN), (step, q)

    page = requests.get(url, timeout=5).text
    command = [program("promtool", "prometheus"), "check", "metrics"]
    checked = subprocess.run(command, input=page, capture_output=True, text=True, timeout=60, check=False)
    assert (checked.stdout + checked.stderr, checked.returncode) == ("", 0)
