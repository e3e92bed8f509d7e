"""What shoppers created reaches the run's list, also where Redis is away for a while."""

from __future__ import annotations

from typing import Any

import gevent
import pytest

from loadgen.errors import BusError
from loadgen.journey.creations import Creations
from loadgen.messages.created import Created
from loadgen.worker import creations as worker_creations
from loadgen.worker.creations import CreationsPost


class ListInMemory:
    """In the place of Redis."""

    def __init__(self, away: int = 0) -> None:
        self.away, self.kept, self.lost = away, [], 0

    def add(self, things: list[Created]) -> None:
        if self.away:
            self.away -= 1
            raise BusError("no answer")
        self.kept += things

    def lose(self, count: int) -> None:
        self.lost += count


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_creations, "SEND_S", 0.001)
    monkeypatch.setattr(worker_creations, "BATCH", 2)


def order(number: int) -> Created:
    return Created(kind="order", number=str(number))


def posted(kept: Any, creations: Creations) -> CreationsPost:
    return CreationsPost(kept, creations)


def test_what_waits_is_sent_in_batches_and_in_order() -> None:
    kept, creations = ListInMemory(), Creations()
    post = posted(kept, creations)
    for number in range(5):
        creations.note("order", str(number))
    with gevent.Timeout(10):
        while len(kept.kept) < 5:
            gevent.sleep(0.001)
    post.close()

    assert kept.kept == [order(number) for number in range(5)]
    assert creations.first(1) == []


def test_a_worker_that_leaves_sends_the_rest_when_redis_answers_again() -> None:
    kept, creations = ListInMemory(away=3), Creations()
    post = posted(kept, creations)
    creations.note("order", "1")
    post.close()

    assert kept.kept == [order(1)]


def test_of_more_than_there_is_room_for_the_oldest_go_and_are_counted() -> None:
    kept, creations = ListInMemory(), Creations(most=3)
    for number in range(5):
        creations.note("order", str(number))
    posted(kept, creations).close()

    assert kept.kept == [order(number) for number in (2, 3, 4)]
    assert kept.lost == 2


def test_an_order_without_a_number_is_counted_and_ends_no_journey() -> None:
    kept, creations = ListInMemory(), Creations()
    creations.note("order", "")
    posted(kept, creations).close()

    assert (kept.kept, kept.lost) == ([], 1)
