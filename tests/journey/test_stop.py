"""Stopping a shopper: nothing that was answered is lost, nothing is sent afterwards."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import gevent
import pytest
from gevent.pool import Pool
from locust import FastHttpUser, HttpUser, constant, task

from loadgen.journey import Session, Shopper
from loadgen.journey import constant as think_constant


class Thinker(Shopper):
    think = think_constant(3600)

    def journey(self) -> None:
        self.client.get("/first")
        self.think_time()
        self.client.get("/second")


class Held(Shopper):
    def journey(self) -> None:
        self.client.get("/held/1")
        self.client.get("/held/2")


@pytest.mark.parametrize("now", [False, True])
def test_a_thinking_shopper_leaves_at_once(stage: Any, now: bool) -> None:
    session = stage.session(Thinker)
    living = stage.spawn(session, Thinker)
    stage.until(lambda: session.user is not None and session.user._state == "waiting")
    session.stop(now)
    assert living.get(timeout=10) == "interrupted"
    assert stage.server.received == ["/first"]
    tally = stage.tally()
    assert (tally.requests, tally.sent, tally.in_flight) == (1, 1, 0)
    assert tally.journeys["Thinker"].interrupted == 1


def test_a_request_on_the_wire_is_finished_and_recorded_and_then_the_shopper_is_gone(stage: Any) -> None:
    session = stage.session(Held)
    living = stage.spawn(session, Held)
    stage.until(lambda: stage.server.received)
    session.stop(now=True)
    gevent.sleep(0.01)
    assert not living.ready()
    assert stage.recorder.in_flight == 1
    stage.server.gate.set()
    assert living.get(timeout=10) == "interrupted"
    assert stage.server.received == ["/held/1"]
    assert stage.tally().requests == 1


def test_a_graceful_stop_lets_the_task_end(stage: Any) -> None:
    session = stage.session(Held)
    living = stage.spawn(session, Held)
    stage.until(lambda: stage.server.received)
    session.stop(now=False)
    stage.server.gate.set()
    assert living.get(timeout=10) == "completed"
    assert stage.server.received == ["/held/1", "/held/2"]


def test_a_graceful_stop_can_be_followed_by_one_that_is_not(stage: Any) -> None:
    session = stage.session(Held)
    living = stage.spawn(session, Held)
    stage.until(lambda: stage.server.received)
    session.stop(now=False)
    session.stop(now=True)
    session.stop(now=True)
    stage.server.gate.set()
    assert living.get(timeout=10) == "interrupted"
    assert stage.server.received == ["/held/1"]


@pytest.mark.parametrize("now", [False, True])
def test_on_stop_may_send_requests_unless_it_is_to_be_now(stage: Any, now: bool) -> None:
    class Polite(FastHttpUser):
        wait_time = constant(3600)

        def on_stop(self) -> None:
            self.client.get("/logout")

        @task
        def visit(self) -> None:
            self.client.get("/visit")

    session = stage.session(Polite)
    living = stage.spawn(session, Polite, tasks=2)
    stage.until(lambda: session.user is not None and session.user._state == "waiting")
    session.stop(now)
    assert living.get(timeout=10) == "interrupted"
    assert stage.server.received == (["/visit"] if now else ["/visit", "/logout"])
    assert stage.tally().requests == len(stage.server.received)


@pytest.mark.parametrize("now", [False, True])
def test_a_shopper_stopped_before_it_began_sends_nothing(stage: Any, now: bool) -> None:
    session = stage.session(Held)
    session.stop(now)
    assert stage.spawn(session, Held).get(timeout=10) == "interrupted"
    assert stage.server.received == []
    counts = stage.tally().journeys["Held"]
    assert (counts.started, counts.interrupted) == (1, 1)


def test_a_shopper_that_swallows_every_exception_is_gone_all_the_same(stage: Any) -> None:
    class Stubborn(FastHttpUser):
        @task
        def forever(self) -> None:
            while True:
                with contextlib.suppress(Exception):
                    self.client.get("/again")

    session = stage.session(Stubborn)
    living = stage.spawn(session, Stubborn)
    stage.until(lambda: stage.server.answered > 3)
    session.stop(now=True)
    assert living.get(timeout=10) == "interrupted"
    assert stage.tally().requests == stage.server.answered


def test_a_shopper_that_swallows_even_its_own_end_does_not_freeze_the_process(stage: Any) -> None:
    class Undead(FastHttpUser):
        @task
        def forever(self) -> None:
            while stage.server.answered < 1000:
                with contextlib.suppress(BaseException):
                    self.client.get("/again")

    session = stage.session(Undead)
    living = stage.spawn(session, Undead)
    stage.until(lambda: stage.server.answered > 3)
    session.stop(now=True)
    gevent.sleep(0.01)
    answered = stage.server.answered
    gevent.sleep(0.01)
    assert stage.server.answered == answered
    stage.server.answered = 1000
    living.get(timeout=10)


@pytest.mark.parametrize("base", [FastHttpUser, HttpUser])
def test_an_answer_whose_with_block_is_cut_off_is_recorded_by_its_status(stage: Any, base: type) -> None:
    class Judge(base):  # type: ignore[misc]
        @task
        def judge(self) -> None:
            with self.client.get("/status/503", catch_response=True):
                gevent.sleep(3600)

    session = stage.session(Judge)
    living = stage.spawn(session, Judge)
    stage.until(lambda: session.judged_late)
    session.stop(now=True)
    assert living.get(timeout=10) == "interrupted"
    ((key, series),) = stage.tally().series.items()
    assert key.result == "failed"
    assert series.reasons == {"status_5xx": 1}


def test_requests_of_spawned_greenlets_are_finished_and_recorded(stage: Any) -> None:
    class Many(FastHttpUser):
        @task
        def parallel(self) -> None:
            Pool(4).map(self.client.get, [f"/held/{n}" for n in range(12)])

    session = stage.session(Many)
    living = stage.spawn(session, Many)
    stage.until(lambda: len(stage.server.received) == 4)
    assert session.in_flight == 4
    session.stop(now=True)
    stage.server.gate.set()
    assert living.get(timeout=10) == "interrupted"
    tally = stage.tally()
    assert tally.requests == tally.sent == len(stage.server.received) == 4


def test_the_session_waits_for_requests_that_its_shopper_left_behind(stage: Any) -> None:
    class Hasty(FastHttpUser):
        @task
        def leave(self) -> None:
            gevent.spawn(self.client.get, "/held/1")
            gevent.sleep(0)

    session = stage.session(Hasty)
    living = stage.spawn(session, Hasty)
    stage.until(lambda: stage.server.received)
    assert not living.ready()
    stage.server.gate.set()
    assert living.get(timeout=10) == "completed"
    assert stage.tally().requests == 1


def test_a_greenlet_that_outlives_its_shopper_can_send_no_request(stage: Any, caplog: pytest.LogCaptureFixture) -> None:
    spawned = []

    class Careless(FastHttpUser):
        @task
        def leave(self) -> None:
            spawned.append(gevent.spawn_later(0.01, self.client.get, "/late"))

    assert stage.run(Careless) == "completed"
    gevent.joinall(spawned, timeout=10)
    assert stage.server.received == []
    assert "outlived its Careless" in caplog.text


def test_a_shopper_killed_on_the_wire_counts_as_sent_only(stage: Any) -> None:
    session = stage.session(Held)
    living = stage.spawn(session, Held)
    stage.until(lambda: stage.server.received)
    living.kill(timeout=10)
    tally = stage.tally()
    assert (tally.requests, tally.sent, tally.in_flight) == (0, 1, 0)
    assert tally.journeys["Held"].interrupted == 1


class Busy(Shopper):
    think = think_constant(0.001)

    def journey(self) -> None:
        for n in range(self.rng.randint(1, 20)):
            with self.step(f"page {n % 3}"):
                self.client.get(f"/page/{n}")
            self.think_time()


class BusyPlain(HttpUser):
    wait_time = constant(0)

    def on_stop(self) -> None:
        self.client.get("/logout")

    @task(3)
    def look(self) -> None:
        self.client.get("/look")

    @task
    def judge(self) -> None:
        with self.client.get("/judge", catch_response=True) as response:
            gevent.sleep(0.001)
            if random.random() < 0.3:
                response.failure("no")


@pytest.mark.parametrize("user_class", [Busy, BusyPlain])
@pytest.mark.parametrize("now", [False, True])
def test_whenever_shoppers_are_stopped_every_answer_is_recorded_and_none_follows(
    stage: Any, user_class: type[Any], now: bool
) -> None:
    sessions: list[Session] = []
    living = []
    for n in range(60):
        sessions.append(stage.session(user_class, arrival=n))
        run = stage.loop if n % 2 else stage.spawn
        living.append(run(sessions[-1], user_class))
        gevent.sleep(0.001)
    dice = random.Random(7)
    dice.shuffle(sessions)
    for session in sessions:
        session.stop(now)
        if dice.random() < 0.3:
            gevent.sleep(0)
    on_the_wire = stage.recorder.in_flight
    sent = stage.recorder.journal.sent
    gevent.joinall(living, timeout=10, raise_error=True)
    assert all(greenlet.ready() for greenlet in living)
    tally = stage.tally()
    assert tally.requests == tally.sent == stage.server.answered == len(stage.server.received)
    assert tally.in_flight == 0
    if now:
        assert tally.sent == sent, f"{tally.sent - sent} sent after the stop, {on_the_wire} were on the wire"
    counts = tally.journeys[user_class.__name__]
    assert counts.started == counts.completed + counts.interrupted
