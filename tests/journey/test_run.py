"""One arrival of the open model: what ends a journey, and how."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from locust import (
    FastHttpUser,
    HttpUser,
    MarkovTaskSet,
    SequentialTaskSet,
    TaskSet,
    constant,
    task,
    transition,
)
from locust.exception import RescheduleTask, StopUser

from loadgen.errors import JourneyError
from loadgen.journey import Shopper
from loadgen.journey.rounds import install


def test_a_plain_user_runs_one_random_task_between_on_start_and_on_stop(stage: Any) -> None:
    class Plain(HttpUser):
        wait_time = constant(3600)

        def on_start(self) -> None:
            self.client.get("/start")

        def on_stop(self) -> None:
            self.client.get("/stop")

        @task
        def one(self) -> None:
            self.client.get("/one")

    assert stage.run(Plain) == "completed"
    assert stage.server.received == ["/start", "/one", "/stop"]
    counts = stage.tally().journeys["Plain"]
    assert (counts.started, counts.completed) == (1, 1)


def test_the_wait_time_lies_between_tasks_and_not_after_the_last(stage: Any) -> None:
    waits = []

    class Waiting(FastHttpUser):
        def wait_time(self) -> float:
            waits.append(1)
            return 0

        @task
        def one(self) -> None:
            self.client.get("/one")

    assert stage.run(Waiting, tasks=3) == "completed"
    assert len(waits) == 2
    assert stage.server.received == ["/one"] * 3


def test_a_shopper_makes_its_one_journey_whatever_number_of_tasks_is_asked_for(stage: Any) -> None:
    class Once(Shopper):
        def journey(self) -> None:
            self.client.get("/once")

    assert stage.run(Once, tasks=5) == "completed"
    assert stage.server.received == ["/once"]


def test_a_sequence_is_passed_through_once(stage: Any) -> None:
    class Steps(SequentialTaskSet):
        @task
        def first(self) -> None:
            self.client.get("/1")

        @task
        def second(self) -> None:
            self.client.get("/2")

        @task
        class Third(TaskSet):
            @task
            def deep(self) -> None:
                self.client.get("/3")
                self.interrupt()

    class Walker(HttpUser):
        tasks = (Steps,)
        wait_time = constant(0)

    assert stage.run(Walker) == "completed"
    assert stage.server.received == ["/1", "/2", "/3"]


def test_a_sequence_that_interrupts_itself_has_had_its_pass(stage: Any) -> None:
    class Steps(SequentialTaskSet):
        @task
        def first(self) -> None:
            self.client.get("/1")

        @task
        def leave(self) -> None:
            self.interrupt()

    class Walker(HttpUser):
        tasks = (Steps,)

    assert stage.run(Walker) == "completed"
    assert stage.server.received == ["/1"]


def test_nested_task_sets_count_their_tasks_and_run_their_own_on_start_and_on_stop(stage: Any) -> None:
    calls: list[str] = []

    class Forum(TaskSet):
        def on_start(self) -> None:
            calls.append("start")

        def on_stop(self) -> None:
            calls.append("stop")

        @task
        def read(self) -> None:
            self.client.get("/read")

    class Member(FastHttpUser):
        tasks = (Forum,)

    assert stage.run(Member, tasks=4) == "completed"
    assert stage.server.received == ["/read"] * 4
    assert calls == ["start", "stop"]


def test_an_interrupt_is_no_task_and_the_parent_picks_another(stage: Any) -> None:
    picks = iter([True, False])

    class Section(TaskSet):
        @task
        def leave(self) -> None:
            self.interrupt()

    class Member(FastHttpUser):
        @task
        def choose(self) -> None:
            self.client.get("/own")

        def on_start(self) -> None:
            self.tasks = Picks()

    class Picks(list[Any]):
        def __len__(self) -> int:
            return 1

        def __getitem__(self, _: Any) -> Any:
            return Section if next(picks) else Member.choose

    assert stage.run(Member) == "completed"
    assert stage.server.received == ["/own"]


def test_a_markov_chain_runs_as_many_tasks_as_asked_for(stage: Any) -> None:
    class Chain(MarkovTaskSet):
        @transition("second")
        def first(self) -> None:
            self.client.get("/1")

        @transition("first")
        def second(self) -> None:
            self.client.get("/2")

    class Walker(FastHttpUser):
        tasks = (Chain,)

    assert stage.run(Walker, tasks=3) == "completed"
    assert stage.server.received == ["/1", "/2", "/1"]


def test_a_rescheduled_task_has_ended_well(stage: Any) -> None:
    class Early(FastHttpUser):
        @task
        def leave(self) -> None:
            raise RescheduleTask

    assert stage.run(Early) == "completed"


def test_a_user_may_stop_itself(stage: Any) -> None:
    class Done(FastHttpUser):
        @task
        def leave(self) -> None:
            raise StopUser

    assert stage.run(Done, tasks=9) == "completed"


def errors_heard(stage: Any) -> list[Exception]:
    heard: list[Exception] = []
    stage.environment.events.user_error.add_listener(lambda exception, **_: heard.append(exception))
    return heard


def test_an_error_in_a_task_ends_the_session_as_failed_and_fires_user_error(stage: Any) -> None:
    class Broken(HttpUser):
        wait_time = constant(3600)

        @task
        def fall(self) -> None:
            self.client.get("/fall")
            raise KeyError("basket")

    heard = errors_heard(stage)
    session = stage.session(Broken)
    assert stage.spawn(session, Broken).get(timeout=10) == "failed"
    assert isinstance(session.error, KeyError)
    assert [type(error) for error in heard] == [KeyError]
    tally = stage.tally()
    assert tally.journeys["Broken"].failed == 1
    assert "KeyError: 'basket' (test_run.py:" in tally.samples[0].text
    assert "in fall)" in tally.samples[0].text


def test_an_error_deep_inside_nested_task_sets_ends_the_session_too(stage: Any) -> None:
    class Inner(TaskSet):
        wait_time = constant(3600)

        @task
        def fall(self) -> None:
            raise ValueError

    class Outer(SequentialTaskSet):
        tasks = [Inner]  # noqa: RUF012 - Locust asks for a list here

    class Broken(FastHttpUser):
        tasks = (Outer,)

    assert stage.run(Broken) == "failed"


def test_an_error_is_counted_once_where_locust_does_not_catch_exceptions(stage: Any) -> None:
    class Inner(TaskSet):
        @task
        def fall(self) -> None:
            raise ValueError("once")

    class Broken(FastHttpUser):
        tasks = (Inner,)

    stage.environment.catch_exceptions = False
    assert stage.run(Broken) == "failed"
    tally = stage.tally()
    assert tally.journeys["Broken"].failed == 1
    assert len(tally.samples) == 1


@pytest.mark.parametrize("method", ["on_start", "on_stop"])
def test_an_error_outside_of_tasks_fails_the_journey(stage: Any, method: str) -> None:
    def fall(_: Any) -> None:
        raise ValueError(method)

    class Healthy(FastHttpUser):
        abstract = True

        @task
        def one(self) -> None:
            self.client.get("/one")

    broken = type("Broken", (Healthy,), {method: fall, "abstract": False})
    assert stage.run(broken) == "failed"
    assert stage.tally().journeys["Broken"].failed == 1


def test_a_user_without_a_host_is_refused_with_a_hint(stage: Any) -> None:
    class Lost(FastHttpUser):
        @task
        def one(self) -> None: ...

    stage.environment.host = None
    with pytest.raises(JourneyError, match="Lost has no host") as refused:
        stage.environment.new_user(Lost)
    assert "base_url" in refused.value.hint


def test_a_user_that_cannot_be_made_is_a_journey_error(stage: Any) -> None:
    class Unborn(FastHttpUser):
        def __init__(self, environment: Any) -> None:
            super().__init__(environment)
            raise RuntimeError("no")

    with pytest.raises(JourneyError, match="Unborn cannot be made: RuntimeError: no"):
        stage.environment.new_user(Unborn)


def test_installing_twice_wraps_once() -> None:
    install()
    before = TaskSet.execute_next_task
    install()
    assert TaskSet.execute_next_task is before


def test_the_log_stays_readable_when_everyone_fails(stage: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FastHttpUser):
        @task
        def fall(self) -> None:
            raise ValueError

    with caplog.at_level(logging.ERROR):
        for _ in range(20):
            stage.run(Broken)
    assert len([record for record in caplog.records if record.name == "locust.user.task"]) <= 5
