"""The wire form of samples: failures in words, and slow requests. A few of them go with each tally."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple

from loadgen.errors import MessageError
from loadgen.latency.layout import MAX_US
from loadgen.messages.plain import dumps, listed, loads, text, whole
from loadgen.stats import ErrorSample, SlowSample
from loadgen.stats.slowest import SLOWEST_KEPT, TRACE_ID_BYTES
from loadgen.stats.tally import SAMPLES_KEPT

_NO_TRACE_ID: Final = bytes(TRACE_ID_BYTES)
"""No trace has this one (W3C Trace Context, 3.2.2.3)."""

_WHATS_KEPT: Final = 16 * 1024
_WHAT_BYTES: Final = 512


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


class PackedSlowest(NamedTuple):
    """Slow requests as they travel, column by column: a cluster reads five of each worker in each second.

    Attributes:
        times: service times in µs, uint32.
        seconds: uint32.
        trace_ids: :data:`TRACE_ID_BYTES` each, all zero without one.
        workers: names.
        whats: journey, step, name, method and outcome of each.
    """

    times: bytes
    seconds: bytes
    trace_ids: bytes
    workers: list[str]
    whats: list[tuple[str, ...]]


def pack_slowest(samples: Sequence[SlowSample]) -> PackedSlowest:
    """Pack slow requests; no more than any reader takes."""
    some = samples[:SLOWEST_KEPT]
    form = f"<{len(some)}I"
    return PackedSlowest(
        struct.pack(form, *[min(sample.service_us, MAX_US) for sample in some]),
        struct.pack(form, *[min(sample.second, 2**32 - 1) for sample in some]),
        b"".join([bytes.fromhex(sample.trace_id) or _NO_TRACE_ID for sample in some]),
        [sample.worker for sample in some],
        [sample[3:8] for sample in some],
    )


def unpack_slowest(several: Sequence[PackedSlowest]) -> list[SlowSample]:
    """Those slow requests of some tallies that may be among the slowest of all: of each name so many as are kept."""
    workers = list(chain.from_iterable([packed.workers for packed in several]))
    whats = list(chain.from_iterable([packed.whats for packed in several]))
    form = f"<{len(workers)}I"
    times = struct.unpack(form, b"".join([packed.times for packed in several]))
    seconds = struct.unpack(form, b"".join([packed.seconds for packed in several]))
    ids = b"".join([packed.trace_ids for packed in several])
    kept: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for at in sorted(range(len(times)), key=times.__getitem__, reverse=True):
        of_what = kept[whats[at]]
        if len(of_what) < SLOWEST_KEPT or times[at] == times[of_what[-1]]:
            of_what.append(at)
    return [
        SlowSample._make((times[at], seconds[at], workers[at], *what, _trace_id(ids, at)))
        for what, places in kept.items()
        for at in places
    ]


def _trace_id(ids: bytes, at: int) -> str:
    own = ids[at * TRACE_ID_BYTES : (at + 1) * TRACE_ID_BYTES]
    return "" if own == _NO_TRACE_ID else own.hex()


def write_slowest(packed: PackedSlowest) -> list[Any]:
    """Packed slow requests as a list for msgpack."""
    return [*packed[:4], [_write_what(what) for what in packed.whats]]


def read_slowest(value: Any) -> PackedSlowest:
    """Read the list of slow requests.

    Raises:
        MessageError: they are malformed, or too many.
    """
    times, seconds, trace_ids, workers, whats = listed(value, 5)
    length = len(listed(workers, most=SLOWEST_KEPT))
    if {type(times), type(seconds), type(trace_ids)} != {bytes}:
        raise MessageError("a column of slow requests is not packed bytes")
    if (len(times), len(seconds), len(trace_ids)) != (4 * length, 4 * length, TRACE_ID_BYTES * length):
        raise MessageError("the columns of slow requests differ in length")
    for worker in workers:
        text(worker)
    return PackedSlowest(times, seconds, trace_ids, workers, [_what(packed) for packed in listed(whats, length)])


def _what(packed: Any) -> tuple[str, ...]:
    if type(packed) is not bytes:
        raise MessageError("the names of a slow request are not packed bytes")
    return _known_what(packed) if len(packed) <= _WHAT_BYTES else _read_what(packed)


def _read_what(packed: bytes) -> tuple[str, ...]:
    return tuple([text(word) for word in listed(loads(packed), 5)])


_known_what = lru_cache(maxsize=_WHATS_KEPT)(_read_what)


@lru_cache(maxsize=_WHATS_KEPT)
def _write_what(what: tuple[str, ...]) -> bytes:
    return dumps(what)
