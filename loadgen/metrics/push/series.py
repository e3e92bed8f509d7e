"""A family as remote write has it: series, each with its labels and one sample.

A body is a ``prometheus.WriteRequest`` of protocol 1.0, packed with snappy::

    WriteRequest    1 timeseries*   3 metadata*
    TimeSeries      1 label*        2 sample*           labels sorted by name, none of them empty
    Label           1 name          2 value
    Sample          1 value         2 timestamp, ms
    MetricMetadata  1 type          2 family   4 help

Source: https://prometheus.io/docs/specs/prw/remote_write_spec, ``remote.proto`` and ``types.proto`` of Prometheus.

Histograms have their classic buckets alone: who speaks this protocol cannot ask whether native ones are welcome, and
Prometheus refuses all of a body that has one while they are switched off.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from loadgen.latency import Histogram
from loadgen.metrics.buckets import BOUNDS_LE, cumulative
from loadgen.metrics.families import Family
from loadgen.metrics.fields import bytes_field, double_field, label_pair, uint_field
from loadgen.metrics.page import QUANTILES, Labels

_TYPES: Final = {"counter": 1, "gauge": 2, "histogram": 3, "summary": 5, "info": 6}
_BUCKETS: Final = tuple(label_pair("le", le) for le in (*BOUNDS_LE, "+Inf"))
_QUANTILES: Final = tuple(label_pair("quantile", repr(quantile)) for quantile in QUANTILES)

_STALE: Final = b"\x09" + struct.pack("<Q", 0x7FF0000000000002)
"""The NaN by which Prometheus knows that a series has ended, as field 1 of the sample. Byte by byte: of the float
itself a processor may make another NaN on the way."""


class SeriesFamily:
    """One family; a :class:`loadgen.metrics.page.Form`.

    Args:
        family: it.
        job: the label ``job`` of all of its series.
        instance: the label ``instance`` of those that belong to no run: who sends them. Those of a run carry its id,
            and go on as they are whoever leads: with two instances of them a sum would count the run twice.

    Attributes:
        series: its series so far: labels as they are sent, and value.
    """

    def __init__(self, family: Family, job: str, instance: str) -> None:
        self._family = family
        self._common = {"job": job, "instance": "" if family.of_run else instance}
        self.series: list[tuple[bytes, float]] = []

    def value(self, labels: Labels, value: float) -> None:
        """Take a gauge or a counter."""
        self._add("", b"".join(self._pairs(labels)), value)

    def histogram(self, labels: Labels, times: Histogram) -> None:
        """Take a histogram, with its classic buckets."""
        counts = (count for _, count in cumulative(times))
        self._parts(labels, "le", "_bucket", zip(_BUCKETS, counts, strict=True))
        self._totals(labels, times.count, times.sum_us)

    def summary(self, labels: Labels, quantiles_us: Sequence[float], count: int, sum_us: int) -> None:
        """Take a summary."""
        values = (value_us / 1e6 for value_us in quantiles_us)
        self._parts(labels, "quantile", "", zip(_QUANTILES, values, strict=True))
        self._totals(labels, count, sum_us)

    def metadata(self) -> bytes:
        """The family's type and help, as a field of the request."""
        family = self._family
        kind = uint_field(1, _TYPES[family.kind])
        return bytes_field(3, kind + bytes_field(2, family.name.encode()) + bytes_field(4, family.text.encode()))

    def _parts(self, labels: Labels, name: str, suffix: str, parts: Iterable[tuple[bytes, float]]) -> None:
        """Take series that differ in one label only; the others are sorted and written once."""
        before = b"".join(self._pairs(labels, below=name))
        after = b"".join(self._pairs(labels, above=name))
        for pair, value in parts:
            self._add(suffix, before + pair + after, value)

    def _totals(self, labels: Labels, count: int, sum_us: int) -> None:
        pairs = b"".join(self._pairs(labels))
        self._add("_count", pairs, count)
        self._add("_sum", pairs, sum_us / 1e6)

    def _pairs(self, labels: Labels, below: str = "", above: str = "") -> Iterator[bytes]:
        for name, value in sorted({**labels, **self._common}.items()):
            if value and (not below or name < below) and name > above:
                yield label_pair(name, value)

    def _add(self, suffix: str, pairs: bytes, value: float) -> None:
        self.series.append((label_pair("__name__", self._family.name + suffix) + pairs, value))


def time_series(labels: bytes, value: float | None, at_ms: int) -> bytes:
    """One series with one sample, as a field of the request; without a value it has ended."""
    number = _STALE if value is None else double_field(1, value)
    return bytes_field(1, labels + bytes_field(2, number + uint_field(2, at_ms)))
