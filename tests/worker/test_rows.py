"""A worker hands out rows only while they are surely its own, and gives them back."""

from __future__ import annotations

import gevent
import pytest
from locust.exception import StopUser

from loadgen.bus.rows import Answer, Dealt
from loadgen.errors import BusError, JourneyError
from loadgen.journey.recorder import Recorder
from loadgen.journey.session import Session
from loadgen.journey.sources import Source
from loadgen.plan.data import DataSource
from loadgen.worker import rows as worker_rows
from loadgen.worker.rows import ClusterDealer


class Deck:
    """In the place of Redis: deals what a test lays down, and keeps what is given back."""

    def __init__(self, *answers) -> None:
        self.answers, self.given, self.asked = list(answers), [], 0

    def take(self, *_args, **_options) -> Answer:
        self.asked += 1
        gevent.sleep(0)
        answer = self.answers.pop(0) if self.answers else Answer(Dealt.NONE_LEFT)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def give(self, _worker, ranges) -> int:
        if self.answers and isinstance(self.answers[0], Exception):
            raise self.answers.pop(0)
        self.given += ranges
        return len(ranges)


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(worker_rows, "RETRY_S", 0.001)


@pytest.fixture
def table():
    """A source of ten rows, dealt by a deck."""
    lease = [True]

    def make(*answers, **plan):
        source = Source(DataSource(**{"name": "rows", "file": "a.csv", "access": "unique"} | plan), range(10))
        deck = Deck(*answers)
        dealer = source.dealer = ClusterDealer(deck, "w", lambda: lease[0])
        return source, deck, dealer, lease

    return make


def some(first: int, behind: int, token: int = 1) -> Answer:
    return Answer(Dealt.SOME, first, behind, token)


def settle(condition) -> None:
    with gevent.Timeout(5):
        while not condition():
            gevent.sleep(0.001)


def test_redis_is_asked_once_for_many_shoppers(table):
    source, deck, dealer, _ = table(some(0, 3))
    greenlets = [gevent.spawn(dealer.deal, source, None) for _ in range(3)]

    assert sorted(greenlet.get().position for greenlet in greenlets) == [0, 1, 2]
    assert deck.asked == 1


def test_a_range_goes_back_when_all_its_rows_were_used(table):
    source, deck, dealer, _ = table(some(4, 6, 9))
    held = [dealer.deal(source, None) for _ in range(2)]
    dealer.take_back(source, held[0])
    gevent.sleep(0.01)
    assert deck.given == []

    dealer.take_back(source, held[1])
    settle(lambda: deck.given)
    assert deck.given == [("rows", 4, 9, 4, 6)]


def test_what_came_back_is_handed_out_again_where_redis_has_nothing_else(table):
    source, _, dealer, _ = table(some(0, 2))
    first, _second = (dealer.deal(source, None) for _ in range(2))
    dealer.take_back(source, first)

    assert dealer.deal(source, None).position == 0
    assert dealer.deal(source, None) is None


def test_nothing_is_handed_out_while_the_lease_is_over(table):
    source, deck, dealer, lease = table(some(0, 2))
    dealer.deal(source, None)
    lease[0] = False
    waiting = gevent.spawn(dealer.deal, source, None)
    gevent.sleep(0.02)
    assert not waiting.ready()
    assert not dealer.may_use()

    lease[0] = True
    assert waiting.get(timeout=5).position == 1
    assert deck.asked == 1


def test_a_shopper_that_is_asked_to_leave_does_not_wait_any_longer(table):
    source, _, dealer, lease = table(some(0, 2))
    lease[0] = False
    session = Session(Recorder("w"), "Buyer")
    waiting = gevent.spawn(dealer.deal, source, session)
    gevent.sleep(0.01)
    session.leaving = True

    with pytest.raises(StopUser):
        waiting.get(timeout=5)


def test_a_redis_that_does_not_answer_is_asked_again(table):
    source, deck, dealer, _ = table(BusError("away"), BusError("away"), some(0, 1))

    assert dealer.deal(source, None).position == 0
    assert deck.asked == 3


def test_what_could_not_be_given_back_is_given_back_later(table):
    source, deck, dealer, _ = table(some(0, 1), BusError("away"))
    dealer.take_back(source, dealer.deal(source, None))

    settle(lambda: deck.given)
    assert deck.given == [("rows", 0, 1, 0, 1)]


@pytest.mark.parametrize("why", [Dealt.TAKEN_AWAY, Dealt.FORGOTTEN, Dealt.OTHER_ROWS])
def test_why_nothing_is_dealt_is_told(table, why):
    source, _, dealer, _ = table(Answer(why))

    with pytest.raises(JourneyError, match="no rows of rows: ") as caught:
        dealer.deal(source, None)
    assert caught.value.hint


@pytest.mark.parametrize(("exhausted", "back"), [("recycle", 0), ("fail", 1)])
def test_a_worker_that_leaves_gives_back_what_nobody_uses(table, exhausted, back):
    source, deck, dealer, _ = table(some(0, 4), exhausted=exhausted)
    dealer.take_back(source, dealer.deal(source, None))
    dealer.close([source])

    assert deck.given == [("rows", 0, 1, back, 4)]
