"""The wire form of a tally: msgpack lists, histograms as packed arrays.

A histogram is ``[indices, counts, sum_us, min_us, max_us]`` with the indices as little-endian uint16 bytes and the
counts as little-endian uint32 bytes (uint64 where one does not fit, told by its length). A tally is a fixed list, in
the order of :func:`pack_tally`. Unpacking checks every type and range: bytes from Redis may come from anyone.
"""

from __future__ import annotations

from collections import Counter
from itertools import accumulate, chain
from typing import Any, Final

import msgpack
import numpy as np
import numpy.typing as npt

from loadgen.errors import MessageError
from loadgen.latency import BUCKETS, Histogram
from loadgen.latency.layout import MAX_US
from loadgen.stats import ArrivalCounts, ErrorSample, JourneyCounts, Series, SeriesKey, SlowSample, StepCounts, Tally
from loadgen.stats.slowest import SLOWEST_KEPT, TRACE_ID_BYTES

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""A frame of 10,000 series is below this; anything larger is refused unread."""

MAX_SERIES: Final = 20_000
"""Series of one message. A plan's name cap keeps a run far below."""

MAX_TEXT: Final = 400
"""Characters of any label or sample text."""

_NO_INDICES: Final = np.empty(0, dtype=np.uint16)
_NO_COUNTS: Final = np.empty(0, dtype=np.int64)

MAX_COUNT: Final = 2**40
"""Values of one bucket: no worker counts so many in a second, and a float still counts a histogram of them exactly."""


def dumps(value: Any) -> bytes:
    """Pack plain lists, maps, strings, bytes and numbers.

    Whatever a journey made of it, a frame can be packed: half a character (a lone surrogate) becomes a question mark,
    a number that fits no 64 bits the nearest that does.
    """
    packed: bytes = msgpack.packb(value, use_bin_type=True, unicode_errors="replace", default=_nearest)
    return packed


def _nearest(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a message cannot hold {type(value).__name__}")
    return max(-(2**63), min(value, 2**64 - 1))


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
        raise MessageError(f"a message cannot be unpacked: {error or type(error).__name__}") from error


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
    histograms = _Histograms()
    histogram = histograms.read(packed)
    histograms.fill()
    return histogram


class _Histograms:
    """The histograms of one message: read one by one, then checked and filled all at once.

    numpy costs by the call and hardly by the number, and a frame has some fifty histograms of some twenty pairs: this
    is what makes a coordinator of hundreds of workers possible.
    """

    def __init__(self) -> None:
        self._read: list[Histogram] = []
        self._indices: list[bytes] = []
        self._counts: list[bytes] = []

    def read(self, packed: Any) -> Histogram:
        """One histogram; its arrays are empty until :meth:`fill`."""
        if packed is None:
            return Histogram()
        indices, counts, sum_us, min_us, max_us = _listed(packed, 5)
        if not isinstance(indices, bytes) or not isinstance(counts, bytes) or len(indices) % 2:
            raise MessageError("a histogram's arrays are not packed bytes")
        if not indices or len(counts) not in {2 * len(indices), 4 * len(indices)}:
            raise MessageError("a histogram's arrays differ in length")
        histogram = Histogram(_NO_INDICES, _NO_COUNTS, natural(sum_us), natural(min_us), natural(max_us))
        self._read.append(histogram)
        self._indices.append(indices)
        self._counts.append(counts)
        return histogram

    def fill(self) -> None:
        """Give every histogram its part of the arrays."""
        if not self._read:
            return
        indices = np.frombuffer(b"".join(self._indices), dtype="<u2").astype(np.uint16)
        counts = self._all_counts(indices.size)
        ends = list(accumulate(len(part) // 2 for part in self._indices))
        rising = indices[1:] > indices[:-1]
        rising[np.array(ends[:-1], dtype=np.int64) - 1] = True  # where one histogram ends and the next begins
        if indices.max() >= BUCKETS or counts.min() <= 0 or counts.max() > MAX_COUNT or not rising.all():
            raise MessageError(
                "a histogram is malformed: bucket indices must rise within the layout, and counts be from 1 to 2^40"
            )
        for histogram, start, end in zip(self._read, [0, *ends], ends, strict=False):
            histogram.indices = indices[start:end]
            histogram.counts = counts[start:end]

    def _all_counts(self, size: int) -> npt.NDArray[np.int64]:
        packed = b"".join(self._counts)
        if len(packed) == 4 * size:
            return np.frombuffer(packed, dtype="<u4").astype(np.int64)
        widths = ("<u4" if len(n) == 2 * len(at) else "<u8" for at, n in zip(self._indices, self._counts, strict=True))
        parts = [np.frombuffer(n, dtype=width) for n, width in zip(self._counts, widths, strict=True)]
        return np.concatenate(parts).astype(np.int64)  # what is beyond 63 bits turns negative, and is refused


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
        [[*sample[:-1], bytes.fromhex(sample.trace_id)] for sample in tally.slowest],
    ]


def unpack_tally(packed: Any) -> Tally:
    """Read a tally back.

    Raises:
        MessageError: anything in it has the wrong form.
    """
    series, arrivals, shoppers, steps, journeys, counters, levels, samples, slowest = _listed(packed, 9)
    sent, in_flight, renamed = (natural(n) for n in _listed(levels, 3))
    histograms = _Histograms()
    tally = Tally(
        dict(_unpack_series(entry, histograms) for entry in _listed(series)),
        dict(_unpack_arrivals(entry, histograms) for entry in _listed(arrivals)),
        Counter({natural(k): natural(n) for k, n in (_listed(pair, 2) for pair in _listed(shoppers))}),
        dict(_unpack_step(entry, histograms) for entry in _listed(steps)),
        dict(_unpack_journey(entry) for entry in _listed(journeys)),
        Counter({(text(j), text(n)): whole(amount) for j, n, amount in (_listed(e, 3) for e in _listed(counters))}),
        sent,
        in_flight,
        renamed,
        [_unpack_sample(entry) for entry in _listed(samples)],
        _unpack_slowest(slowest),
    )
    histograms.fill()
    return tally


def _pack_series(key: SeriesKey, series: Series) -> list[Any]:
    same = series.since_due == series.service
    return [
        *key,
        pack_histogram(series.service),
        True if same else pack_histogram(series.since_due),
        series.response_bytes,
        dict(series.reasons),
    ]


def _unpack_series(entry: Any, histograms: _Histograms) -> tuple[SeriesKey, Series]:
    journey, step, name, method, result, service, since_due, size, reasons = _listed(entry, 9)
    service_times = histograms.read(service)
    return (
        SeriesKey(text(journey), text(step), text(name), text(method), text(result)),
        Series(
            service_times,
            service_times if since_due is True else histograms.read(since_due),
            natural(size),
            _counted(reasons),
        ),
    )


def _unpack_arrivals(entry: Any, histograms: _Histograms) -> tuple[int, ArrivalCounts]:
    stream, started, late, dropped, missed, lag = _listed(entry, 6)
    return natural(stream), ArrivalCounts(
        natural(started), natural(late), natural(dropped), natural(missed), histograms.read(lag)
    )


def _unpack_step(entry: Any, histograms: _Histograms) -> tuple[tuple[str, str], StepCounts]:
    journey, step, entered, completed, abandoned, time = _listed(entry, 6)
    return (text(journey), text(step)), StepCounts(
        natural(entered), natural(completed), _counted(abandoned), histograms.read(time)
    )


def _unpack_journey(entry: Any) -> tuple[str, JourneyCounts]:
    name, started, completed, failed, interrupted = _listed(entry, 5)
    return text(name), JourneyCounts(natural(started), natural(completed), natural(failed), natural(interrupted))


def _unpack_sample(entry: Any) -> ErrorSample:
    second, *texts = _listed(entry, 8)
    return ErrorSample(whole(second), *(text(part) for part in texts))


def _unpack_slowest(packed: Any) -> list[SlowSample]:
    """Column by column: a frame is to cost little, and these are the same few checks for each."""
    entries = _listed(packed)
    if not entries:
        return []
    if len(entries) > SLOWEST_KEPT or {len(_listed(entry)) for entry in entries} != {len(SlowSample._fields)}:
        raise MessageError("the slowest requests are too many, or have the wrong number of fields")
    times_us, seconds, *words, trace_ids = zip(*entries, strict=True)
    texts = [*chain.from_iterable(words)]
    if {*map(type, times_us), *map(type, seconds)} != {int} or min(times_us) < 0 or max(times_us) > MAX_US:
        raise MessageError("a slow request's time is out of range")
    if {*map(type, texts)} != {str} or max(map(len, texts)) > MAX_TEXT or min(seconds) < 0:
        raise MessageError("a slow request's second or texts are malformed")
    if {*map(type, trace_ids)} != {bytes} or not {*map(len, trace_ids)} <= {0, TRACE_ID_BYTES}:
        raise MessageError("a trace id is malformed")
    return [*map(SlowSample, times_us, seconds, *words, map(bytes.hex, trace_ids))]


def _counted(packed: Any) -> Counter[str]:
    if not isinstance(packed, dict):
        raise MessageError("counts by name are not a map")
    if not packed:
        return Counter()
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
    if type(value) is not int or not 0 <= value < 2**64:
        raise MessageError("expected a whole number of 0 or more")
    return value


def whole(value: Any) -> int:
    """A whole number.

    Raises:
        MessageError: it is not.
    """
    if type(value) is not int or not -(2**63) <= value < 2**64:
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
