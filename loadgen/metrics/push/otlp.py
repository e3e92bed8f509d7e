"""OpenTelemetry's metrics over HTTP (OTLP). The home of ``opentelemetry``, and of its exporter's ``requests``.

The figures are aggregated already, so they go to the exporter as the SDK's own data points, cumulative from the start
of their run; no meter counts anything twice. What becomes of a family::

    counter               sum, monotonic
    gauge, info           gauge
    histogram             histogram with the classic bounds, or exponential of scale 6 where that is asked for
    summary               the SDK has none: a gauge with the attribute quantile, and two sums, NAME_count and NAME_sum

Timeouts, headers, certificates and compression are the exporter's, and so are its variables of the environment.
Bucket i of a scale is that of index i + 1 of Prometheus' schema: the one has (b^i, b^(i+1)], the other (b^(i-1), b^i].
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Final

import requests
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import export as sdk
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from loadgen import __version__
from loadgen.latency import Histogram
from loadgen.metrics.buckets import BOUNDS_US
from loadgen.metrics.exposition import written
from loadgen.metrics.families import Family
from loadgen.metrics.native import SCHEMA, native
from loadgen.metrics.page import QUANTILES, Labels, label_value
from loadgen.metrics.push.endpoint import Endpoint
from loadgen.metrics.push.receiver import SEND_S, Kind, SendError
from loadgen.metrics.snapshot import ClusterSnapshot

_BOUNDS_S: Final = [bound / 1e6 for bound in BOUNDS_US]
_UNITS: Final = {"seconds": "s", "bytes": "By"}
_CUMULATIVE: Final = sdk.AggregationTemporality.CUMULATIVE
_GONE_WRONG: Final = 300
"""The exporter takes a redirect, which it does not follow, for a success."""

# It says every failure by itself, again and again; the pusher says the first and counts the others.
logging.getLogger("opentelemetry.exporter.otlp").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class _Span:
    """Of what time cumulative figures are.

    Attributes:
        at_ns: until when, nanoseconds since the Unix epoch.
        starts_ns: from when, by run.
        from_ns: the same for what belongs to no run.
    """

    at_ns: int
    starts_ns: Mapping[str, int]
    from_ns: int

    def start_ns(self, labels: Labels) -> int:
        return min(self.starts_ns.get(labels.get("run", ""), self.from_ns), self.at_ns)


class MeasuredFamily:
    """One family; a :class:`loadgen.metrics.page.Form`.

    Args:
        family: it.
        span: of what time its figures are.
        exponential: write histograms with exponential buckets.
    """

    def __init__(self, family: Family, span: _Span, *, exponential: bool) -> None:
        self._family, self._span, self._exponential = family, span, exponential
        self._numbers: list[sdk.NumberDataPoint] = []
        self._sums: dict[str, list[sdk.NumberDataPoint]] = {}
        self._explicit: list[sdk.HistogramDataPoint] = []
        self._exponentials: list[sdk.ExponentialHistogramDataPoint] = []

    @property
    def of_run(self) -> bool:
        """Whether it belongs to runs."""
        return self._family.of_run

    def value(self, labels: Labels, value: float) -> None:
        """Take a gauge or a counter; a gauge that is NaN has nothing to say and is left out."""
        if self._family.kind == "counter":
            self._sums.setdefault("", []).append(self._number(labels, value))
        elif not math.isnan(value):
            self._numbers.append(self._number(labels, float(value)))

    def histogram(self, labels: Labels, times: Histogram) -> None:
        """Take a histogram, in seconds."""
        common: dict[str, Any] = {
            "attributes": dict(labels),
            "start_time_unix_nano": self._span.start_ns(labels),
            "time_unix_nano": self._span.at_ns,
            "count": times.count,
            "sum": times.sum_us / 1e6,
            "min": times.min_us / 1e6,
            "max": times.max_us / 1e6,
        }
        if self._exponential:
            self._exponentials.append(_exponential(times, common))
            return
        at_most = (0, *times.count_at_most(BOUNDS_US), times.count)
        counts = [more - less for less, more in pairwise(at_most)]
        self._explicit.append(sdk.HistogramDataPoint(bucket_counts=counts, explicit_bounds=_BOUNDS_S, **common))

    def summary(self, labels: Labels, quantiles_us: Sequence[float], count: int, sum_us: int) -> None:
        """Take a summary, in seconds."""
        for quantile, value_us in zip(QUANTILES, quantiles_us, strict=True):
            self.value({**labels, "quantile": repr(quantile)}, value_us / 1e6)
        self._sums.setdefault("_count", []).append(self._number(labels, count))
        self._sums.setdefault("_sum", []).append(self._number(labels, sum_us / 1e6))

    def metrics(self) -> list[sdk.Metric]:
        """Everything taken so far."""
        found: list[sdk.Metric] = []
        if self._numbers:
            found.append(self._metric("", sdk.Gauge(self._numbers)))
        if self._explicit:
            found.append(self._metric("", sdk.Histogram(self._explicit, _CUMULATIVE)))
        if self._exponentials:
            found.append(self._metric("", sdk.ExponentialHistogram(self._exponentials, _CUMULATIVE)))
        for suffix, points in self._sums.items():
            found.append(self._metric(suffix, sdk.Sum(points, _CUMULATIVE, is_monotonic=True)))
        return found

    def _number(self, labels: Labels, value: float) -> sdk.NumberDataPoint:
        return sdk.NumberDataPoint(dict(labels), self._span.start_ns(labels), self._span.at_ns, value)

    def _metric(self, suffix: str, data: sdk.DataT) -> sdk.Metric:
        unit = "" if suffix == "_count" else _UNITS.get(self._family.stem.rpartition("_")[2], "")
        return sdk.Metric(self._family.name + suffix, self._family.text, unit, data)


def _exponential(times: Histogram, common: dict[str, Any]) -> sdk.ExponentialHistogramDataPoint:
    """The native histogram, with every bucket between its first and its last."""
    buckets = native(times)
    deltas = iter(buckets.deltas)
    counts: list[int] = []
    count = 0
    for number, (skipped, length) in enumerate(buckets.spans):
        counts += [0] * (skipped if number else 0)
        for _ in range(length):
            count += next(deltas)
            counts.append(count)
    offset = buckets.spans[0][0] - 1 if buckets.spans else 0
    return sdk.ExponentialHistogramDataPoint(
        scale=SCHEMA,
        zero_count=buckets.zero_count,
        positive=sdk.Buckets(offset, counts),
        negative=sdk.Buckets(0, []),
        flags=0,
        **common,
    )


class Otlp:
    """A receiver of OTLP over HTTP; a :class:`loadgen.metrics.push.receiver.Receiver`.

    Args:
        endpoint: where it listens.
        exponential: write histograms with exponential buckets.
        wall: the Unix time, seconds.
    """

    kind: Final[Kind] = "otlp"

    def __init__(self, endpoint: Endpoint, *, exponential: bool, wall: Callable[[], float] = time.time) -> None:
        self.shown = endpoint.shown
        self._exponential, self._from_ns = exponential, int(wall() * 1e9)
        self._session = _Session()
        self._exporter = OTLPMetricExporter(
            endpoint.url, headers=endpoint.headers, timeout=SEND_S, session=self._session
        )

    def send(self, page: ClusterSnapshot | None, now_s: float, at_ms: int) -> bool:
        """Send every family that has something. There is no word for the end of a series.

        Raises:
            SendError: it was not taken.
        """
        if page is None:
            return False
        records = [run.record for run in page.runs]
        starts = {label_value(one.run): int((one.started_at or one.submitted_at) * 1e9) for one in records}
        span = _Span(at_ms * 1_000_000, starts, self._from_ns)
        form = partial(MeasuredFamily, span=span, exponential=self._exponential)
        families = written(page, now_s, form)
        own = [metric for family in families if not family.of_run for metric in family.metrics()]
        of_runs = [metric for family in families if family.of_run for metric in family.metrics()]
        data = sdk.MetricsData([_sent_by(page.leader, own), *([_sent_by("", of_runs)] if of_runs else ())])
        self._session.failure = None
        result = self._exporter.export(data)
        if self._session.failure is not None:
            raise self._session.failure
        if result is not sdk.MetricExportResult.SUCCESS:
            raise SendError("was not sent anything by OpenTelemetry's exporter", again=False)
        return True


class _Session(requests.Session):
    """Remembers what became of the latest request, as the exporter only says whether all went well."""

    failure: SendError | None = None

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        try:
            answer = super().send(request, **how)
        except requests.Timeout:
            self.failure = SendError(f"did not answer within {SEND_S:g} s", again=True)
            raise
        except (requests.RequestException, OSError) as error:
            self.failure = SendError(f"cannot be reached ({type(error).__name__})", again=True)
            raise
        gone_wrong = answer.status_code >= _GONE_WRONG
        self.failure = SendError.answered(answer.status_code, answer.reason) if gone_wrong else None
        return answer


def _sent_by(coordinator: str, metrics: list[sdk.Metric]) -> sdk.ResourceMetrics:
    """Who sends: the coordinator, but figures of runs are nobody's, as with two of them a sum would count a run twice.

    ``OTEL_RESOURCE_ATTRIBUTES`` has the last word.
    """
    own = {"service.name": "loadgen", "service.version": __version__}
    instance = {"service.instance.id": coordinator} if coordinator else {}
    resource = Resource(own | instance).merge(OTELResourceDetector().detect())
    scope = sdk.ScopeMetrics(InstrumentationScope("loadgen", __version__), metrics, "")
    return sdk.ResourceMetrics(resource, [scope], "")
