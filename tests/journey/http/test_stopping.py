"""A shopper that is stopped sends nothing more; what was answered is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event
from journey.http.far_ends import until
from journey.http.misbehaving import CLOSE, HEAR, Visitor, answer, counts, let_run, moved, shop

from loadgen.journey import FastHttpUser, Shopper
from loadgen.journey.leaving import ShopperGone

Visit = Callable[..., Visitor]


def live(stage: Any, server: Any, journey: Callable[[Any], object], **attributes: Any) -> tuple[Any, gevent.Greenlet]:
    """A shopper of that journey before the shop."""
    stage.environment.host = server.url
    user_class = type("Stopped", (Shopper,), {"journey": journey, **attributes})
    session = stage.session(user_class)
    return session, stage.spawn(session, user_class)


def test_the_answer_on_its_way_is_recorded_and_nothing_follows(stage: Any) -> None:
    gate = Event()

    def journey(shopper: Any) -> None:
        shopper.client.get("/1")
        shopper.client.get("/2")

    with shop([HEAR, lambda _: gate.wait(), answer(), HEAR, answer()]) as server:
        session, living = live(stage, server, journey)
        until(lambda: server.heads)
        session.stop(now=True)
        gate.set()
        assert living.get(timeout=10) == "interrupted"
        assert len(server.heads) == 1
        assert counts(stage.tally()) == {"": 1}
        until(lambda: server.end.ended == 1)


def test_a_failure_on_its_way_is_recorded(stage: Any) -> None:
    gate = Event()
    with shop([HEAR, lambda _: gate.wait(), CLOSE]) as server:
        session, living = live(stage, server, lambda shopper: shopper.client.get("/1"))
        until(lambda: server.heads)
        session.stop(now=True)
        gate.set()
        assert living.get(timeout=10) == "interrupted"
        assert counts(stage.tally()) == {"reset": 1}


def test_who_waits_for_a_place_sends_nothing_after_the_stop(stage: Any) -> None:
    gate = Event()

    def journey(shopper: Any) -> None:
        greenlets = [gevent.spawn(shopper.client.get, f"/{n}") for n in range(5)]
        gevent.joinall(greenlets)

    with shop([HEAR, lambda _: gate.wait(), *[answer(), HEAR] * 6]) as server:
        session, living = live(stage, server, journey, concurrency=1)
        until(lambda: server.heads)
        session.stop(now=True)
        gate.set()
        assert living.get(timeout=10) == "interrupted"
        gevent.sleep(0.01)
        assert len(server.heads) == 1
        tally = stage.tally()
        assert (tally.sent, tally.requests, tally.in_flight) == (1, 1, 0)


def test_a_shopper_that_waits_for_a_place_that_nobody_gives_back_can_be_stopped(stage: Any) -> None:
    def journey(shopper: Any) -> None:
        held = shopper.client.get("/", stream=True)
        shopper.client.get("/never")
        held.close()

    with shop([HEAR, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]) as server:
        session, living = live(stage, server, journey, concurrency=1)
        until(lambda: server.heads and session.in_flight == 0)
        gevent.sleep(0.01)
        session.stop(now=True)
        assert living.get(timeout=10) == "interrupted"
        until(lambda: server.end.ended == 1)


def test_greenlets_that_still_wait_for_a_place_when_their_shopper_leaves_are_gone_with_it(stage: Any) -> None:
    greenlets: list[gevent.Greenlet] = []

    def journey(shopper: Any) -> None:
        greenlets.append(gevent.spawn(lambda _held: shopper.client.get("/never"), shopper.client.get("/", stream=True)))
        gevent.sleep(0.01)

    with shop([HEAR, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]) as server:
        _, living = live(stage, server, journey, concurrency=1)
        assert living.get(timeout=10) == "completed"
        let_run(*greenlets)
        assert [type(greenlet.value) for greenlet in greenlets] == [ShopperGone]
        assert len(server.heads) == 1
        assert stage.tally().in_flight == 0


def test_redirects_belong_to_the_request_on_its_way(stage: Any) -> None:
    gate = Event()
    with shop([HEAR, lambda _: gate.wait(), moved("/there"), HEAR, answer()]) as server:
        session, living = live(stage, server, lambda shopper: shopper.client.get("/1"))
        until(lambda: server.heads)
        session.stop(now=True)
        gate.set()
        assert living.get(timeout=10) == "interrupted"
        assert counts(stage.tally()) == {"": 1}


def test_a_request_after_the_stop_is_refused_and_takes_no_place(visit: Visit) -> None:
    with shop([HEAR, answer()]) as server:
        visitor = visit(server.url, concurrency=1)
        visitor.session.stopping = True
        for _ in range(3):
            with pytest.raises(ShopperGone):
                visitor.get()
        visitor.session.stopping = False
        assert visitor.reason() == ""


def test_an_unjudged_answer_is_recorded_when_the_shopper_leaves(stage: Any) -> None:
    def journey(shopper: Any) -> None:
        shopper.client.get("/", catch_response=True)

    with shop([HEAR, answer(b"", "500 No")]) as server:
        _, living = live(stage, server, journey)
        living.get(timeout=10)
        assert counts(stage.tally()) == {"status_5xx": 1}


def test_streams_end_with_their_shopper(stage: Any) -> None:
    held: list[Any] = []

    def journey(shopper: Any) -> None:
        held.append(shopper.client.get("/", stream=True))

    with shop([HEAR, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe"]) as server:
        _, living = live(stage, server, journey)
        assert living.get(timeout=10) == "completed"
        until(lambda: server.end.ended == 1)
        assert counts(stage.tally()) == {"": 1}


def test_a_locustfile_of_many_greenlets_is_counted_to_the_last(stage: Any) -> None:
    with shop([HEAR, answer(b"hello")] * 40) as server:
        stage.environment.host = server.url

        def many(user: Any) -> None:
            let_run(*[gevent.spawn(user.client.get, f"/{n}", name="many") for n in range(30)])

        stage.run(type("Many", (FastHttpUser,), {"tasks": [many], "concurrency": 3}))
        assert counts(stage.tally()) == {"": 30}
