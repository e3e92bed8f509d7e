"""The wire form of a tally: msgpack lists, histograms as packed arrays.

A histogram is ``[indices, counts, sum_us, min_us, max_us]`` with the indices as little-endian uint16 bytes and the
counts as little-endian uint32 bytes (uint64 where one does not fit, told by its length). A tally is a fixed list, in
the order of :func:`pack_tally`. Unpacking checks every type and range: bytes from Redis may come from anyone.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgpack
import numpy as np

from loadgen.errors import MessageError
from loadgen.latency import Histogram
from loadgen.stats import ArrivalCounts, ErrorSample, JourneyCounts, Series, SeriesKey, StepCounts, Tally

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""A frame of 10,000 series is below this; anything larger is refused unread."""

MAX_SERIES: Final = 20_000
"""Series of one message. A plan's name cap keeps a run far below."""

MAX_TEXT: Final = 400
"""Characters of any label or sample text."""


def dumps(value: Any) -> bytes:
    """Pack plain lists, maps, strings, bytes and numbers."""
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


def loads(data: bytes) -> Any:
    """Unpack with limits.

    Raises:
        MessageError: too large, or no msgpack.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise MessageError(f"a message of {len(data)} bytes is larger than {MAX_MESSAGE_BYTES}")
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False, max_array_len=MAX_SERIES * 4)
    except (ValueError, TypeError, msgpack.exceptions.UnpackException) as error:
        raise MessageError(f"a message cannot be unpacked: {error}") from error


def pack_histogram(histogram: Histogram) -> list[Any] | None:
    """A histogram as packed arrays; None when empty."""
    if not histogram:
        return None
    counts = histogram.counts
    narrow = counts.max() < 2**32
    return [
        histogram.indices.astype("<u2").tobytes(),
        counts.astype("<u4" if narrow else "<u8").tobytes(),
        histogram.sum_us,
        histogram.min_us,
        histogram.max_us,
    ]


def unpack_histogram(packed: Any) -> Histogram:
    """Read a histogram back.

    Raises:
        MessageError: the arrays do not fit each other or the layout.
    """
    if packed is None:
        return Histogram()
    indices, counts, sum_us, min_us, max_us = _listed(packed, 5)
    if not isinstance(indices, bytes) or not isinstance(counts, bytes) or len(indices) % 2:
        raise MessageError("a histogram's arrays are not packed bytes")
    size = len(indices) // 2
    width = {4 * size: "<u4", 8 * size: "<u8"}.get(len(counts))
    if width is None or size == 0:
        raise MessageError("a histogram's arrays differ in length")
    try:
        return Histogram.from_pairs(
            np.frombuffer(indices, dtype="<u2"),
            np.frombuffer(counts, dtype=width).astype(np.int64),
            sum_us=natural(sum_us),
            min_us=natural(min_us),
            max_us=natural(max_us),
        )
    except ValueError as error:
        raise MessageError(f"a histogram is malformed: {error}") from error


def pack_tally(tally: Tally) -> list[Any]:
    """A tally as a plain list."""
    return [
        [_pack_series(key, series) for key, series in tally.series.items()],
        [[k, a.started, a.late, a.dropped, a.missed, pack_histogram(a.lag)] for k, a in tally.arrivals.items()],
        list(tally.shoppers.items()),
        [
            [journey, step, s.entered, s.completed, dict(s.abandoned), pack_histogram(s.time)]
            for (journey, step), s in tally.steps.items()
        ],
        [[name, j.started, j.completed, j.failed, j.interrupted] for name, j in tally.journeys.items()],
        [[journey, name, amount] for (journey, name), amount in tally.counters.items()],
        [tally.sent, tally.in_flight, tally.renamed],
        [[s.second, s.worker, s.journey, s.step, s.name, s.method, s.reason, s.text] for s in tally.samples],
    ]


def unpack_tally(packed: Any) -> Tally:
    """Read a tally back.

    Raises:
        MessageError: anything in it has the wrong form.
    """
    series, arrivals, shoppers, steps, journeys, counters, levels, samples = _listed(packed, 8)
    sent, in_flight, renamed = (natural(n) for n in _listed(levels, 3))
    return Tally(
        dict(_unpack_series(entry) for entry in _listed(series)),
        dict(_unpack_arrivals(entry) for entry in _listed(arrivals)),
        Counter({natural(k): natural(n) for k, n in (_listed(pair, 2) for pair in _listed(shoppers))}),
        dict(_unpack_step(entry) for entry in _listed(steps)),
        dict(_unpack_journey(entry) for entry in _listed(journeys)),
        Counter({(text(j), text(n)): whole(amount) for j, n, amount in (_listed(e, 3) for e in _listed(counters))}),
        sent,
        in_flight,
        renamed,
        [_unpack_sample(entry) for entry in _listed(samples)],
    )


def _pack_series(key: SeriesKey, series: Series) -> list[Any]:
    same = series.since_due == series.service
    return [
        *key,
        pack_histogram(series.service),
        True if same else pack_histogram(series.since_due),
        series.response_bytes,
        dict(series.reasons),
    ]


def _unpack_series(entry: Any) -> tuple[SeriesKey, Series]:
    journey, step, name, method, result, service, since_due, size, reasons = _listed(entry, 9)
    service_times = unpack_histogram(service)
    return (
        SeriesKey(text(journey), text(step), text(name), text(method), text(result)),
        Series(
            service_times,
            service_times if since_due is True else unpack_histogram(since_due),
            natural(size),
            _counted(reasons),
        ),
    )


def _unpack_arrivals(entry: Any) -> tuple[int, ArrivalCounts]:
    stream, started, late, dropped, missed, lag = _listed(entry, 6)
    return natural(stream), ArrivalCounts(
        natural(started), natural(late), natural(dropped), natural(missed), unpack_histogram(lag)
    )


def _unpack_step(entry: Any) -> tuple[tuple[str, str], StepCounts]:
    journey, step, entered, completed, abandoned, time = _listed(entry, 6)
    return (text(journey), text(step)), StepCounts(
        natural(entered), natural(completed), _counted(abandoned), unpack_histogram(time)
    )


def _unpack_journey(entry: Any) -> tuple[str, JourneyCounts]:
    name, started, completed, failed, interrupted = _listed(entry, 5)
    return text(name), JourneyCounts(natural(started), natural(completed), natural(failed), natural(interrupted))


def _unpack_sample(entry: Any) -> ErrorSample:
    second, *texts = _listed(entry, 8)
    return ErrorSample(whole(second), *(text(part) for part in texts))


def _counted(packed: Any) -> Counter[str]:
    if not isinstance(packed, dict):
        raise MessageError("counts by name are not a map")
    return Counter({text(name): natural(n) for name, n in packed.items()})


def _listed(value: Any, length: int | None = None) -> list[Any]:
    if not isinstance(value, list) or len(value) > MAX_SERIES or (length is not None and len(value) != length):
        raise MessageError(f"expected a list{'' if length is None else f' of {length}'}")
    return value


def natural(value: Any) -> int:
    """A whole number of 0 or more.

    Raises:
        MessageError: it is not.
    """
    if type(value) is not int or not 0 <= value < 2**63:
        raise MessageError("expected a whole number of 0 or more")
    return value


def whole(value: Any) -> int:
    """A whole number.

    Raises:
        MessageError: it is not.
    """
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise MessageError("expected a whole number")
    return value


def number(value: Any) -> float:
    """A finite number.

    Raises:
        MessageError: it is not.
    """
    if type(value) not in {int, float} or not -1e300 < value < 1e300:
        raise MessageError("expected a finite number")
    return float(value)


def text(value: Any) -> str:
    """A short text.

    Raises:
        MessageError: not a text, or too long.
    """
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise MessageError(f"expected a text of at most {MAX_TEXT} characters")
    return value
