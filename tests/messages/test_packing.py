"""The wire form of tallies, frames and seconds: exact there and back."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from drawn import a_row, a_tally, frames, rows, tallies
from hypothesis import given
from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.messages import Frame, added_up, decode_second, encode_second, pack_tally, unpack_tally
from loadgen.messages.packing import BYTES_TOGETHER, MAX_COUNT, TOGETHER, portions, read_tally, write_tally
from loadgen.messages.plain import MAX_TEXT, dumps, grown, loads
from loadgen.stats import ArrivalCounts, ErrorSample, Series, SeriesKey, Tally


def sent(tally: Tally) -> bytes:
    return dumps(write_tally(pack_tally(tally)))


def received(data: bytes) -> Tally:
    return unpack_tally(read_tally(loads(data)))


@given(tallies)
def test_a_tally_comes_back_as_it_was(tally):
    assert received(sent(tally)) == tally


@given(frames)
def test_a_frame_comes_back_as_it_was(frame):
    assert Frame.decode(frame.encode()) == frame


@given(rows)
def test_a_second_comes_back_as_it_was(row):
    assert decode_second(encode_second(row)) == row


@given(st.text(max_size=MAX_TEXT))
def test_any_text_of_a_journey_can_be_sent(text):
    sample = ErrorSample(1, "w", "Browser", "home", "/", "GET", "assertion", text)
    (back,) = received(sent(Tally(samples=[sample]))).samples

    assert back.text == text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("amount", [2**63, 2**64 - 1, 2**64, 2**200, -(2**63), -(2**64)])
def test_a_number_beyond_64_bits_becomes_the_nearest_within(amount):
    counters = Counter({("Browser", "revenue"): amount})
    back = received(sent(Tally(counters=counters)))

    assert back.counters == {("Browser", "revenue"): max(-(2**63), min(amount, 2**63 - 1))}


def test_what_no_message_can_hold_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="cannot hold object"):
        dumps([object()])


@pytest.mark.parametrize(("most", "width"), [(255, 1), (256, 2), (2**16, 4), (2**32, 8), (MAX_COUNT, 8)])
def test_counts_are_packed_as_wide_as_the_largest_asks_for(most, width):
    histogram = Histogram.from_pairs([3, 900], [most, 1], sum_us=7, min_us=3, max_us=4)
    tally = Tally(arrivals={0: ArrivalCounts(lag=histogram)})

    assert len(pack_tally(tally).counts) == 2 * width
    assert received(sent(tally)) == tally


@given(st.lists(frames, max_size=6))
def test_frames_read_together_are_those_read_one_by_one(some):
    encoded = [frame.encode() for frame in some]

    assert Frame.decode_all(encoded) == [Frame.decode(data) for data in encoded] == some


@given(st.lists(tallies, max_size=6))
def test_packed_tallies_add_up_as_they_would_unpacked(some):
    whole, headlines = added_up([read_tally(loads(sent(tally))) for tally in some])

    assert whole == (Tally.merged(some) if some else Tally())
    assert [line.requests for line in headlines] == [tally.requests for tally in some]


def test_a_great_many_tallies_are_added_up_in_portions():
    dice = random.Random(5)
    some = [a_tally(dice) for _ in range(2 * TOGETHER + 7)]
    packed = [pack_tally(tally) for tally in some]

    assert [len(portion) for portion in portions(packed)] == [TOGETHER, TOGETHER, 7]
    assert without_failures(added_up(packed)[0]) == without_failures(Tally.merged(some))


def test_large_tallies_are_laid_out_by_few_at_a_time():
    packed = pack_tally(Tally())._replace(indices=bytes(BYTES_TOGETHER // 2))

    assert [len(portion) for portion in portions([packed] * 5)] == [2, 2, 1]


def without_failures(tally: Tally) -> Tally:
    """Of which only some are kept, whichever came first."""
    return replace(tally, samples=[])


def test_equal_histograms_of_a_series_travel_once():
    times = Histogram.of(range(1000, 90_000, 7))
    key = SeriesKey("Browser", "home", "/", "GET", "ok")
    on_time, late = (Tally(series={key: Series(times, due)}) for due in (times, Histogram.of(range(2000, 90_000, 7))))

    assert len(sent(on_time)) < 0.6 * len(sent(late))
    assert received(sent(on_time)) == on_time
    assert added_up([pack_tally(tally) for tally in (late, on_time)])[0] == Tally.merged([late, on_time])


def test_a_sealed_second_takes_little_room_in_redis():
    row = a_row(random.Random(3))
    assert len(encode_second(row)) < 0.6 * len(grown(encode_second(row)))
