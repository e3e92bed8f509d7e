"""The wire form of samples: failures in words, and slow requests. A few of them go with each tally."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from loadgen.errors import MessageError
from loadgen.latency.layout import MAX_US
from loadgen.messages.plain import MAX_TEXT, listed, text, whole
from loadgen.stats import ErrorSample, SlowSample
from loadgen.stats.slowest import SLOWEST_KEPT, TRACE_ID_BYTES
from loadgen.stats.tally import SAMPLES_KEPT


def write_failures(samples: Sequence[ErrorSample]) -> list[list[Any]]:
    """Failures as lists for msgpack; no more than any reader takes."""
    return [[s.second, s.worker, s.journey, s.step, s.name, s.method, s.reason, s.text] for s in samples[:SAMPLES_KEPT]]


def read_failures(value: Any) -> list[ErrorSample]:
    """Read failures.

    Raises:
        MessageError: they are malformed, or too many.
    """
    return [_read_failure(entry) for entry in listed(value, most=SAMPLES_KEPT)]


def _read_failure(entry: Any) -> ErrorSample:
    second, *texts = listed(entry, 8)
    return ErrorSample(whole(second), *map(text, texts))


def write_slowest(samples: Sequence[SlowSample]) -> list[list[Any]]:
    """Slow requests as lists for msgpack; no more than any reader takes."""
    return [[*sample[:-1], bytes.fromhex(sample.trace_id)] for sample in samples[:SLOWEST_KEPT]]


def read_slowest(value: Any) -> list[SlowSample]:
    """Read slow requests, column by column: a frame is to cost little, and these are the same few checks for each.

    Raises:
        MessageError: they are malformed, or too many.
    """
    entries = listed(value, most=SLOWEST_KEPT)
    if not entries:
        return []
    if {len(listed(entry)) for entry in entries} != {len(SlowSample._fields)}:
        raise MessageError("a slow request has the wrong number of fields")
    times_us, seconds, *words, trace_ids = zip(*entries, strict=True)
    texts = [*chain.from_iterable(words)]
    if {*map(type, times_us), *map(type, seconds)} != {int} or min(times_us) < 0 or max(times_us) > MAX_US:
        raise MessageError("a slow request's time is out of range")
    if {*map(type, texts)} != {str} or max(map(len, texts)) > MAX_TEXT or min(seconds) < 0:
        raise MessageError("a slow request's second or texts are malformed")
    if {*map(type, trace_ids)} != {bytes} or not {*map(len, trace_ids)} <= {0, TRACE_ID_BYTES}:
        raise MessageError("a trace id is malformed")
    return [*map(SlowSample, times_us, seconds, *words, map(bytes.hex, trace_ids))]
