"""The wire form of tallies, frames and seconds: exact there and back, and MessageError for everything else."""

from __future__ import annotations

import contextlib
import math
import random
from collections import Counter

import msgpack
import numpy as np
import pytest
from drawn import a_frame, a_row, frames, rows, tallies
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.errors import MessageError
from loadgen.latency import Histogram
from loadgen.latency.layout import MAX_US
from loadgen.messages import Frame, Health, decode_second, encode_second
from loadgen.messages.packing import (
    MAX_COUNT,
    MAX_MESSAGE_BYTES,
    MAX_SERIES,
    MAX_TEXT,
    dumps,
    loads,
    pack_histogram,
    pack_tally,
    unpack_histogram,
    unpack_tally,
)
from loadgen.stats import ErrorSample, Series, SeriesKey, Tally

READERS = [Frame.decode, decode_second]


@given(tallies)
def test_a_tally_comes_back_as_it_was(tally):
    assert unpack_tally(loads(dumps(pack_tally(tally)))) == tally


@given(frames)
def test_a_frame_comes_back_as_it_was(frame):
    assert Frame.decode(frame.encode()) == frame


@given(rows)
def test_a_second_comes_back_as_it_was(row):
    assert decode_second(encode_second(row)) == row


@given(st.text(max_size=MAX_TEXT))
def test_any_text_of_a_journey_can_be_sent(text):
    sample = ErrorSample(1, "w", "Browser", "home", "/", "GET", "assertion", text)
    (back,) = unpack_tally(loads(dumps(pack_tally(Tally(samples=[sample]))))).samples

    assert back.text == text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("amount", [2**63, 2**64 - 1, 2**64, 2**200, -(2**63), -(2**64)])
def test_a_number_beyond_64_bits_saturates(amount):
    counters = Counter({("Browser", "revenue"): amount})
    back = unpack_tally(loads(dumps(pack_tally(Tally(counters=counters)))))

    assert back.counters == {("Browser", "revenue"): max(-(2**63), min(amount, 2**64 - 1))}


def test_what_no_message_can_hold_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="cannot hold object"):
        dumps([object()])


def test_counts_beyond_32_bits_are_packed_wider():
    histogram = Histogram.from_pairs([3, 900], [2**32, 1], sum_us=7, min_us=3, max_us=4)
    packed = pack_histogram(histogram)

    assert len(packed[1]) == 16
    assert unpack_histogram(packed) == histogram
    assert len(pack_histogram(Histogram.of([3, 900]))[1]) == 8


def test_equal_histograms_of_a_series_travel_once():
    times = Histogram.of(range(1000, 90_000, 7))
    key = SeriesKey("Browser", "home", "/", "GET", "ok")
    on_time, late = (Tally(series={key: Series(times, due)}) for due in (times, Histogram.of(range(2000, 90_000, 7))))

    assert len(dumps(pack_tally(on_time))) < 0.6 * len(dumps(pack_tally(late)))
    assert unpack_tally(pack_tally(on_time)) == on_time


# -- bytes from anyone


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
        (encode_second(a_row(random.Random(seed))), decode_second),
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


def with_histogram(packed):
    fields = loads(a_plain_frame().encode())
    fields[6][1] = [[0, 1, 0, 0, 0, packed]]
    return dumps(fields)


def a_plain_frame(**changes) -> Frame:
    return Frame(
        **(
            {"run": "r", "worker": "w", "sequence": 1, "second": 0, "epoch": 1, "tally": Tally(), "health": Health()}
            | changes
        )
    )


def u2(*numbers):
    return np.array(numbers, "<u2").tobytes()


def u4(*numbers):
    return np.array(numbers, "<u4").tobytes()


def u8(*numbers):
    return np.array(numbers, "<u8").tobytes()


@pytest.mark.parametrize(
    "packed",
    [
        [],
        [b"", b"", 0, 0, 0],
        [u2(5), u4(1, 2, 3), 5, 5, 5],
        [u2(5, 6), u4(1), 5, 5, 5],
        [u2(5, 5), u4(1, 1), 5, 5, 5],
        [u2(6, 5), u4(1, 1), 5, 5, 5],
        [u2(3328), u4(1), 5, 5, 5],
        [u2(5), u4(0), 5, 5, 5],
        [u2(5), u8(0), 5, 5, 5],
        [u2(5), u8(2**63), 5, 5, 5],
        [u2(5), u8(2**64 - 1), 5, 5, 5],
        [u2(5), u8(MAX_COUNT + 1), 5, 5, 5],
        [u2(5), u4(1), -1, 5, 5],
        [u2(5), u4(1), 5, -5, 5],
        [u2(5), u4(1), 5.0, 5, 5],
        [u2(5), u4(1), True, 5, 5],
        [b"\x05", u4(1), 5, 5, 5],
        ["\x05\x00", u4(1), 5, 5, 5],
        [u2(5), [1], 5, 5, 5],
    ],
)
def test_malformed_histograms_are_refused(packed):
    assert Frame.decode(with_histogram([u2(5), u4(1), 5, 5, 5])).tally.arrivals[0].lag == Histogram.of([5])
    with pytest.raises(MessageError):
        Frame.decode(with_histogram(packed))


@pytest.mark.parametrize(
    ("place", "value"),
    [
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
        ((6, 6), [0, 0]),
        ((6, 7), [["x"] * 8]),
        ((6, 8), None),
        ((6, 8), [[5, 0, *"wjsnmo", b""]] * 21),
        ((6, 8), [[5, 0, *"wjsnmo"]]),
        ((6, 8), [[MAX_US + 1, 0, *"wjsnmo", b""]]),
        ((6, 8), [[5, -1, *"wjsnmo", b""]]),
        ((6, 8), [[5, 0, *"wjsnm", "o" * (MAX_TEXT + 1), b""]]),
        ((6, 8), [[5, 0, *"wjsnmo", ""]]),
        ((6, 8), [[5, 0, *"wjsnmo", b"x" * 15]]),
        ((6, 8), [[5, 0, *"wjsnmo", b"x" * 32]]),
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
        ((9,), None),
        ((9,), {}),
        ((9,), [[0]]),
        ((9,), [[0, -0.5]]),
        ((9,), [[0, math.nan]]),
        ((9,), [[0, math.inf]]),
        ((9,), [[-1, 0.5]]),
        ((9,), [[0, "1"]]),
        ((9,), [[0, 1.0], [0, 2.0]]),
        ((9,), [[stream, 1.0] for stream in range(33)]),
    ],
)
def test_a_frame_with_one_wrong_field_is_refused(place, value):
    fields = loads(a_plain_frame().encode())
    with pytest.raises(MessageError):
        Frame.decode(dumps(replaced(fields, place, value)))


def test_more_series_than_there_can_be_are_refused():
    entry = ["j", "s", "n", "GET", "ok", None, True, 0, {}]
    fields = loads(a_plain_frame().encode())
    fields[6][0] = [entry] * (MAX_SERIES + 1)

    with pytest.raises(MessageError):
        Frame.decode(dumps(fields))


def test_the_largest_numbers_of_a_frame_add_up_and_are_sealed():
    """Whatever a frame holds, its second can be written: one bad frame is never fatal."""
    most = 2**64 - 1
    key = SeriesKey("Browser", "home", "/", "GET", "ok")
    times = Histogram.from_pairs([5], [MAX_COUNT], sum_us=most, min_us=0, max_us=most)
    tally = Tally(series={key: Series(times, times, most)}, sent=most, in_flight=most)
    data = a_plain_frame(tally=tally).encode()
    row = a_row(random.Random(1))
    row.tally = Tally.merged([Frame.decode(data).tally for _ in range(5)])

    back = encode_second(row)

    assert msgpack.unpackb(back, strict_map_key=False)[4][6][0] == most
