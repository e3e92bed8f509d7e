"""Every request is recorded once: plain locustfiles, with-blocks, redirects, broken clients, other protocols."""

from __future__ import annotations

import threading
from typing import Any

import gevent
import pytest
from gevent import getcurrent
from locust import FastHttpUser, HttpUser, User, task
from locust.exception import InterruptTaskSet, RescheduleTask, StopUser

from loadgen.journey import PlanContext, Shopper, current
from loadgen.journey.session import session_of
from loadgen.stats import SeriesKey, Tally

BOTH = pytest.mark.parametrize("base", [FastHttpUser, HttpUser])


def results(tally: Tally) -> dict[tuple[str, str], int]:
    """Counts by (name, result)."""
    return {(key.name, key.result): series.service.count for key, series in tally.series.items()}


def reasons(tally: Tally) -> dict[str, int]:
    return {reason: n for series in tally.series.values() for reason, n in series.reasons.items()}


@BOTH
def test_a_request_is_counted_with_its_journey_step_template_method_and_result(stage: Any, base: type[Any]) -> None:
    class Buyer(base):  # type: ignore[misc]
        @task
        def buy(self) -> None:
            self.client.get("/product/4711?ref=mail")
            self.client.post("/cart", data={"a": "b"}, name="add to cart")
            self.client.get("/status/404")

    assert stage.run(Buyer) == "completed"
    tally = stage.tally()
    assert set(tally.series) == {
        SeriesKey("Buyer", "", "/product/{id}", "GET", "ok"),
        SeriesKey("Buyer", "", "add to cart", "POST", "ok"),
        SeriesKey("Buyer", "", "/status/{id}", "GET", "failed"),
    }
    assert reasons(tally) == {"status_4xx": 1}
    assert tally.response_bytes == 3 * len("<h1>hello</h1>")


@BOTH
def test_since_due_is_longer_by_what_the_shopper_was_late(stage: Any, base: type[Any]) -> None:
    class Late(base):  # type: ignore[misc]
        @task
        def one(self) -> None:
            self.client.get("/one")

    session = stage.session(Late, lag_us=5_000_000)
    stage.spawn(session, Late).get(timeout=10)
    (series,) = stage.tally().series.values()
    assert series.since_due.min_us == series.service.min_us + 5_000_000


@BOTH
def test_with_blocks_decide_and_each_is_recorded_once(stage: Any, base: type[Any]) -> None:
    class Judge(base):  # type: ignore[misc]
        @task
        def judge(self) -> None:
            with self.client.get("/good", catch_response=True) as response:
                response.failure("not what I wanted")
            with self.client.get("/status/500", catch_response=True) as response:
                response.success()
            with self.client.get("/status/502", catch_response=True):
                pass
            with self.client.get("/outer", catch_response=True), self.client.get("/inner", catch_response=True):
                pass

    assert stage.run(Judge) == "completed"
    tally = stage.tally()
    assert results(tally) == {
        ("/good", "failed"): 1,
        ("/status/{id}", "ok"): 1,
        ("/status/{id}", "failed"): 1,
        ("/outer", "ok"): 1,
        ("/inner", "ok"): 1,
    }
    assert reasons(tally) == {"assertion": 1, "status_5xx": 1}
    assert tally.sent == tally.requests == stage.server.answered


@BOTH
@pytest.mark.parametrize(
    ("error", "result", "reason"),
    [
        (AssertionError("no price"), "failed", {"assertion": 1}),
        (KeyError("price"), "failed", {"other": 1}),
        (InterruptTaskSet(), "ok", {}),
        (RescheduleTask(), "ok", {}),
        (StopUser(), "ok", {}),
    ],
)
def test_a_with_block_that_raises_is_recorded_too(
    stage: Any, base: type[Any], error: Exception, result: str, reason: dict[str, int]
) -> None:
    class Judge(base):  # type: ignore[misc]
        @task
        def judge(self) -> None:
            with self.client.get("/page", catch_response=True):
                raise error

    session = stage.session(Judge)
    living = gevent.spawn(session.loop, stage.environment.new_user(Judge))
    stage.until(lambda: stage.server.answered >= 2 or living.ready())
    session.stop(now=True)
    living.get(timeout=10)
    tally = stage.tally()
    assert {key.result for key in tally.series} == {result}
    assert set(reasons(tally)) == set(reason)
    assert tally.requests == stage.server.answered


@BOTH
def test_an_answer_that_no_with_block_judged_is_recorded_when_the_shopper_leaves(stage: Any, base: type[Any]) -> None:
    class Forgetful(base):  # type: ignore[misc]
        @task
        def forget(self) -> None:
            self.client.get("/page", catch_response=True)
            self.client.get("/status/500", catch_response=True)

    assert stage.run(Forgetful) == "completed"
    assert results(stage.tally()) == {("/page", "ok"): 1, ("/status/{id}", "failed"): 1}


@BOTH
def test_rest_blocks_are_recorded_once(stage: Any, base: type[Any]) -> None:
    class Caller(base):  # type: ignore[misc]
        @task
        def call(self) -> None:
            with self.rest("GET", "/not/json"):
                pass
            with self.rest("GET", "/neither") as response:
                assert response.js["x"], "no x"

    stage.run(Caller)
    tally = stage.tally()
    assert tally.requests == stage.server.answered == 2
    assert reasons(tally) == {"assertion": 1}


@BOTH
def test_a_followed_redirect_is_one_request_in_locust(stage: Any, base: type[Any]) -> None:
    class Follower(base):  # type: ignore[misc]
        @task
        def follow(self) -> None:
            self.client.get("/redirect")
            self.client.get("/redirect", allow_redirects=False)

    stage.run(Follower)
    assert stage.server.received == ["/redirect", "/target", "/redirect"]
    assert results(stage.tally()) == {("/redirect", "ok"): 2}


@BOTH
def test_a_refused_connection_is_a_recorded_failure(stage: Any, base: type[Any]) -> None:
    class Knocker(base):  # type: ignore[misc]
        @task
        def knock(self) -> None:
            self.client.get("/")

    stage.environment.host = "http://127.0.0.1:1"
    stage.run(Knocker)
    tally = stage.tally()
    assert reasons(tally) == {"connect": 1}
    assert tally.samples[0].reason == "connect"
    assert tally.sent == tally.requests == 1


def test_an_error_page_that_the_client_cannot_decode_is_recorded_before_it_raises(stage: Any) -> None:
    class Reader(FastHttpUser):
        @task
        def read(self) -> None:
            self.client.get("/binary")

    assert stage.run(Reader) == "failed"
    tally = stage.tally()
    assert reasons(tally) == {"protocol": 1}
    assert tally.requests == stage.server.answered == 1


def test_a_url_that_cannot_be_requested_is_a_failure_and_raises(stage: Any) -> None:
    class Typist(HttpUser):
        @task
        def mistype(self) -> None:
            self.client.get("http://")

    assert stage.run(Typist) == "failed"
    assert reasons(stage.tally()) == {"other": 1}


@BOTH
def test_listeners_that_raise_or_come_first_hide_no_request(stage: Any, base: type[Any]) -> None:
    def stop_user(**_: Any) -> None:
        raise StopUser

    class Heard(base):  # type: ignore[misc]
        @task
        def one(self) -> None:
            self.client.get("/one")

    stage.environment.events.request._handlers.append(stop_user)
    assert stage.run(Heard, tasks=3) == "completed"
    assert stage.tally().requests == stage.server.answered == 1


def test_other_protocols_are_recorded_through_the_request_event(stage: Any) -> None:
    class Socket(User):
        @task
        def talk(self) -> None:
            self.environment.events.request.fire(
                request_type="WSS", name="hello", response_time=12.5, response_length=7, exception=None, context={}
            )
            with self.environment.events.request.measure("WSS", "bye"):
                raise TimeoutError

    assert stage.run(Socket) == "completed"
    tally = stage.tally()
    assert tally.series[SeriesKey("Socket", "", "hello", "WSS", "ok")].service.max_us == 12_500
    assert reasons(tally) == {"timeout": 1}
    assert tally.sent == 2


def test_requests_outside_of_journeys_are_counted_under_no_journey(stage: Any) -> None:
    class Setup(HttpUser):
        @task
        def one(self) -> None: ...

    stage.environment.new_user(Setup).client.get("/seed")
    tally = stage.tally()
    assert list(tally.series) == [SeriesKey("", "", "/seed", "GET", "ok")]
    assert tally.sent == 1


def test_greenlets_and_threads_of_a_shopper_belong_to_its_session(stage: Any) -> None:
    found: list[Any] = []

    class Spawner(FastHttpUser):
        @task
        def spawn(self) -> None:
            gevent.spawn(lambda: gevent.spawn(lambda: found.append(session_of())).join()).join()
            thread = threading.Thread(target=lambda: found.append(session_of()))
            thread.start()
            thread.join()
            found.append(current.get())

    session = stage.session(Spawner)
    stage.spawn(session, Spawner).get(timeout=10)
    assert found == [session] * 3
    assert current.get() is None


def test_a_greenlet_is_free_of_its_session_afterwards(stage: Any) -> None:
    class One(FastHttpUser):
        @task
        def one(self) -> None: ...

    def live() -> tuple[Any, Any]:
        before = getcurrent().spawn_tree_locals
        stage.session(One).run(stage.environment.new_user(One))
        return before, getcurrent().spawn_tree_locals

    before, after = gevent.spawn(live).get(timeout=10)
    assert before is after


def test_a_client_used_by_a_foreign_greenlet_is_found_by_its_user(stage: Any) -> None:
    class Lender(FastHttpUser):
        @task
        def lend(self) -> None:
            gevent.get_hub().loop.run_callback(foreign.switch, self.client)
            gevent.sleep(0.05)

    def wait_for_a_client() -> None:
        gevent.get_hub().switch().get("/borrowed")

    foreign = gevent.spawn(wait_for_a_client)
    gevent.sleep(0)
    stage.run(Lender)
    foreign.join(timeout=10)
    assert list(stage.tally().series) == [SeriesKey("", "", "/borrowed", "GET", "ok")]


@pytest.mark.parametrize("base", [FastHttpUser, HttpUser, Shopper])
def test_plan_headers_go_with_every_request_and_a_request_may_override_them(stage: Any, base: type[Any]) -> None:
    def send(user: Any) -> None:
        user.client.get("/plain")
        user.client.get("/own", headers={"X-Run": "mine"})

    body = {"journey": send} if base is Shopper else {"tasks": [send]}
    stage.environment.context = PlanContext(headers={"X-Run": "rehearsal", "User-Agent": "loadgen"})
    stage.run(type("Sender", (base,), body))
    assert [seen["HTTP_X_RUN"] for seen in stage.server.headers] == ["rehearsal", "mine"]
    assert {seen["HTTP_USER_AGENT"] for seen in stage.server.headers} == {"loadgen"}


@BOTH
def test_connections_are_kept_within_a_journey_and_closed_after_it(stage: Any, base: type[Any]) -> None:
    class Visitor(base):  # type: ignore[misc]
        @task
        def visit(self) -> None:
            for _ in range(3):
                self.client.get("/page")

    user = stage.environment.new_user(Visitor)
    gevent.spawn(stage.session(Visitor).run, user).get(timeout=10)
    assert stage.server.connections == 1
    stage.until(lambda: stage.server.open_connections == 0)


def test_a_shared_pool_stays_open(stage: Any) -> None:
    from geventhttpclient.client import HTTPClientPool

    class Shared(FastHttpUser):
        client_pool = HTTPClientPool(concurrency=2)

        @task
        def visit(self) -> None:
            self.client.get("/page")

    for _ in range(3):
        stage.run(Shared)
    assert stage.server.connections == 1
    Shared.client_pool.close()


@pytest.mark.parametrize("insecure", [False, True])
def test_certificates_are_as_good_as_the_plan_says(stage: Any, insecure: bool) -> None:
    class Careful(Shopper):
        def journey(self) -> None: ...

    class Plain(HttpUser):
        @task
        def one(self) -> None: ...

    stage.environment.context = PlanContext(insecure_tls=insecure)
    assert stage.environment.new_user(Careful).client.settings.tls.verify is not insecure
    assert stage.environment.new_user(Plain).client.verify is not insecure


def test_whatever_an_author_fires_the_event_with_is_counted(stage: Any) -> None:
    class Odd(User):
        @task
        def speak(self) -> None:
            for kind, name in ((None, "hello"), (7, "hello"), ("", None)):
                self.environment.events.request.fire(
                    request_type=kind, name=name, response_time=1, response_length=None, exception=None, context={}
                )

    assert stage.run(Odd) == "completed"
    assert sorted((key.method, key.name) for key in stage.tally().series) == [
        ("7", "hello"),
        ("__other__", "/"),
        ("__other__", "hello"),
    ]
