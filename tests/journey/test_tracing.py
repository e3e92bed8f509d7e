"""Each request carries a traceparent when the plan says so, whichever client sends it, and is noted under its id."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from journey.conftest import Server, Stage
from locust import FastHttpUser, HttpUser, User, task

from loadgen.journey import FastHttpUser as OurFastHttpUser
from loadgen.journey import tracing

CLIENTS = pytest.mark.parametrize("base", [FastHttpUser, HttpUser, OurFastHttpUser])
TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-01")
OWN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"

Script = Callable[[Any], object]


@pytest.fixture
def traced(server: Server) -> Stage:
    return Stage(server, trace=True)


def visitor(base: type[Any], script: Script, **attributes: Any) -> type[User]:
    """A user class whose one task is to play the script with its client."""
    return type("Visitor", (base,), {"play": task(lambda user: script(user.client)), **attributes})


def received(stage: Stage) -> list[str | None]:
    """The traceparent of each request that the server got."""
    return [headers.get("HTTP_TRACEPARENT") for headers in stage.server.headers]


def ids_in(headers: list[str | None]) -> list[str]:
    written = [TRACEPARENT.fullmatch(header or "") for header in headers]
    assert all(written), headers
    return [found[1] for found in written if found]


def noted(stage: Stage) -> set[str]:
    return {sample.trace_id for sample in stage.tally().slowest}


def test_ids_are_those_of_the_standard_and_no_two_are_equal() -> None:
    headers = [tracing.traceparent(tracing.new_trace_id()) for _ in range(100_000)]
    written = [TRACEPARENT.fullmatch(header) for header in headers]

    assert all(written)
    assert len({found[1] for found in written if found}) == len({found[2] for found in written if found}) == 100_000


def test_an_id_of_zeros_is_never_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing.os, "urandom", lambda size: bytes(size // 2) + b"\1" * (size // 2))
    monkeypatch.setattr(tracing, "_trace_ids", [])

    assert {tracing.new_trace_id() for _ in range(300)} == {"01" * 16}


FORK = """
import os
from loadgen.journey.tracing import new_trace_id
new_trace_id()
child = os.fork()
if child:
    os.waitpid(child, 0)  # or both would write at once
print(*(new_trace_id() for _ in range(5)), sep="\\n", flush=True)
"""


def test_processes_that_were_one_draw_different_ids() -> None:
    drawn = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True).stdout.split()

    assert len(set(drawn)) == len(drawn) == 10


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Accept": "*/*"}, None),
        ({"traceparent": OWN}, OWN[3:35]),
        ({"X": "y", "TraceParent": OWN}, OWN[3:35]),
        ({"traceparent": "cc" + OWN[2:]}, OWN[3:35]),
        ({"traceparent": "ff" + OWN[2:]}, ""),
        ({"traceparent": OWN.upper()}, ""),
        ({"traceparent": OWN + "-00"}, ""),
        ({"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"}, ""),
        ({"traceparent": f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01"}, ""),
        ({"traceparent": "me"}, ""),
        ({"traceparent": OWN.encode()}, ""),
    ],
)
def test_an_id_is_read_from_somebody_s_header(headers: dict[str, Any], expected: str | None) -> None:
    assert tracing.trace_id_in(headers) == expected


@CLIENTS
def test_every_request_has_an_id_of_its_own_and_is_noted_under_it(traced: Stage, base: type[Any]) -> None:
    def script(client: Any) -> None:
        client.get("/page")
        client.post("/cart", json={"a": 1}, headers={"X-Own": "1"})
        client.get("/status/500")
        with client.get("/judged", catch_response=True) as response:
            response.failure("not what I wanted")

    traced.run(visitor(base, script))
    ids = ids_in(received(traced))

    assert len(set(ids)) == 4
    samples = traced.tally().slowest
    assert {(sample.name, sample.outcome): sample.trace_id for sample in samples} == {
        ("/page", "ok"): ids[0],
        ("/cart", "ok"): ids[1],
        ("/status/{id}", "status_5xx"): ids[2],
        ("/judged", "assertion"): ids[3],
    }


@CLIENTS
def test_listeners_of_the_request_event_do_not_change_what_is_noted(traced: Stage, base: type[Any]) -> None:
    heard: list[Any] = []
    traced.environment.events.request.add_listener(lambda response, **_: heard.append(response))
    traced.run(visitor(base, lambda client: client.get("/page")))

    (trace_id,) = ids_in(received(traced))
    assert noted(traced) == {trace_id}
    assert tracing.trace_id_of(heard[0]) == trace_id


@CLIENTS
def test_a_chain_of_redirects_is_one_trace(traced: Stage, base: type[Any]) -> None:
    traced.run(visitor(base, lambda client: client.get("/redirect")))

    assert traced.server.received == ["/redirect", "/target"]
    (trace_id,) = set(ids_in(received(traced)))
    assert noted(traced) == {trace_id}


@CLIENTS
def test_a_request_s_own_header_is_sent_as_it_is_and_its_id_noted(traced: Stage, base: type[Any]) -> None:
    traced.run(visitor(base, lambda client: client.get("/page", headers={"Traceparent": OWN})))

    assert received(traced) == [OWN]
    assert noted(traced) == {OWN[3:35]}


@CLIENTS
def test_an_own_header_that_is_none_is_sent_as_it_is_and_nothing_noted(traced: Stage, base: type[Any]) -> None:
    traced.run(visitor(base, lambda client: client.get("/page", headers={"traceparent": "me"})))

    assert received(traced) == ["me"]
    assert noted(traced) == {""}


@pytest.mark.parametrize("base", [FastHttpUser, OurFastHttpUser])
def test_a_class_that_has_a_header_of_its_own_keeps_it(traced: Stage, base: type[Any]) -> None:
    traced.run(visitor(base, lambda client: client.get("/page"), default_headers={"TraceParent": OWN}))

    assert received(traced) == [OWN]


@CLIENTS
def test_a_request_that_never_arrived_is_noted_under_its_id(traced: Stage, base: type[Any]) -> None:
    traced.environment.host = "http://127.0.0.1:1"
    traced.run(visitor(base, lambda client: client.get("/page")))

    (sample,) = traced.tally().slowest
    assert sample.outcome == "connect"
    assert re.fullmatch("[0-9a-f]{32}", sample.trace_id)


@pytest.mark.parametrize("base", [FastHttpUser, OurFastHttpUser])
def test_headers_may_be_given_by_place(traced: Stage, base: type[Any]) -> None:
    def script(client: Any) -> None:
        client.request("GET", "/page", None, None, False, False, {"X-Own": "1"})

    traced.run(visitor(base, script))

    (headers,) = traced.server.headers
    assert headers["HTTP_X_OWN"] == "1"
    assert noted(traced) == set(ids_in(received(traced)))


@CLIENTS
def test_the_author_s_headers_are_left_alone(traced: Stage, base: type[Any]) -> None:
    own = {"X-Own": "1"}
    traced.run(visitor(base, lambda client: client.get("/page", headers=own)))

    assert own == {"X-Own": "1"}


@CLIENTS
def test_without_the_plan_s_word_nothing_is_sent_and_nothing_noted(stage: Stage, base: type[Any]) -> None:
    def script(client: Any) -> None:
        client.get("/page")
        client.get("/page", headers={"X-Own": "1"})
        client.get("/page", headers={"traceparent": OWN})

    stage.run(visitor(base, script))

    assert received(stage) == [None, None, OWN]
    assert noted(stage) == {""}


def test_an_author_finds_the_id_at_the_response(traced: Stage) -> None:
    seen: list[str] = []
    traced.run(visitor(OurFastHttpUser, lambda client: seen.append(client.get("/page").trace_id)))

    assert seen == ids_in(received(traced))
