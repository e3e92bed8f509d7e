"""What shoppers created reaches the run's list, also where Redis is away for a while."""

from __future__ import annotations

from typing import Any

import gevent
import pytest

from loadgen.errors import BusError
from loadgen.journey.creations import Creations
from loadgen.journey.recorder import Recorder
from loadgen.messages.created import Created
from loadgen.worker import creations as worker_creations
from loadgen.worker.creations import CreationsPost


class ListInMemory:
    """In the place of Redis."""

    def __init__(self, away: int = 0) -> None:
        self.away, self.kept, self.lost = away, [], 0

    def add(self, things: list[Created]) -> list[tuple[Created, Created]]:
        if self.away:
            self.away -= 1
            raise BusError("no answer")
        self.kept += things
        first = {str(thing): thing for thing in reversed(self.kept)}
        return [(thing, first[str(thing)]) for thing in things if not thing.is_told_again(first[str(thing)])]

    def lose(self, count: int) -> None:
        self.lost += count


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_creations, "SEND_S", 0.001)
    monkeypatch.setattr(worker_creations, "BATCH", 2)


def numbers(kept: ListInMemory) -> list[str]:
    return [thing.number for thing in kept.kept]


def posted(kept: Any, creations: Creations, recorder: Recorder | None = None) -> CreationsPost:
    return CreationsPost(kept, creations, recorder or Recorder("w"))


def test_what_waits_is_sent_in_batches_and_in_order() -> None:
    kept, creations = ListInMemory(), Creations()
    post = posted(kept, creations)
    for number in range(5):
        creations.note("order", str(number))
    with gevent.Timeout(10):
        while len(kept.kept) < 5:
            gevent.sleep(0.001)
    post.close()

    assert numbers(kept) == ["0", "1", "2", "3", "4"]
    assert creations.first(1) == []


def test_a_worker_that_leaves_sends_the_rest_when_redis_answers_again() -> None:
    kept, creations = ListInMemory(away=3), Creations()
    post = posted(kept, creations)
    creations.note("order", "1")
    post.close()

    assert numbers(kept) == ["1"]


def test_of_more_than_there_is_room_for_the_oldest_go_and_are_counted() -> None:
    kept, creations = ListInMemory(), Creations(most=3)
    for number in range(5):
        creations.note("order", str(number))
    posted(kept, creations).close()

    assert numbers(kept) == ["2", "3", "4"]
    assert kept.lost == 2


def test_an_order_without_a_number_is_counted_and_ends_no_journey() -> None:
    kept, creations = ListInMemory(), Creations()
    creations.note("order", "")
    posted(kept, creations).close()

    assert (kept.kept, kept.lost) == ([], 1)


def test_a_number_that_is_given_twice_breaks_a_rule_and_says_to_whom() -> None:
    kept, ours, others, recorder = ListInMemory(), Creations("w"), Creations("x"), Recorder("w")
    others.note("order", "7", journey="Buyer", arrival="3")
    posted(kept, others).close()
    ours.note("order", "7", journey="Fan", arrival="5")
    ours.note("order", "8", journey="Fan", arrival="6")
    posted(kept, ours, recorder).close()

    tally = recorder.take(0)
    assert dict(tally.counters) == {("Fan", "violation:order_number"): 1}
    (evidence,) = tally.samples
    assert (evidence.reason, evidence.journey) == ("evidence", "Fan")
    assert evidence.text == "order 7 was given to arrival 3 of x already (arrival 5)"
