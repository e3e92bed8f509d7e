"""A family as Prometheus' protobuf format has it: the only one with native histograms.

A scrape is a sequence of ``io.prometheus.client.MetricFamily`` messages, each after its length as a varint::

    MetricFamily  1 name   2 help   3 type   4 metric*
    Metric        1 label*   2 gauge   3 counter   4 summary   7 histogram
    LabelPair     1 name   2 value
    Gauge         1 value                                          the same for Counter
    Summary       1 sample_count   2 sample_sum   3 quantile*      Quantile: 1 quantile   2 value
    Histogram     1 sample_count   2 sample_sum   3 bucket*        Bucket: 1 cumulative_count   2 upper_bound
                  5 schema   6 zero_threshold   7 zero_count   12 positive_span*   13 positive_delta* (packed)
    BucketSpan    1 offset   2 length

Source: ``metrics.proto`` of prometheus/client_model.
``prometheus_client`` has no such format, and the little that is needed does not bring a protobuf library along. A
histogram has its classic buckets and the native ones: the scraper takes what it is set up for. Durations in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from loadgen.latency import Histogram
from loadgen.metrics.buckets import BOUNDS_US
from loadgen.metrics.families import Family
from loadgen.metrics.fields import bytes_field, double_field, label_pair, packed_sints, sint_field, uint_field, varint
from loadgen.metrics.native import SCHEMA, ZERO_THRESHOLD_S, native
from loadgen.metrics.page import QUANTILES, Labels

CONTENT_TYPE: Final = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

_TYPES: Final = {"counter": 0, "gauge": 1, "summary": 2, "histogram": 4, "info": 1}
_COUNTER, _GAUGE, _SUMMARY, _HISTOGRAM = 3, 2, 4, 7
_FIELDS: Final = {"counter": _COUNTER, "gauge": _GAUGE, "info": _GAUGE}

_UPPER_BOUNDS: Final = (*(double_field(2, bound / 1e6) for bound in BOUNDS_US), double_field(2, float("inf")))
_NATIVE: Final = sint_field(5, SCHEMA) + double_field(6, ZERO_THRESHOLD_S)


class EncodedFamily:
    """One family; a :class:`loadgen.metrics.page.Form`."""

    def __init__(self, family: Family) -> None:
        self._head = (
            bytes_field(1, family.name.encode())
            + bytes_field(2, family.text.encode())
            + uint_field(3, _TYPES[family.kind])
        )
        self._field = _FIELDS.get(family.kind, 0)
        self._metrics: list[bytes] = []

    def value(self, labels: Labels, value: float) -> None:
        """Take a gauge or a counter."""
        self._add(labels, self._field, double_field(1, value))

    def histogram(self, labels: Labels, times: Histogram) -> None:
        """Take a histogram, classic and native."""
        self._add(labels, _HISTOGRAM, b"".join(_histogram(times)))

    def summary(self, labels: Labels, quantiles_us: Sequence[float], count: int, sum_us: int) -> None:
        """Take a summary."""
        parts = [uint_field(1, count), double_field(2, sum_us / 1e6)]
        for quantile, value_us in zip(QUANTILES, quantiles_us, strict=True):
            parts.append(bytes_field(3, double_field(1, quantile) + double_field(2, value_us / 1e6)))
        self._add(labels, _SUMMARY, b"".join(parts))

    def _add(self, labels: Labels, field: int, content: bytes) -> None:
        pairs = b"".join([label_pair(name, value) for name, value in labels.items()])
        self._metrics.append(bytes_field(4, pairs + bytes_field(field, content)))

    def encoded(self) -> bytes:
        """The message after its length."""
        message = self._head + b"".join(self._metrics)
        return varint(len(message)) + message


def _histogram(times: Histogram) -> Iterable[bytes]:
    count = times.count
    yield uint_field(1, count)
    yield double_field(2, times.sum_us / 1e6)
    for at_most, bound in zip((*times.count_at_most(BOUNDS_US), count), _UPPER_BOUNDS, strict=True):
        yield bytes_field(3, uint_field(1, at_most) + bound)
    buckets = native(times)
    yield _NATIVE
    yield uint_field(7, buckets.zero_count)
    for skipped, length in buckets.spans:
        yield bytes_field(12, sint_field(1, skipped) + uint_field(2, length))
    if buckets.deltas:
        yield bytes_field(13, packed_sints(buckets.deltas))
