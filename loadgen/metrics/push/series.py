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
from collections.abc import Iterable, Iterator
from typing import Final

from loadgen.metrics.classic import ClassicForm
from loadgen.metrics.families import Family
from loadgen.metrics.fields import bytes_field, double_field, label_pair, uint_field
from loadgen.metrics.page import Labels

_TYPES: Final = {"counter": 1, "gauge": 2, "histogram": 3, "summary": 5, "info": 6}

_STALE: Final = b"\x09" + struct.pack("<Q", 0x7FF0000000000002)
"""The NaN by which Prometheus knows that a series has ended, as field 1 of the sample. Byte by byte: of the float
itself a processor may make another NaN on the way."""


class SeriesFamily(ClassicForm[bytes]):
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

    def metadata(self) -> bytes:
        """The family's type and help, as a field of the request."""
        family = self._family
        kind = uint_field(1, _TYPES[family.kind])
        return bytes_field(3, kind + bytes_field(2, family.name.encode()) + bytes_field(4, family.text.encode()))

    def _written(self, labels: Labels) -> bytes:
        return b"".join(self._pairs(labels))

    def _add(self, suffix: str, labels: bytes, value: float) -> None:
        self.series.append((label_pair("__name__", self._family.name + suffix) + labels, value))

    def _add_each(self, suffix: str, labels: Labels, name: str, parts: Iterable[tuple[str, float]]) -> None:
        before = b"".join(self._pairs(labels, below=name))
        after = b"".join(self._pairs(labels, above=name))
        for part, value in parts:
            self._add(suffix, before + label_pair(name, part) + after, value)

    def _pairs(self, labels: Labels, below: str = "", above: str = "") -> Iterator[bytes]:
        for name, value in sorted({**labels, **self._common}.items()):
            if value and (not below or name < below) and name > above:
                yield label_pair(name, value)


def time_series(labels: bytes, value: float | None, at_ms: int) -> bytes:
    """One series with one sample, as a field of the request; without a value it has ended."""
    number = _STALE if value is None else double_field(1, value)
    return bytes_field(1, labels + bytes_field(2, number + uint_field(2, at_ms)))
