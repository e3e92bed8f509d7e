"""Offers are heard, asked after, and settled, also where Redis does not answer."""

from __future__ import annotations

import logging

import gevent
import pytest

from loadgen.bus import Agreement
from loadgen.bus.outage import Outage
from loadgen.errors import BusError
from loadgen.messages import Offer, Piece, Seat
from loadgen.shapes.shares import PLACES
from loadgen.worker import handover as module
from loadgen.worker.handover import Handover
from loadgen.worker.tenure import Tenure


class Redis:
    """Answers as told; remembers who heard of what."""

    run = "demo-1"

    def __init__(self) -> None:
        self.outage = Outage(logging.getLogger("test"))
        self.answers, self.heard = [], []

    def hear(self, epoch, worker, _now_s):
        self.heard.append((epoch, worker))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BusError):
            raise answer
        return answer


class Served:
    """In the place of Serving."""

    def __init__(self) -> None:
        self.tenure, self.settled, self.goes_on = Tenure(), [], True

    def settle(self, epoch, *, sure):
        self.settled.append((epoch, sure))
        if self.goes_on:
            self.tenure.settle(epoch, sure=sure)


class Stage:
    def __init__(self) -> None:
        self.redis, self.serving, self.looked, self.now_s = Redis(), Served(), [], 1004.0
        self.handover = Handover(self.redis, "w1", self.serving, lambda: self.now_s, lambda: self.looked.append(1))

    def offer(self, epoch: int = 2, *answers, from_s: float = 5.0) -> None:
        self.redis.answers = list(answers)
        held, offer = Piece(from_s=0.0, high=PLACES), Offer(from_s=from_s, by_s=from_s - 0.02, high=1)
        self.serving.tenure.take(Seat(epoch=epoch, start_s=1000.0, pieces=(held,), offer=offer), self.now_s - 1000.0)
        self.handover.begin()

    def until(self, condition) -> None:
        with gevent.Timeout(10):
            while not condition():
                gevent.sleep(0.002)


@pytest.fixture
def stage(monkeypatch) -> Stage:
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    return Stage()


def test_an_offer_is_said_to_be_heard_and_asked_after_when_its_time_is_over(stage):
    stage.now_s = 1004.97
    stage.offer(2, Agreement.OPEN, Agreement.SURE)
    stage.until(lambda: stage.serving.settled)

    assert stage.redis.heard == [(2, "w1"), (2, "w1")]
    assert stage.serving.settled == [(2, True)]


def test_an_offer_that_was_heard_of_too_late_is_only_asked_after(stage):
    stage.now_s = 1005.5
    stage.offer(2, Agreement.OFF)
    stage.until(lambda: stage.serving.settled)

    assert (stage.redis.heard, stage.serving.settled) == ([(2, "")], [(2, False)])


def test_while_redis_does_not_answer_it_is_asked_again(stage):
    stage.offer(2, BusError("gone"), BusError("gone"), Agreement.OFF)
    stage.until(lambda: stage.serving.settled)

    assert len(stage.redis.heard) == 3
    assert stage.serving.settled == [(2, False)]


def test_where_another_epoch_has_come_the_seat_is_looked_at_again(stage):
    stage.offer(2, Agreement.OVER)
    stage.until(lambda: stage.looked)
    assert stage.serving.settled == []
    stage.offer(3, Agreement.SURE, from_s=6.0)
    stage.until(lambda: stage.serving.settled)

    assert stage.serving.settled == [(3, True)]


@pytest.mark.parametrize("answer", list(Agreement))
def test_when_the_load_has_ended_meanwhile_nothing_is_asked_any_more(stage, monkeypatch, answer):
    """Its shoppers may take minutes to leave, and what it did in doubt stays in doubt."""
    ask = stage.redis.hear

    def end_while_asked(*of_what):
        stage.serving.goes_on = False
        return ask(*of_what)

    monkeypatch.setattr(stage.redis, "hear", end_while_asked)
    stage.now_s = 1004.99
    stage.offer(2, answer)
    stage.until(lambda: stage.redis.heard)
    gevent.sleep(0.1)

    assert len(stage.redis.heard) == 1
    assert stage.serving.tenure.is_open


def test_a_seat_without_an_offer_asks_nothing(stage):
    stage.serving.tenure.take(Seat(epoch=1, pieces=(Piece(from_s=0.0),)), 4.0)
    stage.handover.begin()
    gevent.sleep(0.02)

    assert stage.redis.heard == []
