"""Who serves a run: every transition, and shares that are always the whole load."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.coordinator.seating import Guest, Place, Seating
from loadgen.messages import Seat
from loadgen.shapes.arrivals import EMPTY, Share
from loadgen.shapes.shares import PLACES

WORDS = {
    "ready": lambda seating: seating.ready("w"),
    "refused": lambda seating: seating.refused("w", "no"),
    "leaving": lambda seating: seating.leaving("w"),
    "done": lambda seating: seating.done("w", 3),
    "lost": lambda seating: seating.lost("w"),
    "dismiss": lambda seating: seating.dismiss("w"),
}
TRANSITIONS = {
    (Place.INVITED, "ready"): Place.READY,
    (Place.INVITED, "refused"): Place.REFUSED,
    (Place.INVITED, "lost"): Place.LOST,
    (Place.INVITED, "dismiss"): Place.DONE,
    (Place.READY, "leaving"): Place.LEAVING,
    (Place.READY, "done"): Place.DONE,
    (Place.READY, "lost"): Place.LOST,
    (Place.READY, "dismiss"): Place.DONE,
    (Place.SEATED, "leaving"): Place.LEAVING,
    (Place.SEATED, "done"): Place.DONE,
    (Place.SEATED, "lost"): Place.LOST,
    (Place.LEAVING, "done"): Place.DONE,
    (Place.LEAVING, "lost"): Place.LOST,
    (Place.LOST, "done"): Place.DONE,
}


def seated(*workers: str, weight: float = 1.0) -> Seating:
    """Workers that carry the load since second 0."""
    seating = Seating()
    for worker in workers:
        seating.invite(worker, weight)
        seating.ready(worker)
    seating.next_epoch(1000.0, 0.0)
    return seating


def partition(seats: dict[str, Seat]) -> bool:
    """Whether the shares are the whole load, each part once."""
    shares = sorted((seat.low, seat.high) for seat in seats.values() if seat.high > seat.low)
    return [low for low, _ in shares] == [0, *(high for _, high in shares[:-1])] and shares[-1][1] == PLACES


@pytest.mark.parametrize(("place", "word"), list(itertools.product(Place, WORDS)))
def test_each_word_moves_a_worker_as_the_table_says(place, word):
    seating = Seating()
    seating.guests["w"] = Guest(place=place)
    WORDS[word](seating)

    assert seating.guests["w"].place is TRANSITIONS.get((place, word), place)


@pytest.mark.parametrize("word", WORDS)
def test_words_of_strangers_change_nothing(word):
    seating = Seating()
    WORDS[word](seating)

    assert seating.guests == {}
    assert seating.next_epoch(1000, 0) == {}


def test_a_worker_is_invited_once():
    seating = Seating()

    assert seating.invite("w", 1.0) == Seat()
    assert seating.invite("w", 1.0) is None


def test_nothing_is_cut_before_anyone_is_ready():
    seating = Seating()
    seating.invite("w", 1.0)

    assert seating.next_epoch(1000, 0) == {}
    assert seating.epoch == 0


def test_ready_workers_share_the_load_by_weight():
    seating = Seating()
    for worker, weight in (("a", 1.0), ("b", 3.0)):
        seating.invite(worker, weight)
        seating.ready(worker)
    seats = seating.next_epoch(1000.5, 2.5)

    assert partition(seats)
    assert seats["a"] == Seat(epoch=1, start_s=1000.5, from_s=2.5, low=0, high=PLACES // 4, workers=2)
    assert seating.names(Place.SEATED) == ["a", "b"]
    assert seating.next_epoch(1000.5, 3.0) == {}  # nothing changed since


def test_a_worker_that_joins_gets_its_part_of_a_new_epoch():
    seating = seated("a", "b")
    seating.invite("c", 1.0)
    assert seating.next_epoch(1000, 5) == {}
    seating.ready("c")
    seats = seating.next_epoch(1000, 5.5)

    assert partition(seats)
    assert {seat.epoch for seat in seats.values()} == {2}
    assert [seating.guests[worker].from_s for worker in "abc"] == [0.0, 0.0, 5.5]


def test_a_worker_that_leaves_gets_an_empty_share_and_the_others_the_whole():
    seating = seated("a", "b")
    assert seating.leaving("a")
    assert not seating.leaving("a")
    seats = seating.next_epoch(1000, 5)

    assert partition(seats)
    assert (seats["a"].low, seats["a"].high) == (0, 0)
    assert seating.guests["a"].share == EMPTY


def test_the_last_worker_keeps_its_share_while_it_leaves():
    seating = seated("a")
    seating.leaving("a")

    assert seating.next_epoch(1000, 5) == {}
    assert seating.guests["a"].share == Share(0, PLACES)
    seating.invite("b", 1.0)
    seating.ready("b")
    assert partition(seating.next_epoch(1000, 6))


def test_a_lost_worker_leaves_its_share_to_the_others():
    seating = seated("a", "b")
    share = seating.guests["b"].share

    assert seating.lost("b") == share != EMPTY
    assert seating.lost("b") == EMPTY
    assert seating.lost("stranger") == EMPTY
    seats = seating.next_epoch(1000, 5)
    assert seats.keys() == {"a"}
    assert partition(seats)


def test_the_seat_of_a_lost_worker_is_vacated_with_an_epoch_of_its_own():
    seating = seated("a", "b")
    seating.lost("b")
    vacated = seating.vacated(1000, 4)
    seats = seating.next_epoch(1000, 5)

    assert vacated == Seat(epoch=2, start_s=1000, from_s=4, workers=1)
    assert seats["a"].epoch == 3


def test_a_refusal_keeps_its_reason():
    seating = Seating()
    seating.invite("w", 1.0)
    seating.refused("w", "another digest")

    assert seating.guests["w"].says == "another digest"
    assert seating.next_epoch(1000, 0) == {}


def test_what_an_earlier_leader_arranged_is_taken_up():
    seats = {
        "invited": Seat(),
        "seated": Seat(epoch=4, start_s=1000, from_s=7, low=0, high=PLACES, workers=1),
        "vacated": Seat(epoch=3, start_s=1000, from_s=6),
    }
    seating = Seating()
    seating.restore(seats)

    assert {worker: guest.place for worker, guest in seating.guests.items()} == {
        "invited": Place.INVITED,
        "seated": Place.SEATED,
        "vacated": Place.LEAVING,
    }
    assert seating.guests["seated"].share == Share(0, PLACES)
    assert [guest.from_s for guest in seating.guests.values()] == [None, 7, 6]
    assert seating.epoch == 4
    assert seating.whole_since_s() == 7
    assert seating.next_epoch(1000, 9) == {}


def test_what_an_earlier_leader_left_half_done_is_not_the_whole():
    seating = Seating()
    seating.restore({"a": Seat(epoch=1, high=PLACES // 2, workers=2), "b": Seat(epoch=2, from_s=3)})

    assert seating.whole_since_s() is None
    assert Seating().whole_since_s() is None


@settings(max_examples=100)
@given(st.integers(0, 2**32))
def test_whatever_happens_the_shares_are_the_whole_load(seed):
    """Every epoch partitions the load among those who are there; nobody else carries any."""
    dice = random.Random(seed)
    seating, held, epoch = Seating(), {}, 0
    for step in range(40):
        worker = dice.choice("abcdefgh")
        dice.choice(
            (
                lambda w: seating.invite(w, dice.choice((0.5, 1.0, 4.0))),
                seating.ready,
                seating.ready,
                lambda w: seating.refused(w, "no"),
                seating.leaving,
                lambda w: seating.done(w, 1),
                seating.lost,
            )
        )(worker)
        if dice.random() < 0.1:  # the next leader
            places = {w: guest.place for w, guest in seating.guests.items()}
            again = Seating()
            again.restore({w: seat for w, seat in held.items() if w in places})
            assert again.epoch == epoch
        seats = seating.next_epoch(1000.0, float(step))
        if seats:
            assert {seat.epoch for seat in seats.values()} == {epoch + 1}
            epoch += 1
            assert partition(seats)
            assert {w for w, seat in seats.items() if seat.high > seat.low} <= set(seating.names(Place.SEATED))
            held.update(seats)
            assert not seating.names(Place.READY)
        carried = [guest.share for guest in seating.guests.values() if guest.place is Place.SEATED]
        assert sum(share.hi - share.lo for share in carried) <= PLACES
