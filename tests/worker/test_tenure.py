"""Which share a worker carries: its seats and what became of offers, in a table of instants."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.messages import Offer, Piece, Seat
from loadgen.shapes.shares import EMPTY, PLACES, Share
from loadgen.worker.tenure import Tenure, ask_at_s, changes, share_at

QUARTER = PLACES // 4
OLD = Piece(from_s=0.0, low=0, high=2 * QUARTER)
NEW = Offer(from_s=5.0, by_s=4.5, low=QUARTER, high=4 * QUARTER)
BOTH = Share(QUARTER, 2 * QUARTER)


def offered(epoch: int = 2, now_s: float = 4.0, pieces=(OLD,), offer: Offer | None = NEW) -> Tenure:
    tenure = Tenure()
    assert tenure.take(Seat(epoch=epoch, pieces=pieces, offer=offer), now_s)
    return tenure


def carried(tenure: Tenure) -> tuple[Share, Share]:
    """Before and after the offer's instant."""
    return share_at(tenure.pieces, 4.9), share_at(tenure.pieces, 5.0)


def test_a_seat_without_an_offer_holds_at_once():
    tenure = offered(offer=None)

    assert carried(tenure) == (OLD.share, OLD.share)
    assert (tenure.is_open, tenure.may_hear, tenure.doubt_from_s, tenure.has_begun) == (False, False, None, True)


def test_while_it_is_open_what_becomes_of_an_offer_only_what_both_shares_have_is_carried():
    tenure = offered()

    assert carried(tenure) == (OLD.share, BOTH)
    assert (tenure.is_open, tenure.may_hear, tenure.doubt_from_s) == (True, True, 5.0)


@pytest.mark.parametrize(("sure", "then"), [(True, NEW.share), (False, OLD.share)])
def test_then_it_holds_or_everything_is_as_it_was(sure, then):
    tenure = offered()
    assert tenure.settle(2, sure=sure)

    assert carried(tenure) == (OLD.share, then)
    assert (tenure.is_open, tenure.doubt_from_s) == (False, None)
    assert not tenure.settle(2, sure=not sure)


def test_an_offer_heard_of_too_late_is_not_taken_up():
    """Arrivals that it gives away may have been started already."""
    tenure = offered(now_s=5.0)

    assert carried(tenure) == (OLD.share, OLD.share)
    assert (tenure.is_open, tenure.may_hear, tenure.doubt_from_s) == (True, False, None)


def test_the_first_offer_gives_nothing_before_it_is_sure():
    tenure = offered(pieces=())
    assert carried(tenure) == (EMPTY, EMPTY)
    assert not tenure.has_begun
    tenure.settle(2, sure=True)

    assert carried(tenure) == (EMPTY, NEW.share)
    assert tenure.has_begun


def test_what_became_of_another_offer_says_nothing():
    tenure = offered()

    assert not tenure.settle(1, sure=True)
    assert not Tenure().settle(0, sure=True)
    assert tenure.is_open


def test_older_seats_are_passed_over_and_of_two_with_one_number_the_later_one_holds():
    tenure = offered(epoch=3)

    assert not tenure.take(Seat(epoch=2, pieces=(OLD,)), 4.0)
    assert not tenure.take(tenure.seat, 4.0)
    assert tenure.take(Seat(epoch=3, pieces=(OLD, Piece(from_s=6.0))), 4.0)
    assert not tenure.is_open


@pytest.mark.parametrize("now_s", [4.0, 6.0])
def test_a_seat_that_says_that_its_share_was_given_back_is_news_to_whoever_does_not_know(now_s):
    """It has the number and the instant of the offer, whose worker cannot ask any more: another epoch has come."""
    offer, given_back = Offer(from_s=5.0, by_s=4.5), Seat(epoch=2, pieces=(OLD, Piece(from_s=5.0)))
    tenure = offered(offer=offer, now_s=now_s)
    assert tenure.take(given_back, 6.0)

    assert carried(tenure) == (OLD.share, EMPTY)
    assert tenure.is_over(6.0)
    assert not tenure.take(Seat(epoch=2, pieces=(OLD,), offer=offer), 6.0), "a fail-over forgot what became of it"


@pytest.mark.parametrize("sure", [None, True, False])
def test_a_share_is_given_back_when_that_is_sure(sure):
    tenure = offered(offer=Offer(from_s=5.0, by_s=4.5))
    if sure is not None:
        tenure.settle(2, sure=sure)

    assert [tenure.is_over(at_s) for at_s in (4.0, 5.0, 5.1)] == [False, False, sure is True]


def test_a_seat_that_was_vacated_is_over():
    tenure = offered(pieces=(OLD, Piece(from_s=3.0)), offer=None)

    assert tenure.is_over(4.0)


@pytest.mark.parametrize(
    ("now_s", "dice", "then_s"), [(1004.0, 0.0, 1004.5), (1004.0, 1.0, 1004.625), (1004.7, 0.0, 1004.71)]
)
def test_what_became_of_an_offer_is_asked_after_its_deadline_by_each_at_another_instant(now_s, dice, then_s):
    seat = Seat(epoch=2, start_s=1000.0, offer=NEW)

    assert ask_at_s(seat, now_s, dice) == pytest.approx(then_s, abs=1e-6)


# -- what is assigned anew


A, B = Piece(from_s=0.0, high=QUARTER), Piece(from_s=5.0, low=QUARTER, high=PLACES)


@pytest.mark.parametrize(
    ("held", "wanted", "anew"),
    [
        ([], [], []),
        ([], [A], [A]),
        ([A], [A], []),
        ([A], [], []),
        ([A], [A, B], [B]),
        ([A, B], [A], [Piece(from_s=5.0, high=QUARTER)]),
        ([A, B], [B], []),
        ([A], [B], [B]),
        ([A, B], [A, Piece(from_s=6.0)], [Piece(from_s=5.0, high=QUARTER), Piece(from_s=6.0)]),
    ],
)
def test_only_what_differs_is_assigned_anew(held, wanted, anew):
    assert changes(held, wanted) == anew


@given(st.integers(0, 2**32))
def test_what_is_assigned_anew_leads_from_any_pieces_to_any_others(seed):
    dice = random.Random(seed)

    def some() -> list[Piece]:
        instants = sorted(dice.sample(range(6), dice.randrange(1, 4)))
        return [Piece(from_s=instant, high=dice.randrange(3)) for instant in instants]

    held, wanted = some(), some()
    anew = changes(held, wanted)
    after = [piece for piece in held if not anew or piece.from_s < anew[0].from_s] + anew

    for instant in range(int(wanted[0].from_s), 7):
        assert share_at(after, instant) == share_at(wanted, instant)
    for instant in range(int(wanted[0].from_s)):
        assert share_at(after, instant) == share_at(held, instant)
