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

Source: ``metrics.proto`` of prometheus/client_model; the encoding is that of https://protobuf.dev/programming-guides/encoding.
``prometheus_client`` has no such format, and the little that is needed does not bring a protobuf library along. A
histogram has its classic buckets and the native ones: the scraper takes what it is set up for. Durations in seconds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from loadgen.latency import Histogram
from loadgen.metrics.buckets import BOUNDS_US
from loadgen.metrics.families import Family
from loadgen.metrics.native import SCHEMA, ZERO_THRESHOLD_S, native
from loadgen.metrics.page import QUANTILES, Labels

CONTENT_TYPE: Final = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

_TYPES: Final = {"counter": 0, "gauge": 1, "summary": 2, "histogram": 4, "info": 1}
_COUNTER, _GAUGE, _SUMMARY, _HISTOGRAM = 3, 2, 4, 7
_FIELDS: Final = {"counter": _COUNTER, "gauge": _GAUGE, "info": _GAUGE}

_VARINT, _FIXED64, _BYTES = 0, 1, 2
"""Wire types."""

_double: Final = struct.Struct("<d").pack


def varint(number: int) -> bytes:
    """A whole number, not negative: seven bits to a byte, the lowest first, the eighth says that more come."""
    if number < len(_SHORT):
        return _SHORT[number]
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def zigzag(number: int) -> int:
    """A signed number as one that is not negative: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4, and so on."""
    return number << 1 if number >= 0 else (-number << 1) - 1


_SHORT: tuple[bytes, ...] = ()
_SHORT = tuple(varint(number) for number in range(1 << 12))
"""Most numbers are short: labels' lengths, differences of buckets."""


@lru_cache(maxsize=256)
def _tag(field: int, wire: int) -> bytes:
    return varint(field << 3 | wire)


def _uint(field: int, number: int) -> bytes:
    return _tag(field, _VARINT) + varint(number)


def _sint(field: int, number: int) -> bytes:
    return _tag(field, _VARINT) + varint(zigzag(number))


def _float(field: int, number: float) -> bytes:
    return _tag(field, _FIXED64) + _double(number)


def _bytes(field: int, content: bytes) -> bytes:
    return _tag(field, _BYTES) + varint(len(content)) + content


@lru_cache(maxsize=8192)
def _label(name: str, value: str) -> bytes:
    return _bytes(1, _bytes(1, name.encode()) + _bytes(2, value.encode()))


_UPPER_BOUNDS: Final = (*(_float(2, bound / 1e6) for bound in BOUNDS_US), _float(2, float("inf")))
_NATIVE: Final = _sint(5, SCHEMA) + _float(6, ZERO_THRESHOLD_S)


class EncodedFamily:
    """One family; a :class:`loadgen.metrics.page.Form`."""

    def __init__(self, family: Family) -> None:
        self._head = _bytes(1, family.name.encode()) + _bytes(2, family.text.encode()) + _uint(3, _TYPES[family.kind])
        self._field = _FIELDS.get(family.kind, 0)
        self._metrics: list[bytes] = []

    def value(self, labels: Labels, value: float) -> None:
        """Take a gauge or a counter."""
        self._add(labels, self._field, _float(1, value))

    def histogram(self, labels: Labels, times: Histogram) -> None:
        """Take a histogram, classic and native."""
        self._add(labels, _HISTOGRAM, b"".join(_histogram(times)))

    def summary(self, labels: Labels, quantiles_us: Sequence[float], count: int, sum_us: int) -> None:
        """Take a summary."""
        parts = [_uint(1, count), _float(2, sum_us / 1e6)]
        for quantile, value_us in zip(QUANTILES, quantiles_us, strict=True):
            parts.append(_bytes(3, _float(1, quantile) + _float(2, value_us / 1e6)))
        self._add(labels, _SUMMARY, b"".join(parts))

    def _add(self, labels: Labels, field: int, content: bytes) -> None:
        pairs = b"".join([_label(name, value) for name, value in labels.items()])
        self._metrics.append(_bytes(4, pairs + _bytes(field, content)))

    def encoded(self) -> bytes:
        """The message after its length."""
        message = self._head + b"".join(self._metrics)
        return varint(len(message)) + message


def _histogram(times: Histogram) -> Iterable[bytes]:
    count = times.count
    yield _uint(1, count)
    yield _float(2, times.sum_us / 1e6)
    for at_most, bound in zip((*times.count_at_most(BOUNDS_US), count), _UPPER_BOUNDS, strict=True):
        yield _bytes(3, _uint(1, at_most) + bound)
    buckets = native(times)
    yield _NATIVE
    yield _uint(7, buckets.zero_count)
    for skipped, length in buckets.spans:
        yield _bytes(12, _sint(1, skipped) + _uint(2, length))
    if buckets.deltas:
        yield _bytes(13, b"".join([varint(zigzag(delta)) for delta in buckets.deltas]))
