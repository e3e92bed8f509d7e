"""The wire form of tallies: rows, and packed columns of numbers.

A tally travels as a list of eight; how the columns are laid out is drawn in :mod:`loadgen.stats.columns`::

    rows      bytes: which names the numbers belong to, see loadgen.messages.rows
    sums      uint32, or int64 where one does not fit: figures by row, then a sum in µs for each histogram
    bounds    uint32: least and greatest of each histogram in µs
    lengths   uint16: buckets that each histogram touches; TWIN: the same buckets and counts as the histogram before
    indices   uint16: bucket indices, rising within each histogram
    counts    uint8, uint16, uint32 or int64, as the largest asks for: their counts
    samples   failures in words
    slowest   some of the slowest requests

All numbers are little-endian, and widths told by lengths. A since_due that equals its service time is sent as a TWIN.

Nothing in a message is trusted. What is wrong with a single list is found when it is read (:func:`read_tally`), what is
wrong with the numbers for many tallies at once (:func:`malformed`): that is what makes a coordinator of thousands of
workers possible, as numpy costs by the call and hardly by the number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from loadgen.errors import MessageError
from loadgen.latency import BUCKETS
from loadgen.latency.layout import MAX_US
from loadgen.messages.plain import MAX_MESSAGE_BYTES, listed
from loadgen.messages.rows import pack_rows, unpack_rows
from loadgen.messages.samples import (
    PackedSlowest,
    pack_slowest,
    read_failures,
    read_slowest,
    unpack_slowest,
    write_failures,
    write_slowest,
)
from loadgen.stats import Columns, ErrorSample, Headline, Tally
from loadgen.stats.adding import Adder, headlines
from loadgen.stats.rows import Places, Rows
from loadgen.stats.slowest import slowest_of
from loadgen.stats.tally import SAMPLES_KEPT

MAX_COUNT: Final = 2**40
"""Values of one bucket: no worker counts so many in a second, and a float still counts a histogram of them exactly."""

TWIN: Final = 0xFFFF
"""In the place of a length: this histogram's buckets and counts are those of the one before it."""

TOGETHER: Final = 64
"""Tallies laid out at once: enough that numpy's calls cost nothing, few enough to stay in a processor's cache."""

BYTES_TOGETHER: Final = 4 * MAX_MESSAGE_BYTES
"""…unless they are large: laid out, a pair of index and count takes some ten times the memory."""

_SUM_TYPES: Final = {4: "<u4", 8: "<i8"}
_COUNT_TYPES: Final = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<i8"}


class PackedTally(NamedTuple):
    """A tally as it travels: its numbers are bytes, as in the list above, its names are read."""

    rows: Rows
    sums: bytes
    bounds: bytes
    lengths: bytes
    indices: bytes
    counts: bytes
    samples: list[ErrorSample]
    slowest: PackedSlowest


def pack_tally(tally: Tally, *, sort: bool = True) -> PackedTally:
    """Pack one tally; its rows sorted, so that those of many workers are the same bytes, or in the order they came."""
    columns = Columns.of(tally, sort=sort)
    (rows,) = columns.rows
    lengths, indices, counts = _without_twins(columns, rows)
    return PackedTally(
        rows,
        _narrow(columns.sums, _SUM_TYPES),
        np.minimum(columns.bounds, MAX_US).astype("<u4").tobytes(),
        lengths.astype("<u2").tobytes(),
        indices.astype("<u2").tobytes(),
        _narrow(counts, _COUNT_TYPES),
        columns.samples,
        pack_slowest(columns.slowest),
    )


def write_tally(packed: PackedTally) -> list[Any]:
    """A packed tally as a list for msgpack."""
    return [
        pack_rows(packed.rows.rows),
        *packed[1:6],
        write_failures(packed.samples),
        write_slowest(packed.slowest),
    ]


def read_tally(value: Any) -> PackedTally:
    """Read the list of one tally; its numbers are still to be looked at, by :func:`malformed`.

    Raises:
        MessageError: the lists and bytes in it do not fit each other.
    """
    packed_rows, sums, bounds, lengths, indices, counts, samples, slowest = listed(value, 8)
    rows = unpack_rows(packed_rows)
    if {type(sums), type(bounds), type(lengths), type(indices), type(counts)} != {bytes}:
        raise MessageError("a column is not packed bytes")
    if (
        len(sums) not in {4 * rows.sums, 8 * rows.sums}
        or len(bounds) != 8 * rows.histograms
        or len(lengths) != 2 * rows.histograms
    ):
        raise MessageError("a column does not fit its rows")
    pairs, odd = divmod(len(indices), 2)
    if odd or len(counts) not in {pairs, 2 * pairs, 4 * pairs, 8 * pairs}:
        raise MessageError("the columns of buckets and counts differ in length")
    return PackedTally(rows, sums, bounds, lengths, indices, counts, read_failures(samples), read_slowest(slowest))


def unpack_tally(packed: PackedTally, most: int = MAX_COUNT) -> Tally:
    """One tally.

    Args:
        packed: the tally.
        most: what one bucket may count.

    Raises:
        MessageError: its numbers are malformed.
    """
    if malformed([packed], most)[0]:
        raise MessageError("the numbers of a tally are malformed")
    return _with_samples(laid_out([packed]).tally(), [packed])


def added_up(packed: Sequence[PackedTally]) -> tuple[Tally, list[Headline]]:
    """The sum of some tallies, none of them :func:`malformed`, and the headline of each."""
    if not packed:
        return Tally(), []
    adder = Adder((tally.rows for tally in packed), sum(len(tally.indices) // 2 for tally in packed))
    found: list[Headline] = []
    for portion in portions(packed):
        columns = laid_out(portion)
        columns.counts = columns.counts.astype(np.int64)  # needed twice
        adder.add(columns)
        found += headlines(columns)
    return _with_samples(adder.sum().tally(), packed), found


def _with_samples(tally: Tally, packed: Sequence[PackedTally]) -> Tally:
    tally.samples = list(islice(chain.from_iterable([part.samples for part in packed]), SAMPLES_KEPT))
    tally.slowest = slowest_of([unpack_slowest([part.slowest for part in packed])])
    return tally


def laid_out(packed: Sequence[PackedTally]) -> Columns:
    """The numbers of some tallies as columns; they fit each other."""
    lengths = _lengths(packed)
    indices = np.frombuffer(b"".join([tally.indices for tally in packed]), "<u2")
    counts = _joined([(tally.counts, len(tally.indices) // 2) for tally in packed], _COUNT_TYPES)
    twins = lengths == TWIN
    if twins.any():
        lengths, at = _with_twins(lengths, twins)
        indices, counts = indices[at], counts[at]
    return Columns(
        [tally.rows for tally in packed],
        _joined([(tally.sums, tally.rows.sums) for tally in packed], _SUM_TYPES),
        np.frombuffer(b"".join([tally.bounds for tally in packed]), "<u4"),
        lengths,
        indices,
        counts,
        [],
        [],
    )


def malformed(packed: Sequence[PackedTally], most: int = MAX_COUNT) -> list[bool]:
    """For each tally, whether its numbers are wrong: beyond the layout, falling, of nothing, or too many."""
    return [is_bad for portion in portions(packed) for is_bad in _wrong(portion, most)]


def portions(packed: Sequence[PackedTally]) -> Iterator[Sequence[PackedTally]]:
    """The tallies in order, so many at a time as are best laid out at once."""
    start = size = 0
    for at, tally in enumerate(packed, 1):
        size += len(tally.indices) + len(tally.sums) + len(tally.bounds)
        if at - start == TOGETHER or size > BYTES_TOGETHER or at == len(packed):
            yield packed[start:at]
            start, size = at, 0


def _wrong(packed: Sequence[PackedTally], most: int) -> list[bool]:
    bad = _wrong_lengths(packed)
    good = np.flatnonzero(~bad)
    if good.size:
        bad[good] = _wrong_numbers(laid_out([packed[number] for number in good.tolist()]), most)
    found: list[bool] = bad.tolist()
    return found


def _wrong_lengths(packed: Sequence[PackedTally]) -> npt.NDArray[np.bool_]:
    lengths = _lengths(packed)
    of = np.repeat(np.arange(len(packed)), [tally.rows.histograms for tally in packed])
    twins = lengths == TWIN
    pairs = np.bincount(of, np.where(twins, 0, lengths), len(packed))
    bad: npt.NDArray[np.bool_] = pairs != [len(tally.indices) // 2 for tally in packed]
    bad[of[twins & ~np.concatenate([tally.rows.is_twin for tally in packed])]] = True
    return bad


def _wrong_numbers(columns: Columns, most: int) -> npt.NDArray[np.bool_]:
    tallies = np.arange(len(columns.rows))
    bad = np.zeros(tallies.size, dtype=np.bool_)
    of = np.repeat(tallies, [rows.histograms for rows in columns.rows])
    wrong = _wrong_pairs(columns, most)
    if wrong.any():
        bad[np.repeat(of, columns.lengths)[wrong]] = True
    empty = columns.lengths == 0
    sums_of = np.repeat(tallies, [rows.sums for rows in columns.rows])
    below = columns.sums < 0
    if below.any():
        below &= ~np.concatenate([rows.may_be_negative for rows in columns.rows])
        bad[sums_of[below]] = True
    of_histograms = np.concatenate([rows.is_sum for rows in columns.rows])
    claimed = columns.bounds.reshape(-1, 2).any(axis=1) | (columns.sums[of_histograms] != 0)
    bad[of[empty & claimed]] = True
    return bad


def _wrong_pairs(columns: Columns, most: int) -> npt.NDArray[np.bool_]:
    indices, counts = columns.indices, columns.counts
    wrong = indices >= BUCKETS
    wrong |= counts < 1
    if counts.itemsize > 4:
        wrong |= counts > most
    falling = indices[1:] <= indices[:-1]
    starts = (np.cumsum(columns.lengths) - columns.lengths)[columns.lengths > 0]
    falling[starts[1:] - 1] = False  # where one histogram ends and the next begins
    wrong[1:] |= falling
    return wrong


def _lengths(packed: Sequence[PackedTally]) -> Places:
    return np.frombuffer(b"".join([tally.lengths for tally in packed]), "<u2").astype(np.int64)


def _with_twins(lengths: Places, twins: npt.NDArray[np.bool_]) -> tuple[Places, Places]:
    """The lengths with those of the twins, and for each pair where it stands in the columns that lack them."""
    own = np.where(twins, 0, lengths)
    starts = np.cumsum(own) - own
    first = np.flatnonzero(twins)
    own[first], starts[first] = own[first - 1], starts[first - 1]
    return own, np.repeat(starts - (np.cumsum(own) - own), own) + np.arange(int(own.sum()))


def _without_twins(columns: Columns, rows: Rows) -> tuple[Places, npt.NDArray[Any], npt.NDArray[Any]]:
    """The lengths with twins marked, and the indices and counts that are left."""
    lengths, indices, counts = columns.lengths, columns.indices, columns.counts
    sums = columns.sums[rows.figures :]
    second = np.flatnonzero(rows.is_twin)
    alike = second[(sums[second] == sums[second - 1]) & (lengths[second] == lengths[second - 1])]
    if not alike.size:
        return lengths, indices, counts
    ends = np.cumsum(lengths)
    lengths, kept = lengths.copy(), np.ones(indices.size, dtype=np.bool_)
    for at in alike.tolist():
        own, other = slice(ends[at - 1], ends[at]), slice(ends[at - 1] - lengths[at], ends[at - 1])
        if lengths[at] and all(np.array_equal(column[own], column[other]) for column in (indices, counts)):
            lengths[at], kept[own] = TWIN, False
    return lengths, indices[kept], counts[kept]


def _narrow(numbers: npt.NDArray[Any], types: dict[int, str]) -> bytes:
    """The numbers in the narrowest type that holds them all."""
    least, most = (int(numbers.min()), int(numbers.max())) if numbers.size else (0, 0)
    for width, name in types.items():
        if width == 8 or (least >= 0 and most < 1 << 8 * width):
            return numbers.astype(name).tobytes()
    raise AssertionError("every number fits 64 bits")


def _joined(parts: Sequence[tuple[bytes, int]], types: dict[int, str]) -> npt.NDArray[Any]:
    """Columns of maybe different widths as one; each is given with its length."""
    widths = [len(data) // size if size else 0 for data, size in parts]
    if len(set(widths) - {0}) <= 1:
        return np.frombuffer(b"".join([data for data, _ in parts]), types[max(widths) or 4])
    return np.concatenate(
        [np.frombuffer(data, types[width]) for (data, _), width in zip(parts, widths, strict=True) if width]
    )
