"""A shopper that has left is forgotten at once: thousands a minute must not wait for the garbage collector."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from locust import constant, task
from locust.exception import StopUser

from loadgen.journey import FastHttpUser, Shopper
from loadgen.journey.leaving import ShopperGone

Visit = Callable[[Any], object]


def one_page(user: Any) -> None:
    user.client.get("/").text  # noqa: B018 - the body is decoded when it is looked at


def errors_of_all_kinds(user: Any) -> None:
    user.client.get("/status/503")
    user.client.get("/cut")
    user.client.get("http://127.0.0.1:1/")
    with user.client.get("/", catch_response=True) as response:
        response.failure("not what I wanted")


def redirects_and_forms(user: Any) -> None:
    user.client.get("/redirect")
    user.client.post("/", {"a": "b"})
    with user.rest("GET", "/"):
        pass


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The collector does not run."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("visit", [one_page, errors_of_all_kinds, redirects_and_forms])
def test_a_shopper_is_freed_as_it_leaves(stage: Any, visit: Visit) -> None:
    left = []

    class Visitor(Shopper):
        def journey(self) -> None:
            with self.step("here"):
                visit(self)
            left.append(weakref.ref(self))

    stage.run(Visitor)
    assert left[0]() is None


def test_a_user_of_a_locustfile_is_freed_as_it_leaves(stage: Any) -> None:
    left = []

    class Asker(FastHttpUser):
        wait_time = constant(0)

        @task
        def ask(self) -> None:
            self.client.get("/")
            left.append(weakref.ref(self))

    stage.run(Asker, tasks=2)
    assert [reference() for reference in left] == [None, None]


def test_what_outlives_a_shopper_is_refused_its_wishes(stage: Any) -> None:
    outcomes = []

    class Spawner(Shopper):
        def journey(self) -> None:
            gevent.spawn(outlive, self)

    def outlive(user: Spawner) -> None:
        stage.until(lambda: stopped)
        for wish in (lambda: user.client.get("/"), user.wait):
            try:
                wish()
            except (ShopperGone, StopUser) as error:
                outcomes.append(type(error))

    stopped: list[bool] = []
    stage.run(Spawner)
    stopped.append(True)
    stage.until(lambda: len(outcomes) == 2)
    assert outcomes == [ShopperGone, StopUser]
    assert stage.server.received == []
