"""Frames until they are sealed: nothing leaves before, and nothing is forgotten."""

from __future__ import annotations

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.worker.outbox import BATCH, LONGEST_RESEND_S, RESEND_S, Outbox


def filled(count: int) -> Outbox:
    outbox = Outbox()
    for number in range(1, count + 1):
        outbox.put(b"%d" % number)
    return outbox


def numbers(outbox: Outbox, now_s: float) -> list[int]:
    return [number for number, _ in outbox.due(now_s)]


def test_frames_are_numbered_from_one():
    outbox = Outbox()
    assert outbox.next_sequence == 1
    outbox.put(b"a")
    outbox.put(b"b")

    assert outbox.next_sequence == 3
    assert outbox.due(0.0) == [(1, b"a"), (2, b"b")]


def test_a_frame_is_due_until_it_was_sent():
    outbox = filled(2)
    assert numbers(outbox, 0) == [1, 2]
    assert numbers(outbox, 0) == [1, 2]
    outbox.sent([1], 0)

    assert numbers(outbox, 1) == [2]


def test_a_frame_that_is_not_sealed_is_sent_again():
    outbox = filled(2)
    outbox.sent([1, 2], 10)
    outbox.sealed(1)

    assert numbers(outbox, 10 + RESEND_S - 0.01) == []
    assert numbers(outbox, 10 + RESEND_S) == [2]


def test_it_waits_longer_each_time():
    outbox, now_s, sendings = filled(1), 0.0, []
    while now_s < 3600:
        if outbox.due(now_s):
            outbox.sent([1], now_s)
            sendings.append(now_s)
        now_s += 0.25
    pauses = [later - earlier for earlier, later in itertools.pairwise(sendings)]

    assert pauses[:5] == [3, 6, 12, 24, 48]
    assert set(pauses[5:]) == {LONGEST_RESEND_S}


def test_what_is_sealed_is_forgotten():
    outbox = filled(5)
    outbox.sealed(3)
    assert (len(outbox), numbers(outbox, 0)) == (2, [4, 5])
    outbox.sealed(3)
    outbox.sealed(0)
    outbox.sent([1, 2, 3], 0)
    assert len(outbox) == 2
    outbox.sealed(99)

    assert len(outbox) == 0
    assert outbox.next_sequence == 6


def test_after_a_long_cut_frames_go_in_portions_oldest_first():
    outbox = filled(BATCH + 7)
    assert numbers(outbox, 0) == list(range(1, BATCH + 1))
    outbox.sent(numbers(outbox, 0), 0)

    assert numbers(outbox, 0) == list(range(BATCH + 1, BATCH + 8))


@settings(max_examples=100)
@given(st.integers(0, 2**32))
def test_through_any_cuts_every_frame_arrives_and_none_leaves_before_it_is_sealed(seed):
    dice = random.Random(seed)
    outbox, arrived, sealed, now_s = Outbox(), set(), 0, 0.0
    for _ in range(60):
        now_s += dice.choice((0.1, 1.0, 5.0))
        if dice.random() < 0.5:
            outbox.put(b"%d" % outbox.next_sequence)
        batch = outbox.due(now_s)
        assert all(data == b"%d" % number for number, data in batch)
        outcome = dice.choice(("reached", "reached", "cut before", "cut after"))
        if outcome in {"reached", "cut after"}:
            arrived.update(number for number, _ in batch)
        if outcome == "reached":
            outbox.sent([number for number, _ in batch], now_s)
        while sealed + 1 in arrived and dice.random() < 0.5:
            sealed += 1
        if dice.random() < 0.5:
            outbox.sealed(sealed)
        held = set(outbox._waiting)
        assert held >= set(range(sealed + 1, outbox.next_sequence))  # nothing unsealed is forgotten
    for _ in range(200):
        now_s += LONGEST_RESEND_S
        arrived.update(numbers(outbox, now_s))
        outbox.sent(numbers(outbox, now_s), now_s)
    assert arrived == set(range(1, outbox.next_sequence))
