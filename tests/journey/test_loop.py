"""Shoppers of the closed model: Locust's endless loop, each journey counted."""

from __future__ import annotations

from typing import Any

from locust import FastHttpUser, HttpUser, SequentialTaskSet, constant, task

from loadgen.journey import Shopper


def test_a_shopper_makes_journey_after_journey_until_it_is_stopped(stage: Any) -> None:
    class Again(Shopper):
        def journey(self) -> None:
            self.client.get("/again")

    session = stage.session(Again)
    looping = stage.loop(session, Again)
    stage.until(lambda: stage.server.answered >= 5)
    session.stop(now=False)
    looping.get(timeout=10)
    tally = stage.tally()
    counts = tally.journeys["Again"]
    assert tally.requests == stage.server.answered
    assert counts.started == counts.completed + counts.interrupted
    assert counts.completed >= 4


def test_an_error_fails_its_journey_and_the_user_goes_on(stage: Any) -> None:
    class Sometimes(HttpUser):
        wait_time = constant(0)
        turns = 0

        @task
        def visit(self) -> None:
            self.turns += 1
            self.client.get("/visit")
            if self.turns == 2:
                raise ValueError

    session = stage.session(Sometimes)
    looping = stage.loop(session, Sometimes)
    stage.until(lambda: stage.server.answered >= 4)
    session.stop(now=False)
    looping.get(timeout=10)
    counts = stage.tally().journeys["Sometimes"]
    assert counts.failed == 1
    assert counts.completed >= 2


def test_a_sequence_counts_one_journey_a_pass(stage: Any) -> None:
    class Steps(SequentialTaskSet):
        @task
        def first(self) -> None:
            self.client.get("/1")

        @task
        def second(self) -> None:
            self.client.get("/2")

    class Walker(FastHttpUser):
        tasks = (Steps,)

    session = stage.session(Walker)
    looping = stage.loop(session, Walker)
    stage.until(lambda: stage.server.answered >= 6)
    session.stop(now=False)
    looping.get(timeout=10)
    counts = stage.tally().journeys["Walker"]
    assert counts.completed == stage.server.answered // 2
    assert counts.started - counts.completed == counts.interrupted <= 1


def test_a_user_that_waits_between_journeys_leaves_at_once_and_interrupts_none(stage: Any) -> None:
    class Sleeper(FastHttpUser):
        wait_time = constant(3600)

        @task
        def visit(self) -> None:
            self.client.get("/visit")

    session = stage.session(Sleeper)
    looping = stage.loop(session, Sleeper)
    taken = [stage.tally()]

    def has_completed() -> bool:
        taken[0] = taken[0].then(stage.tally())
        return "Sleeper" in taken[0].journeys and taken[0].journeys["Sleeper"].completed == 1

    stage.until(has_completed)
    session.stop(now=False)
    looping.get(timeout=10)
    counts = taken[0].then(stage.tally()).journeys["Sleeper"]
    assert (counts.started, counts.completed, counts.interrupted) == (1, 1, 0)


def test_an_error_in_on_start_ends_the_loop_as_failed(stage: Any) -> None:
    class Broken(FastHttpUser):
        def on_start(self) -> None:
            raise ValueError

        @task
        def visit(self) -> None: ...

    session = stage.session(Broken)
    assert stage.loop(session, Broken).get(timeout=10) == "failed"
    assert stage.tally().journeys["Broken"].failed == 1
