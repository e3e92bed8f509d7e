"""The wire form of tallies, frames and seconds: bytes from anyone are read, or refused by a MessageError."""

from __future__ import annotations

import contextlib
import math
import random
import zlib

import msgpack
import numpy as np
import pytest
from drawn import a_frame, a_row
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.errors import MessageError
from loadgen.latency import Histogram
from loadgen.latency.layout import MAX_US
from loadgen.messages import Frame, Health, added_up, decode_second, encode_second, pack_tally, unpack_tally
from loadgen.messages.packing import MAX_COUNT, TWIN, write_tally
from loadgen.messages.plain import MAX_MESSAGE_BYTES, MAX_TEXT, dumps, grown, loads, shrunk
from loadgen.stats import Series, SeriesKey, Tally

READERS = [Frame.decode, decode_second]


def u1(*numbers):
    return np.array(numbers, "<u1").tobytes()


def u2(*numbers):
    return np.array(numbers, "<u2").tobytes()


def u4(*numbers):
    return np.array(numbers, "<u4").tobytes()


def i8(*numbers):
    return np.array(numbers, "<i8").tobytes()


def refused(read, data: bytes) -> None:
    """Reading gives a message error, or a message; nothing else."""
    with contextlib.suppress(MessageError):
        read(data)


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused(data):
    for read in READERS:
        with pytest.raises(MessageError):
            read(data)


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(),
        st.text(max_size=5),
        st.binary(max_size=8),
        st.just(msgpack.ExtType(5, b"x")),
        st.just(msgpack.Timestamp(1, 2)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=9),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(0, 9)), inner, max_size=3),
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(values)
def test_any_value_is_refused(value):
    data = msgpack.packb(value)
    for read in READERS:
        refused(read, data)


def places(value, place=()):
    """Every place inside nested lists and maps."""
    yield place
    inside = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for key, item in inside:
        yield from places(item, (*place, key))


def replaced(value, place, new):
    if not place:
        return new
    copy = value.copy()
    copy[place[0]] = replaced(value[place[0]], place[1:], new)
    return copy


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.data())
def test_a_real_message_with_a_foreign_part_is_refused_or_read(seed, data):
    for encoded, read in (
        (a_frame(random.Random(seed)).encode(), Frame.decode),
        (grown(encode_second(a_row(random.Random(seed)))), lambda data: decode_second(shrunk(data))),
    ):
        fields = msgpack.unpackb(encoded, strict_map_key=False)
        dice = data.draw(st.randoms(use_true_random=True))
        place = dice.choice(list(places(fields)))
        refused(read, msgpack.packb(replaced(fields, place, data.draw(values))))


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_truncated_and_flipped_messages_are_refused_or_read(seed):
    dice = random.Random(seed)
    for encoded, read in ((a_frame(dice).encode(), Frame.decode), (encode_second(a_row(dice)), decode_second)):
        with pytest.raises(MessageError):
            read(encoded[: dice.randrange(len(encoded))])
        with pytest.raises(MessageError):
            read(encoded + b"\xc0")
        flipped = bytearray(encoded)
        for _ in range(dice.randrange(1, 4)):
            flipped[dice.randrange(len(flipped))] ^= 1 << dice.randrange(8)
        refused(read, bytes(flipped))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"rubbish",
        shrunk(b"x" * 100)[:-1],  # cut
        shrunk(b"x" * 100) + b"more",
        shrunk(bytes(MAX_MESSAGE_BYTES + 1)),  # a few kilobytes that would be megabytes
        zlib.compress(bytes(2**26), 9),  # or many
    ],
)
def test_what_was_not_shrunk_by_us_is_refused(data):
    with pytest.raises(MessageError):
        grown(data)
    with pytest.raises(MessageError):
        decode_second(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x91" * 100_000,  # lists in lists
        b"\x81\xc0" * 50_000,  # maps in maps
        b"\xdd\xff\xff\xff\xff",  # a list of four thousand million
        b"\xdf\xff\xff\xff\xff",  # a map of as many
        b"\xc6\xff\xff\xff\xff",  # bytes of as many
        b"\xdb\xff\xff\xff\xffabc",  # a text of as many
        b"\xdd\x00\x01\x38\x80" * 1000,  # a thousand long lists in each other
        b"\x81\x90\x01",  # a list as a map's key
        b"\xa2\xff\xfe",  # no UTF-8
        b"\xd6\xff\x00\x00\x00\x01",  # an instant
        bytes(MAX_MESSAGE_BYTES + 1),
    ],
    ids=lambda data: f"{data[:6].hex()} {len(data)} bytes",
)
def test_bombs_are_refused(data):
    for read in READERS:
        with pytest.raises(MessageError):
            read(data)


def a_plain_frame(**changes) -> Frame:
    plain = {"run": "r", "worker": "w", "sequence": 1, "second": 0, "epoch": 1, "health": Health()}
    return Frame(**(plain | {"tally": pack_tally(changes.pop("of", Tally()))} | changes))


ROWS, SUMS, BOUNDS, LENGTHS, INDICES, COUNTS, FAILURES, SLOWEST = range(8)


def one_series() -> Tally:
    """A tally whose columns are known: three levels, bytes, and a sum for each of two histograms of one value."""
    times = [Histogram.of([us]) for us in (5, 7)]
    return Tally(series={SeriesKey("j", "s", "n", "GET", "ok"): Series(*times, 10)})


def test_columns_lie_as_they_are_drawn():
    _, sums, bounds, lengths, indices, counts, *_ = write_tally(pack_tally(one_series()))

    assert (sums, bounds, lengths) == (u4(0, 0, 0, 10, 5, 7), u4(5, 5, 7, 7), u2(1, 1))
    assert (indices, counts) == (u2(5, 7), u1(1, 1))


@pytest.mark.parametrize(
    "columns",
    [
        {SUMS: u4(0, 0, 0, 10, 5)},
        {SUMS: u4(0, 0, 0, 10, 5, 7, 0)},
        {SUMS: i8(0, 0, 0, -1, 5, 7)},
        {SUMS: i8(0, 0, 0, 10, -5, 7)},
        {SUMS: i8(-(2**63), 0, 0, 10, 5, 7)},
        {SUMS: "0000"},
        {SUMS: None},
        {BOUNDS: b""},
        {BOUNDS: u4(5, 5, 7)},
        {BOUNDS: [5, 5, 7, 7]},
        {LENGTHS: u2(1)},
        {LENGTHS: u2(1, 1, 1)},
        {LENGTHS: u2(1, 0)},
        {LENGTHS: u2(2, 1)},
        {LENGTHS: u2(TWIN, 2)},
        {LENGTHS: u2(TWIN, TWIN)},
        {LENGTHS: u2(0, TWIN)},
        {LENGTHS: u2(0, 2)},
        {LENGTHS: u2(0, 0), INDICES: b"", COUNTS: b""},
        {INDICES: u2(5)},
        {INDICES: u2(5, 7, 9)},
        {INDICES: u2(5, 7) + b"\0"},
        {INDICES: u2(5, 3328)},
        {INDICES: u2(0xFFFF, 7)},
        {COUNTS: b""},
        {COUNTS: u1(1, 1, 1)},
        {COUNTS: u1(0, 1)},
        {COUNTS: u2(1, 0)},
        {COUNTS: u4(0, 1)},
        {COUNTS: i8(1, 0)},
        {COUNTS: i8(1, -1)},
        {COUNTS: i8(-(2**63), 1)},
        {COUNTS: i8(1, MAX_COUNT + 1)},
        {LENGTHS: u2(2, TWIN), INDICES: u2(7, 5)},
        {LENGTHS: u2(2, TWIN), INDICES: u2(5, 5)},
    ],
    ids=str,
)
def test_columns_that_do_not_fit_are_refused_and_leave_others_alone(columns):
    good = a_plain_frame(of=one_series())
    fields = loads(good.encode())
    for place, column in columns.items():
        fields[6][place] = column
    bad = dumps(fields)

    before, between, after = Frame.decode_all([good.encode(), bad, good.encode()])

    assert (before, after) == (good, good)
    assert isinstance(between, MessageError)
    with pytest.raises(MessageError):
        Frame.decode(bad)


@pytest.mark.parametrize(
    "columns",
    [
        {LENGTHS: u2(2, TWIN)},
        {SUMS: i8(0, 0, 0, 10, 5, 2**63 - 1)},
        {COUNTS: i8(MAX_COUNT, 1)},
        {INDICES: u2(5, 3327)},
    ],
    ids=str,
)
def test_columns_that_fit_are_read(columns):
    fields = loads(a_plain_frame(of=one_series()).encode())
    for place, column in columns.items():
        fields[6][place] = column

    assert unpack_tally(Frame.decode(dumps(fields)).tally).requests >= 1


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((0,), 1),
        ((0,), 2),
        ((0,), 0),
        ((0,), True),
        ((0,), 1.0),
        ((0,), "1"),
        ((1,), 7),
        ((1,), b"r"),
        ((1,), "r" * (MAX_TEXT + 1)),
        ((3,), 0),
        ((3,), -1),
        ((3,), 1.0),
        ((3,), True),
        ((4,), -1),
        ((5,), None),
        ((6,), []),
        ((6, 0), {}),
        ((6, 0), b""),
        ((6, 1), b""),
        ((6, 6), [["x"] * 8]),
        ((6, 6), [[0, *"wjsnmrt"]] * 21),
        ((6, 7), None),
        ((6, 7, 0), u4(5)),
        ((6, 7, 0), None),
        ((6, 7, 1), u4(5)),
        ((6, 7, 2), bytes(16)),
        ((6, 7, 2), ""),
        ((6, 7, 3), ["w"]),
        ((6, 7, 4), [dumps([*"jsnmo"])]),
        ((6, 7), [u4(5), u4(0), bytes(15), ["w"], [dumps([*"jsnmo"])]]),
        ((6, 7), [u4(5), u4(0), bytes(16), [7], [dumps([*"jsnmo"])]]),
        ((6, 7), [u4(5), u4(0), bytes(16), ["w" * (MAX_TEXT + 1)], [dumps([*"jsnmo"])]]),
        ((6, 7), [u4(5), u4(0), bytes(16), ["w"], [[*"jsnmo"]]]),
        ((6, 7), [u4(5), u4(0), bytes(16), ["w"], [dumps([*"jsnm"])]]),
        ((6, 7), [u4(5), u4(0), bytes(16), ["w"], [dumps([*"jsnm", "o" * (MAX_TEXT + 1)])]]),
        ((6, 7), [u4(*[5] * 21), u4(*[0] * 21), bytes(16 * 21), ["w"] * 21, [dumps([*"jsnmo"])] * 21]),
        ((7,), [0, 0, 0]),
        ((7, 0), math.nan),
        ((7, 0), math.inf),
        ((7, 0), "0"),
        ((7,), [0, 0, 0, 0, 0, 0, 0, 0]),
        ((7, 1), 0.5),
        ((7, 1), 1),
        ((7, 2), 1),
        ((7, 3), -1),
        ((7, 4), 1.001),
        ((7, 4), -0.001),
        ((7, 4), math.nan),
        ((7, 4), True),
        ((7, 4), None),
        ((8,), 1),
        ((8,), None),
        ((9,), math.nan),
        ((9,), math.inf),
        ((9,), "1"),
        ((9,), False),
        ((10,), None),
        ((10,), {}),
        ((10,), [[0]]),
        ((10,), [[0, -1]]),
        ((10,), [[0, 0.5]]),
        ((10,), [[-1, 1]]),
        ((10,), [[0, "1"]]),
        ((10,), [[0, 1], [0, 2]]),
        ((10,), [[stream, 1] for stream in range(33)]),
    ],
)
def test_a_frame_with_one_wrong_field_is_refused(place, value):
    fields = loads(a_plain_frame().encode())
    with pytest.raises(MessageError):
        Frame.decode(dumps(replaced(fields, place, value)))


def test_the_largest_numbers_of_a_frame_add_up_and_are_sealed():
    """Whatever a frame holds, its second can be written: one bad frame is never fatal."""
    most = 2**63 - 1
    key = SeriesKey("Browser", "home", "/", "GET", "ok")
    times = Histogram.from_pairs([5], [MAX_COUNT], sum_us=most, min_us=0, max_us=MAX_US)
    tally = Tally(series={key: Series(times, times, most)}, sent=most, in_flight=most)
    frame = Frame.decode(a_plain_frame(of=tally).encode())
    row = a_row(random.Random(1))
    row.tally, _ = added_up([frame.tally] * 5)

    back = decode_second(encode_second(row)).tally

    assert (back.sent, back.in_flight, back.response_bytes) == (most, most, most)
    assert (back.service().count, back.service().sum_us) == (5 * MAX_COUNT, most)
