"""Frames until they are sealed, and a little longer: nothing leaves before, nothing is forgotten, memory is bounded."""

from __future__ import annotations

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.worker.outbox import (
    APART,
    ASK_AGAIN_S,
    BATCH,
    FULL_BYTES,
    IN_REDIS_MOST,
    KEPT_SEALED_S,
    LONGEST_ASK_AGAIN_S,
    LONGEST_FRAME_S,
    STEP,
    Outbox,
)


def filled(count: int) -> Outbox:
    outbox = Outbox()
    for number in range(1, count + 1):
        outbox.put(b"%d" % number)
    return outbox


def numbers(outbox: Outbox) -> list[int]:
    return [number for number, _ in outbox.due()]


def sent(outbox: Outbox, frames: list[int], now_s: float) -> None:
    outbox.sent({number: f"{number}-0" for number in frames}, now_s)


def send_all(outbox: Outbox, now_s: float) -> list[int]:
    everything: list[int] = []
    while batch := numbers(outbox):
        sent(outbox, batch, now_s)
        everything += batch
    return everything


def test_frames_are_numbered_from_one():
    outbox = Outbox()
    assert outbox.next_sequence == 1
    outbox.put(b"a")
    outbox.put(b"b")

    assert outbox.next_sequence == 3
    assert outbox.due() == [(1, b"a"), (2, b"b")]


def test_a_frame_is_due_until_it_was_sent():
    outbox = filled(2)
    assert numbers(outbox) == [1, 2]
    assert numbers(outbox) == [1, 2]
    sent(outbox, [1], 0)

    assert numbers(outbox) == [2]


def test_after_a_long_cut_frames_go_in_portions_oldest_first():
    outbox = filled(BATCH + 7)
    assert numbers(outbox) == list(range(1, BATCH + 1))
    sent(outbox, numbers(outbox), 0)

    assert numbers(outbox) == list(range(BATCH + 1, BATCH + 8))


# -- sent and not sealed


def test_what_is_not_sealed_for_a_while_is_asked_for():
    outbox = filled(2)
    sent(outbox, [1], 10)
    sent(outbox, [2], 12)

    assert not outbox.overdue(10 + ASK_AGAIN_S - 0.01)
    assert outbox.overdue(10 + ASK_AGAIN_S)
    outbox.sealed(2, 11)
    assert not outbox.overdue(1e9)


def test_while_it_lies_in_redis_it_is_asked_for_ever_more_rarely_and_never_sent_again():
    outbox, now_s, asked = filled(1), 0.0, []
    sent(outbox, [1], now_s)
    while now_s < 3600:
        if outbox.overdue(now_s):
            outbox.still_there(now_s)
            asked.append(now_s)
        assert numbers(outbox) == []
        now_s += 0.25
    pauses = [later - earlier for earlier, later in itertools.pairwise([0.0, *asked])]

    assert pauses[:5] == [3, 6, 12, 24, 48]
    assert set(pauses[5:]) == {LONGEST_ASK_AGAIN_S}


def test_after_an_outage_it_is_asked_for_at_once():
    outbox = filled(1)
    outbox.doubt(5)
    assert not outbox.overdue(5)  # nothing was sent
    sent(outbox, [1], 10)
    outbox.doubt(11)
    assert outbox.overdue(11) == "1-0"
    outbox.still_there(11)
    assert not outbox.overdue(11)


def test_what_redis_lost_is_due_again_and_what_was_sealed_is_not():
    outbox = filled(4)
    sent(outbox, [1, 2, 3], 0)
    outbox.sealed(1, 1)
    outbox.lost()

    assert numbers(outbox) == [2, 3, 4]
    assert not outbox.overdue(1e9)


def test_no_more_lie_in_redis_unsealed_than_it_can_bear():
    outbox = filled(IN_REDIS_MOST + 100)
    assert len(send_all(outbox, 0)) == IN_REDIS_MOST
    outbox.sealed(30, 1)
    assert send_all(outbox, 1) == list(range(IN_REDIS_MOST + 1, IN_REDIS_MOST + 31))


# -- sealed


def test_what_is_sealed_is_kept_for_a_while_and_then_forgotten():
    outbox = filled(5)
    sent(outbox, [1, 2, 3, 4, 5], 0)
    outbox.sealed(3, 10)
    assert (len(outbox), outbox.kept_from) == (2, 1)
    outbox.sealed(3, 10 + KEPT_SEALED_S - 0.1)
    assert outbox.kept_from == 1
    outbox.sealed(3, 10 + KEPT_SEALED_S)
    assert (len(outbox), outbox.kept_from, outbox.held_bytes) == (2, 4, 2)
    outbox.sealed(99, 50)
    assert len(outbox) == 0
    outbox.sealed(99, 50 + KEPT_SEALED_S)
    assert (outbox.kept_from, outbox.held_bytes, outbox.next_sequence) == (6, 0, 6)


def test_what_was_sealed_and_is_not_any_more_is_sent_again():
    outbox = filled(6)
    send_all(outbox, 0)
    outbox.sealed(5, 1)
    outbox.sealed(2, 2)  # a replica took over that had not heard of 3, 4 and 5

    assert len(outbox) == 4
    assert numbers(outbox) == [3, 4, 5, 6]
    assert send_all(outbox, 2) == [3, 4, 5, 6]
    outbox.sealed(6, 3)
    assert (len(outbox), numbers(outbox)) == (0, [])


def test_a_frame_that_was_sealed_before_it_was_known_to_be_sent_is_not_sent():
    outbox = filled(2)
    outbox.sealed(2, 0)

    assert numbers(outbox) == []


# -- memory


def test_with_many_waiting_a_frame_covers_more_and_more_seconds():
    outbox = Outbox()
    lengths = []
    for _ in range(APART + 10 * STEP):
        lengths.append(outbox.seconds_a_frame)
        outbox.put(b"x")

    assert lengths == sorted(lengths)
    assert set(lengths[:APART]) == {1}
    assert [lengths[APART + step * STEP] for step in range(5)] == [2, 4, 8, 16, 16]
    assert max(lengths) == LONGEST_FRAME_S
    send_all(outbox, 0)
    outbox.sealed(outbox.next_sequence - 1, 0)
    assert outbox.seconds_a_frame == 1


def test_frames_that_only_wait_for_a_coordinator_do_not_grow_longer():
    outbox = filled(IN_REDIS_MOST)
    send_all(outbox, 0)
    assert outbox.seconds_a_frame == 1


def test_heavy_frames_grow_long_at_once_when_they_fill_the_memory():
    outbox = Outbox()
    while outbox.held_bytes <= FULL_BYTES:
        outbox.put(bytes(1024 * 1024))
    assert outbox.seconds_a_frame == LONGEST_FRAME_S


def test_a_day_without_redis_leaves_a_few_thousand_frames():
    outbox, at_s = Outbox(), 0
    while at_s < 86_400:
        at_s += outbox.seconds_a_frame
        outbox.put(bytes(100))
    assert len(outbox) < 6_500


@settings(max_examples=200)
@given(st.integers(0, 2**32))
def test_through_any_cuts_and_fail_overs_every_frame_arrives(seed):
    """Redis forgets up to so many seconds of what it was told last, sealed frames among it."""
    dice = random.Random(seed)
    outbox, now_s, entries = Outbox(), 0.0, itertools.count(1)
    stream: dict[str, int] = {}
    sealed = 0
    history = [(now_s, dict(stream), sealed)]

    def step(cuts: float, asks: float) -> None:
        nonlocal sealed
        batch = outbox.due()
        assert all(data == b"%d" % number for number, data in batch)
        if dice.random() > cuts:
            entry_ids = {number: f"{next(entries)}-0" for number, _ in batch}
            stream.update({entry_id: number for number, entry_id in entry_ids.items()})
            if dice.random() > cuts:
                outbox.sent(entry_ids, now_s)
        while sealed + 1 in stream.values() and dice.random() > cuts:
            sealed += 1
        if dice.random() < asks:
            outbox.sealed(sealed, now_s)
            if entry_id := outbox.overdue(now_s):
                outbox.still_there(now_s) if entry_id in stream else outbox.lost()
        history.append((now_s, dict(stream), sealed))

    for _ in range(80):
        now_s += dice.choice((0.1, 1.0, 3.0))
        if dice.random() < 0.6:
            outbox.put(b"%d" % outbox.next_sequence)
        step(0.3, 0.7)
        if dice.random() < 0.1:
            back_to_s = now_s - dice.uniform(0, KEPT_SEALED_S / 2)
            history = [state for state in history if state[0] <= back_to_s] or history[:1]
            _, remembered, sealed = history[-1]
            stream = dict(remembered)
    for _ in range(500):
        now_s += ASK_AGAIN_S
        step(0, 1)
    assert sealed == outbox.next_sequence - 1
    assert len(outbox) == 0
