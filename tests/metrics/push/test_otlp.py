from __future__ import annotations

import math

import pytest
from metrics.push.listening import Listening
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from loadgen.latency import Histogram
from loadgen.metrics import families
from loadgen.metrics.buckets import BOUNDS_US
from loadgen.metrics.native import SCHEMA
from loadgen.metrics.push import otlp as module
from loadgen.metrics.push.endpoint import endpoint
from loadgen.metrics.push.otlp import Otlp
from loadgen.metrics.push.receiver import SendError
from loadgen.stats import Tally

AT_MS = 1_700_000_000_000
CUMULATIVE = 2


def otlp(listening: Listening, *, exponential: bool = False, headers: dict | None = None) -> Otlp:
    at = endpoint(f"{listening.url}/v1/metrics", headers=headers)
    return Otlp(at, exponential=exponential, wall=lambda: AT_MS / 1000 - 60)


def read(body: bytes):
    """The metrics of a request by name, and the attributes of the coordinator that sent them."""
    resources = ExportMetricsServiceRequest.FromString(body).resource_metrics
    found = []
    for resource in resources:
        (scope,) = resource.scope_metrics
        assert scope.scope.name == "loadgen"
        found += scope.metrics
    metrics = {metric.name: metric for metric in found}
    assert len(metrics) == len(found)
    return metrics, attributes(resources[0].resource)


def attributes(point) -> dict[str, str]:
    return {one.key: one.value.string_value for one in point.attributes}


def number(point) -> float:
    return point.as_int if point.WhichOneof("value") == "as_int" else point.as_double


def test_counters_and_gauges_are_what_a_scrape_shows(make, listening):
    snapshot = make.cluster(make.busy_run())
    assert otlp(listening).send(snapshot, 0.0, AT_MS)

    ((path, headers, body),) = listening.requests
    assert path == "/v1/metrics"
    assert headers["content-type"] == "application/x-protobuf"
    told, who = read(body)
    assert (who["service.name"], who["service.instance.id"]) == ("loadgen", "c1")
    shown = make.scrape(snapshot).families
    for family in families.ALL:
        samples = shown[family.stem if family.kind == "counter" else family.name].samples
        if family.kind not in {"counter", "gauge", "info"}:
            continue
        wanted = {frozenset(one.labels.items()): one.value for one in samples if not math.isnan(one.value)}
        if not wanted:
            continue
        metric = told[family.name]
        assert metric.description == family.text
        data = metric.sum if family.kind == "counter" else metric.gauge
        assert {frozenset(attributes(one).items()): number(one) for one in data.data_points} == wanted
        if family.kind == "counter":
            assert (data.is_monotonic, data.aggregation_temporality) == (True, CUMULATIVE)


def test_figures_of_a_run_belong_to_no_coordinator(make, listening):
    otlp(listening).send(make.cluster(make.busy_run()), 0.0, AT_MS)

    own, of_runs = ExportMetricsServiceRequest.FromString(listening.requests[0][2]).resource_metrics
    assert attributes(of_runs.resource).keys() == attributes(own.resource).keys() - {"service.instance.id"}
    for resource, with_run in ((own, False), (of_runs, True)):
        for metric in resource.scope_metrics[0].metrics:
            points = getattr(metric, metric.WhichOneof("data")).data_points
            assert {"run" in attributes(point) for point in points} == {with_run}, metric.name


def test_cumulative_figures_begin_with_their_run(make, listening):
    otlp(listening).send(make.cluster(make.busy_run()), 0.0, AT_MS)

    told, _ = read(listening.requests[0][2])
    requests, pushes = (told[name].sum.data_points[0] for name in ("loadgen_requests_total", "loadgen_pushes_total"))
    assert (requests.start_time_unix_nano, requests.time_unix_nano) == (1_002_500_000_000, AT_MS * 1_000_000)
    assert pushes.start_time_unix_nano == (AT_MS - 60_000) * 1_000_000


def test_summaries_are_gauges_of_quantiles_and_two_sums(make, listening):
    snapshot = make.cluster(make.busy_run())
    otlp(listening).send(snapshot, 0.0, AT_MS)

    told, _ = read(listening.requests[0][2])
    name = "loadgen_request_latency_seconds"
    shown = make.scrape(snapshot).families[name].samples
    quantiles = {one.labels["quantile"]: one.value for one in shown if "quantile" in one.labels}
    assert {attributes(one)["quantile"]: number(one) for one in told[name].gauge.data_points} == quantiles
    assert [number(one) for one in told[f"{name}_count"].sum.data_points] == [5]
    (total,) = told[f"{name}_sum"].sum.data_points
    assert number(total) == pytest.approx(2.06)


def test_histograms_have_the_classic_bounds(make, listening):
    otlp(listening).send(make.cluster(make.busy_run()), 0.0, AT_MS)

    told, _ = read(listening.requests[0][2])
    metric = told["loadgen_request_duration_seconds"]
    assert (metric.unit, metric.histogram.aggregation_temporality) == ("s", CUMULATIVE)
    points = {(attributes(one)["name"], attributes(one)["result"]): one for one in metric.histogram.data_points}
    ok = points["/", "ok"]
    assert list(ok.explicit_bounds) == [bound / 1e6 for bound in BOUNDS_US]
    assert len(ok.bucket_counts) == len(BOUNDS_US) + 1
    assert (sum(ok.bucket_counts), ok.count, ok.sum, ok.min, ok.max) == (3, 3, 0.06, 0.01, 0.03)


@pytest.mark.parametrize(
    "times_us", [[], [0], [1], [10_000, 20_000, 30_000], [0, 5, 5, 900, 70_000_000], list(range(1000, 50_000, 37))]
)
def test_exponential_histograms_hold_every_value_in_its_bucket(make, listening, times_us):
    row = make.row(0, tally=Tally(series={make.key(): make.series(times_us)}))
    otlp(listening, exponential=True).send(make.cluster(make.run([row])), 0.0, AT_MS)

    told, _ = read(listening.requests[0][2])
    data = told["loadgen_request_duration_seconds"].exponential_histogram
    (point,) = (one for one in data.data_points if attributes(one)["result"] == "ok")
    assert (point.scale, data.aggregation_temporality) == (SCHEMA, CUMULATIVE)
    assert point.zero_count == times_us.count(0)
    assert sum(point.positive.bucket_counts) + point.zero_count == point.count == len(times_us)
    base, at_most = 2**2**-SCHEMA, Histogram.of(times_us).count_at_most
    below = point.zero_count
    for index, count in enumerate(point.positive.bucket_counts, point.positive.offset):
        below += count
        upper_us = base ** (index + 1) * 1e6
        lower, upper = at_most([int(upper_us * 0.99)])[0], at_most([int(upper_us * 1.01) + 1])[0]
        assert lower <= below <= upper


def test_who_does_not_lead_sends_nothing(listening):
    assert not otlp(listening).send(None, 0.0, AT_MS)
    assert listening.requests == []


def test_headers_of_the_environment_and_the_url_are_sent(make, listening, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=shop")
    otlp(listening, headers={"Authorization": "Basic eA=="}).send(make.cluster(), 0.0, AT_MS)

    _, headers, _ = listening.requests[0]
    assert (headers["x-tenant"], headers["authorization"]) == ("shop", "Basic eA==")


def test_resource_attributes_of_the_environment_have_the_last_word(make, listening, monkeypatch):
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=rehearsal,team=shop")
    otlp(listening).send(make.cluster(), 0.0, AT_MS)

    _, who = read(listening.requests[0][2])
    assert (who["service.name"], who["team"], who["service.instance.id"]) == ("rehearsal", "shop", "c1")


@pytest.mark.parametrize(("status", "again"), [(400, False), (302, False), (500, True)])
def test_a_refusal_says_the_status_and_whether_to_try_again(make, listening, caplog, status, again):
    listening.status = status
    with pytest.raises(SendError, match=f"answered {status}") as failed:
        otlp(listening).send(make.cluster(), 0.0, AT_MS)

    assert failed.value.again is again
    assert caplog.text == ""


def test_a_receiver_that_is_silent_or_away_is_given_up(make, listening, monkeypatch):
    monkeypatch.setattr(module, "SEND_S", 0.2)
    listening.holds.clear()
    with pytest.raises(SendError, match=r"did not answer within 0.2 s"):
        otlp(listening).send(make.cluster(), 0.0, AT_MS)
    with pytest.raises(SendError, match="cannot be reached"):
        Otlp(endpoint("http://127.0.0.1:1"), exponential=False, wall=lambda: 0.0).send(make.cluster(), 0.0, AT_MS)
