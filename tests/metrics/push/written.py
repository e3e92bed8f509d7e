"""Reads remote write with Google's protobuf, by its description alone: nothing of what writes it."""

from __future__ import annotations

from typing import NamedTuple

import cramjam
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.unknown_fields import UnknownFieldSet

_Field = descriptor_pb2.FieldDescriptorProto
_MESSAGES = {
    "WriteRequest": [("timeseries", 1, "TimeSeries*"), ("metadata", 3, "MetricMetadata*")],
    "MetricMetadata": [
        ("type", 1, "enum"),
        ("metric_family_name", 2, "text"),
        ("help", 4, "text"),
        ("unit", 5, "text"),
    ],
    "TimeSeries": [("labels", 1, "Label*"), ("samples", 2, "Sample*")],
    "Label": [("name", 1, "text"), ("value", 2, "text")],
    "Sample": [("value", 1, "double"), ("timestamp", 2, "int64")],
}
_TYPES = {
    "enum": _Field.TYPE_INT32,
    "text": _Field.TYPE_STRING,
    "double": _Field.TYPE_DOUBLE,
    "int64": _Field.TYPE_INT64,
}
STALE_BITS = b"\x02\x00\x00\x00\x00\x00\xf0\x7f"


def _request():
    file = descriptor_pb2.FileDescriptorProto(name="remote.proto", package="prometheus", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            repeated = kind.endswith("*")
            added = message.field.add(name=field, number=number)
            added.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
            added.type = _TYPES.get(kind, _Field.TYPE_MESSAGE)
            if repeated:
                added.type_name = f".prometheus.{kind.rstrip('*')}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("prometheus.WriteRequest"))


_Request = _request()


class Written(NamedTuple):
    """A request: values by labels, None for a stale marker; instants; types and helps of families."""

    values: dict[frozenset[tuple[str, str]], float | None]
    at_ms: set[int]
    families: dict[str, tuple[int, str]]


def read(body: bytes) -> Written:
    """What a body says, and that it is as the protocol wants it."""
    plain = bytes(cramjam.snappy.decompress_raw(body))
    request = _Request.FromString(plain)
    assert not len(UnknownFieldSet(request)), "something is not described"
    told = Written({}, set(), {one.metric_family_name: (one.type, one.help) for one in request.metadata})
    for series in request.timeseries:
        assert not len(UnknownFieldSet(series)), "something is not described"
        names = [label.name for label in series.labels]
        assert names == sorted(set(names)), "labels are sorted, none stands twice"
        assert names[0] == "__name__"
        assert all(label.value for label in series.labels), "no label is empty"
        (sample,) = series.samples
        labels = frozenset((label.name, label.value) for label in series.labels)
        assert labels not in told.values, "two series with the same labels"
        stale = STALE_BITS in sample.SerializeToString()
        told.values[labels] = None if stale else sample.value
        told.at_ms.add(sample.timestamp)
    return told
