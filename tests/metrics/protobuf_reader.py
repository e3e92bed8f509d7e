"""Reads Prometheus' protobuf format by its description, with nothing of what writes it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

TYPES = {0: "counter", 1: "gauge", 2: "summary", 4: "histogram"}


class Native(NamedTuple):
    """A native histogram: counts by the index of their bucket."""

    schema: int
    zero_threshold: float
    zero_count: int
    buckets: dict[int, int]


class Told(NamedTuple):
    """A family: its name, type and help; its samples as in text, and its native histograms by labels."""

    name: str
    type: str
    help: str
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float]
    native: dict[frozenset[tuple[str, str]], Native]


def read(body: bytes) -> list[Told]:
    """All families of a scrape."""
    found, at = [], 0
    while at < len(body):
        length, at = _varint(body, at)
        assert at + length <= len(body), "a message is cut off"
        found.append(_family(dict(_grouped(body[at : at + length]))))
        at += length
    return found


def _family(fields: dict[int, list[Any]]) -> Told:
    (name,), (text,), (kind,) = fields[1], fields[2], fields[3]
    told = Told(name.decode(), TYPES[kind], text.decode(), {}, {})
    for metric in fields.get(4, []):
        _metric(told, dict(_grouped(metric)))
    return told


def _metric(told: Told, fields: dict[int, list[Any]]) -> None:
    pairs = [dict(_grouped(pair)) for pair in fields.get(1, [])]
    labels = frozenset((pair[1][0].decode(), pair[2][0].decode()) for pair in pairs)
    assert len(labels) == len(pairs), "a label stands twice"
    ((number, (content,)),) = ((key, value) for key, value in fields.items() if key != 1)
    assert number == {"gauge": 2, "counter": 3, "summary": 4, "histogram": 7}[told.type]
    parts = dict(_grouped(content))
    if told.type in {"gauge", "counter"}:
        _take(told, told.name, labels, parts[1][0])
        return
    _take(told, f"{told.name}_count", labels, parts[1][0])
    _take(told, f"{told.name}_sum", labels, parts[2][0])
    if told.type == "summary":
        for quantile in map(dict, map(_grouped, parts.get(3, []))):
            _take(told, told.name, labels | {("quantile", repr(quantile[1][0]))}, quantile[2][0])
        return
    for bucket in map(dict, map(_grouped, parts.get(3, []))):
        bound = bucket[2][0]
        le = "+Inf" if bound == float("inf") else repr(bound)
        _take(told, f"{told.name}_bucket", labels | {("le", le)}, bucket[1][0])
    spans = [dict(_grouped(span)) for span in parts.get(12, [])]
    deltas = packed(parts.get(13, [b""])[0])
    buckets = _buckets([(_signed(span[1][0]), span[2][0]) for span in spans], deltas)
    told.native[labels] = Native(_signed(parts[5][0]), parts[6][0], parts[7][0], buckets)


def _take(told: Told, name: str, labels: frozenset[tuple[str, str]], value: float) -> None:
    assert (name, labels) not in told.samples, "two samples with the same labels"
    told.samples[name, labels] = value


def _buckets(spans: list[tuple[int, int]], deltas: list[int]) -> dict[int, int]:
    found, index, count, left = {}, 0, 0, iter(deltas)
    for number, (offset, length) in enumerate(spans):
        assert length > 0
        assert number == 0 or offset > 0, "two spans touch or overlap"
        index += offset
        for _ in range(length):
            count += next(left)
            found[index] = count
            index += 1
    assert next(left, None) is None, "more deltas than buckets"
    return found


def packed(content: bytes) -> list[int]:
    """Signed numbers of a packed field."""
    found, at = [], 0
    while at < len(content):
        number, at = _varint(content, at)
        found.append(_signed(number))
    return found


def _grouped(message: bytes) -> Iterator[tuple[int, list[Any]]]:
    fields: dict[int, list[Any]] = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value: Any
        if tag & 7 == 0:
            value, at = _varint(message, at)
        elif tag & 7 == 1:
            (value,), at = struct.unpack("<d", message[at : at + 8]), at + 8
        else:
            assert tag & 7 == 2, "an unknown wire type"
            length, at = _varint(message, at)
            value, at = message[at : at + length], at + length
            assert len(value) == length, "a field is cut off"
        fields.setdefault(tag >> 3, []).append(value)
    return iter(fields.items())


def _varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def _signed(number: int) -> int:
    return number >> 1 if number % 2 == 0 else -(number >> 1) - 1
