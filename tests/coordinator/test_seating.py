"""Who serves a run: every transition, and shares that are always the whole load."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.coordinator.seating import Guest, Place, Seating, Turn
from loadgen.messages import MAX_PIECES, Offer, Piece, Seat
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
    seating.propose(1000.0, 0.0, 0.0)
    return seating


def next_epoch(seating: Seating, from_s: float) -> Turn | None:
    """Propose new shares, and let all hear of them in time."""
    turn = seating.propose(1000.0, from_s, from_s - 0.2)
    if turn is not None and turn.awaited:
        seating.settle(sure=True)
    return turn


def is_whole(shares: Iterable[Share]) -> bool:
    """Whether shares are the whole load, each part once."""
    bounds = sorted((share.lo, share.hi) for share in shares if share != EMPTY)
    return [lo for lo, _ in bounds] == [0, *(hi for _, hi in bounds[:-1])] and bounds[-1][1] == PLACES


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
    assert seating.propose(1000, 0, 0) is None


def test_a_worker_is_invited_once():
    seating = Seating()

    assert seating.invite("w", 1.0) == Seat()
    assert seating.invite("w", 1.0) is None


def test_nothing_is_cut_before_anyone_is_ready():
    seating = Seating()
    seating.invite("w", 1.0)

    assert seating.propose(1000, 0, 0) is None
    assert seating.epoch == 0


def test_ready_workers_share_the_load_by_weight_and_at_once_where_nobody_carries_any():
    seating = Seating()
    for worker, weight in (("a", 1.0), ("b", 3.0)):
        seating.invite(worker, weight)
        seating.ready(worker)
    turn = seating.propose(1000.5, 2.5, 2.5)

    assert turn is not None
    assert (turn.epoch, turn.awaited, turn.bearers) == (1, (), 2)
    assert is_whole(turn.shares.values())
    first = Piece(from_s=2.5, low=0, high=PLACES // 4)
    assert seating.seats(turn)["a"] == Seat(epoch=1, start_s=1000.5, pieces=(first,))
    assert seating.names(Place.SEATED) == ("a", "b")
    assert seating.places() == {"a": "seated", "b": "seated"}
    assert seating.propose(1000.5, 3.0, 3.0) is None  # nothing changed since


def test_a_worker_that_joins_is_offered_its_part_and_the_others_the_rest():
    seating = seated("a", "b")
    seating.invite("c", 1.0)
    assert seating.propose(1000, 5, 4.8) is None
    seating.ready("c")
    turn = seating.propose(1000, 5.5, 5.2)

    assert turn is seating.turn
    assert is_whole(turn.shares.values())
    assert turn.awaited == ("a", "b", "c")
    before = seating.guests["a"].pieces
    share = turn.shares["a"]
    offer = Offer(from_s=5.5, by_s=5.2, low=share.lo, high=share.hi)
    assert seating.seats(turn)["a"] == Seat(epoch=2, start_s=1000, pieces=before, offer=offer)
    assert seating.seats(turn)["c"].pieces == ()


def test_while_an_offer_is_open_nothing_else_is_proposed():
    seating = seated("a")
    for worker in "bc":
        seating.invite(worker, 1.0)
        seating.ready(worker)
        assert (seating.propose(1000, 5, 4) is None) == (worker == "c")
    seating.settle(sure=True)
    turn = seating.propose(1000, 6, 5)

    assert turn is not None
    assert set(turn.shares) == {"a", "b", "c"}


def test_an_offer_that_all_heard_of_holds():
    seating = seated("a")
    seating.invite("b", 1.0)
    seating.ready("b")
    turn = seating.propose(1000, 5, 4)
    seating.settle(sure=True)

    assert [piece.from_s for piece in seating.guests["a"].pieces] == [0, 5]
    assert {worker: seating.guests[worker].share for worker in "ab"} == turn.shares
    assert seating.guests["b"].place is Place.SEATED
    assert seating.propose(1000, 6, 5) is None


def test_an_offer_that_not_all_heard_of_is_made_again():
    seating = seated("a")
    seating.invite("b", 1.0)
    seating.ready("b")
    first = seating.propose(1000, 5, 4)
    seating.settle(sure=False)

    assert seating.guests["a"].share == Share(0, PLACES)
    assert seating.guests["b"].place is Place.READY
    again = seating.propose(1000, 6, 5)
    assert (again.epoch, again.from_s, again.shares) == (first.epoch + 1, 6, first.shares)


def test_a_worker_that_leaves_gets_an_empty_share_and_the_others_the_whole():
    seating = seated("a", "b")
    assert seating.leaving("a")
    assert not seating.leaving("a")
    turn = next_epoch(seating, 5)

    assert is_whole(turn.shares.values())
    assert turn.awaited == ("b", "a"), "who gives a share back must have heard of it too"
    assert seating.guests["a"].share == EMPTY
    assert seating.given_back(turn) == {"a": Seat(epoch=2, start_s=1000, pieces=seating.guests["a"].pieces)}


def test_the_last_worker_keeps_its_share_while_it_leaves():
    seating = seated("a")
    seating.leaving("a")

    assert seating.propose(1000, 5, 4) is None
    assert seating.guests["a"].share == Share(0, PLACES)
    seating.invite("b", 1.0)
    seating.ready("b")
    assert next_epoch(seating, 6).shares == {"a": EMPTY, "b": Share(0, PLACES)}


def test_a_lost_worker_leaves_its_share_to_the_others():
    seating = seated("a", "b")
    seating.lost("b")
    seating.lost("stranger")
    turn = next_epoch(seating, 5)

    assert turn.shares == {"a": Share(0, PLACES)}
    assert seating.guests["b"].share != EMPTY, "what it carried is told by its pieces"


def test_the_seat_of_a_lost_worker_is_vacated_with_an_epoch_of_its_own():
    seating = seated("a", "b")
    carried = seating.guests["b"].pieces
    seating.lost("b")
    vacated = seating.vacated("b", 1000, 4)

    assert vacated == Seat(epoch=2, start_s=1000, pieces=(*carried, Piece(from_s=4)))
    assert next_epoch(seating, 5).epoch == 3


def test_a_refusal_keeps_its_reason():
    seating = Seating()
    seating.invite("w", 1.0)
    seating.refused("w", "another digest")

    assert seating.guests["w"].says == "another digest"
    assert seating.propose(1000, 0, 0) is None


@pytest.mark.parametrize(("dealt_to_s", "kept"), [(None, 4), (-0.5, 4), (5.9, 3), (6.9, 2), (7.0, 1)])
def test_pieces_are_forgotten_that_are_dealt_with(dealt_to_s, kept):
    seating = seated("a")
    for number in range(3):
        seating.invite(f"b{number}", 1.0)
        seating.ready(f"b{number}")
        next_epoch(seating, 5.0 + number)
    assert len(seating.guests["a"].pieces) == 4
    seating.trim(lambda _: dealt_to_s)

    assert len(seating.guests["a"].pieces) == kept


def test_a_seat_never_holds_more_pieces_than_it_may():
    seating = seated("a")
    for number in range(3 * MAX_PIECES):
        seating.invite(f"b{number}", 1.0)
        seating.ready(f"b{number}")
        seating.trim(lambda _: None)
        turn = seating.propose(1000, 5.0 + number, 4.0 + number)
        assert Seat.decode(seating.seats(turn)["a"].encode())
        seating.settle(sure=True)


# -- other leaders


HALF = PLACES // 2


def test_what_an_earlier_leader_arranged_is_taken_up():
    seats = {
        "invited": Seat(),
        "seated": Seat(epoch=4, start_s=1000, pieces=(Piece(from_s=7, high=PLACES),)),
        "vacated": Seat(epoch=3, start_s=1000, pieces=(Piece(from_s=2, high=HALF), Piece(from_s=6))),
        "lost": Seat(epoch=2, start_s=1000, pieces=(Piece(from_s=2, high=HALF),)),
    }
    seating = Seating()
    turn = seating.restore(seats, 4, ["lost"])

    assert {worker: guest.place for worker, guest in seating.guests.items()} == {
        "invited": Place.INVITED,
        "seated": Place.SEATED,
        "vacated": Place.LEAVING,
        "lost": Place.LOST,
    }
    assert turn == Turn(4, 1000, 7, 7, {"seated": Share(0, PLACES)}, ())
    assert (seating.epoch, seating.turn) == (4, None)
    assert seating.propose(1000, 9, 8) is None


def test_an_open_offer_of_an_earlier_leader_is_still_open():
    seating = seated("a")
    seating.invite("b", 1.0)
    seating.ready("b")
    turn = seating.propose(1000, 5, 4)
    again = Seating()

    assert again.restore(seating.seats(turn), turn.epoch, []) == replace(turn, awaited=("a", "b"))
    assert again.names(Place.INVITED) == ("b",)
    again.settle(sure=True)
    assert again.guests["b"].place is Place.SEATED
    again.ready("b")  # what it said to the earlier leader is heard again
    assert again.propose(1000, 6, 5) is None


def test_a_load_of_which_a_part_is_not_carried_is_cut_anew():
    """The earlier leader died after it had noted a loss, and before others had the share."""
    seating = Seating()
    seats = {
        "a": Seat(epoch=1, pieces=(Piece(from_s=0, high=HALF),)),
        "b": Seat(epoch=2, pieces=(Piece(from_s=0, low=HALF, high=PLACES), Piece(from_s=3))),
    }
    seating.restore(seats, 1, ["b"])

    assert next_epoch(seating, 6).shares == {"a": Share(0, PLACES)}


def test_before_the_first_epoch_there_is_none():
    seating = Seating()

    assert seating.restore({"a": Seat()}, 0, []) is None
    assert seating.propose(1000, 5, 4) is None


@settings(max_examples=100)
@given(st.integers(0, 2**32))
def test_whatever_happens_the_shares_are_the_whole_load(seed):
    """Every epoch partitions the load among those who are there; nobody else carries any."""
    dice = random.Random(seed)
    seating, held, epoch, lost = Seating(), {}, 0, []
    for step in range(1, 41):
        worker = dice.choice("abcdefgh")

        def lose(worker: str) -> None:
            seating.settle(sure=dice.random() < 0.5)
            seating.lost(worker)

        dice.choice(
            (
                lambda w: seating.invite(w, dice.choice((0.5, 1.0, 4.0))),
                seating.ready,
                seating.ready,
                lambda w: seating.refused(w, "no"),
                seating.leaving,
                lambda w: seating.turn is None and seating.done(w, 1),
                lose,
            )
        )(worker)
        if seating.turn is not None and dice.random() < 0.5:
            turn = seating.turn
            seating.settle(sure=dice.random() < 0.7)
            held.update(seating.given_back(turn))
        lost = seating.names(Place.LOST)
        if dice.random() < 0.1:  # the next leader
            again = Seating()
            latest = again.restore(held, epoch, lost)
            assert (latest.epoch if latest else epoch, again.epoch) == (epoch, epoch)
        turn = seating.propose(1000.0, float(step), step - 0.5)
        if turn is None:
            continue
        epoch += 1
        assert turn.epoch == epoch
        assert is_whole(turn.shares.values())
        bearers = {worker for worker, share in turn.shares.items() if share != EMPTY}
        assert bearers == set(seating.names(Place.SEATED, Place.READY))
        assert set(turn.awaited) == (
            set(turn.shares) if any(seating.seats(turn)[w].offer for w in turn.shares) else set()
        )
        held.update(seating.seats(turn))
    carried = [guest.share for guest in seating.guests.values() if guest.place is Place.SEATED]
    assert sum(share.hi - share.lo for share in carried) <= PLACES


def test_seats_for_thousands_are_written_in_no_time():
    seating = Seating()
    for number in range(4000):
        seating.invite(f"w{number}", 1.0)
        seating.ready(f"w{number}")
    begun_s = time.process_time()
    seats = seating.seats(seating.propose(1000.0, 0.0, 0.0))
    assert len(seats) == 4000
    assert time.process_time() - begun_s < 3, "some 0.15 s; whatever looks at all of them for each takes twenty"
