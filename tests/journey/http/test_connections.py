"""Connections are kept, replaced, limited and given back, whatever becomes of the requests that use them."""

from __future__ import annotations

from collections.abc import Callable

import gevent
import pytest
from gevent.event import Event
from journey.http.far_ends import far_end, full_house, silence, until
from journey.http.misbehaving import CLOSE, HALF_CLOSE, HEAR, RESET, Visitor, answer, let_run, shop

from loadgen.journey.http import connections

Visit = Callable[..., Visitor]

ONCE_MORE = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]


@pytest.mark.parametrize("end", [CLOSE, HALF_CLOSE, RESET])
@pytest.mark.parametrize("method", ONCE_MORE)
def test_a_kept_connection_that_closes_without_a_byte_is_replaced_once(visit: Visit, method: str, end: str) -> None:
    with shop([HEAR, answer(b""), HEAR, end], [HEAR, answer(b""), HEAR, end]) as server:
        visitor = visit(server.url)
        assert [visitor.reason(f"/{n}", method) for n in range(3)] == ["", "", ""]
        assert [line.split()[1] for line in server.lines] == ["/0", "/1", "/1", "/2", "/2"]
        assert server.connections == 3
        assert visitor.counted() == {"": 3}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_is_not_idempotent_is_sent_once(visit: Visit, method: str) -> None:
    with shop([HEAR, answer(b""), HEAR, CLOSE]) as server:
        visitor = visit(server.url)
        assert visitor.reason() == ""
        assert visitor.reason("/", method, data=b"pay") == "reset"
        assert server.bodies == [b"", b"pay"]
        assert visitor.counted() == {"": 1, "reset": 1}


def test_a_body_that_is_gone_is_not_sent_again(visit: Visit) -> None:
    with shop([HEAR, answer(b""), HEAR, CLOSE]) as server:
        visitor = visit(server.url)
        visitor.get()
        assert visitor.reason("/", "PUT", data=iter([b"once"])) == "reset"
        assert server.connections == 1


@pytest.mark.parametrize("end", [CLOSE, HALF_CLOSE, RESET])
def test_a_post_looks_whether_its_connection_was_closed_and_takes_another(visit: Visit, end: str) -> None:
    with shop([HEAR, answer(b""), end]) as server:
        visitor = visit(server.url)
        for _ in range(3):
            assert visitor.reason("/", "POST", data=b"pay") == ""
            gevent.sleep(0.005)
        assert server.bodies == [b"pay"] * 3
        assert server.connections == 3


def test_a_fresh_connection_that_closes_is_a_failure(visit: Visit) -> None:
    for end in (CLOSE, RESET):
        with shop([HEAR, end]) as server:
            visitor = visit(server.url)
            assert visitor.reason() == "reset"
            assert server.connections == 1


def test_a_second_connection_that_closes_is_a_failure(visit: Visit) -> None:
    with shop([HEAR, answer(), HEAR, CLOSE], [HEAR, CLOSE]) as server:
        visitor = visit(server.url)
        assert [visitor.reason() for _ in range(2)] == ["", "reset"]
        assert server.connections == 2


def test_the_first_byte_of_an_answer_forbids_another_try(visit: Visit) -> None:
    with shop([HEAR, answer(), HEAR, b"H", CLOSE]) as server:
        visitor = visit(server.url)
        assert [visitor.reason() for _ in range(2)] == ["", "reset"]
        assert server.connections == 1


def test_when_the_second_connection_is_refused_the_place_is_free_again(visit: Visit) -> None:
    with shop([HEAR, answer(), HEAR, CLOSE]) as server:
        visitor = visit(server.url, concurrency=1)
        visitor.get()
        server.end.close()
        assert [visitor.reason() for _ in range(3)] == ["connect"] * 3


def test_a_connection_that_was_idle_for_too_long_is_not_used(visit: Visit) -> None:
    with shop([HEAR, answer(), HEAR, answer()]) as server:
        visitor = visit(server.url, keep_alive_s=0.0)
        assert [visitor.reason() for _ in range(2)] == ["", ""]
        assert server.connections == 2
        until(lambda: server.end.ended == 1)


@pytest.mark.interpreted
def test_the_last_word_of_an_idle_connection_is_not_taken_for_an_answer(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REST_S", 0.0)
    with shop([HEAR, answer(), lambda _: gevent.sleep(0.001), answer(b"", "408 Timeout"), CLOSE]) as server:
        visitor = visit(server.url)
        visitor.get()
        until(lambda: server.end.ended == 1)
        assert visitor.get().status_code == 200
        assert server.connections == 2


# -- places


def test_no_more_connections_than_allowed_and_first_come_first_served(visit: Visit) -> None:
    gate = Event()
    with shop([HEAR, lambda _: gate.wait(), answer(), *[HEAR, answer()] * 9]) as server:
        visitor = visit(server.url, concurrency=2)
        served: list[int] = []

        def go(number: int) -> None:
            assert visitor.reason(f"/{number}") == ""
            served.append(number)

        greenlets = [gevent.spawn(go, number) for number in range(8)]
        until(lambda: len(server.heads) == 2)
        assert server.connections == 2
        gate.set()
        let_run(*greenlets)
        heard = [int(line.split()[1][1:]) for line in server.lines]
        assert [{*heard[n : n + 2]} for n in range(0, 8, 2)] == [{0, 1}, {2, 3}, {4, 5}, {6, 7}]
        assert sorted(served) == list(range(8))
        assert server.connections == 2


def test_a_newcomer_does_not_slip_in_before_those_who_wait(visit: Visit) -> None:
    gate = Event()
    with shop([HEAR, lambda _: gate.wait(), answer(), *[HEAR, answer()] * 9]) as server:
        visitor = visit(server.url, concurrency=1)

        def twice(name: str) -> None:
            visitor.get(f"/{name}1")
            visitor.get(f"/{name}2")

        greenlets = [gevent.spawn(twice, name) for name in "ab"]
        until(lambda: server.heads)
        gate.set()
        let_run(*greenlets)
        assert [line.split()[1] for line in server.lines] == ["/a1", "/b1", "/a2", "/b2"]


@pytest.mark.parametrize("given", [False, True], ids=["while waiting", "as its turn comes"])
def test_who_is_killed_in_the_queue_takes_nobodys_turn(visit: Visit, given: bool) -> None:
    gate = Event()
    with shop([HEAR, lambda _: gate.wait(), answer(), *[HEAR, answer()] * 9]) as server:
        visitor = visit(server.url, concurrency=1)
        first, second, third = (gevent.spawn(visitor.get, f"/{n}") for n in range(3))
        until(lambda: server.heads)
        if given:
            first.link(lambda _: second.kill(block=False))
            gate.set()
        else:
            second.kill()
            gate.set()
        let_run(first, second, third)
        assert third.value.status_code == 200
        assert visitor.get().status_code == 200


@pytest.mark.parametrize("end", [CLOSE, RESET, b"nonsense"])
def test_failures_give_their_places_back(visit: Visit, end: str | bytes) -> None:
    with shop([HEAR, end]) as server:
        visitor = visit(server.url, concurrency=1)
        greenlets = [gevent.spawn(visitor.reason) for _ in range(5)]
        let_run(*greenlets)
        assert {greenlet.value for greenlet in greenlets} <= {"reset", "protocol"}
        assert sum(visitor.counted().values()) == 5


def test_a_request_that_cannot_be_sent_leaves_connection_and_place(visit: Visit) -> None:
    with shop([HEAR, answer(), HEAR, answer()]) as server:
        visitor = visit(server.url, concurrency=1)
        visitor.get()
        with pytest.raises(ValueError, match="line break"):
            visitor.get(headers={"X": "a\r\nb"})
        assert visitor.reason() == ""
        assert server.connections == 1


def test_closing_the_client_ends_those_who_wait_and_those_on_the_wire(visit: Visit) -> None:
    with far_end(silence) as server:
        visitor = visit(f"http://127.0.0.1:{server.port}", concurrency=1)
        greenlets = [gevent.spawn(visitor.reason) for _ in range(2)]
        until(lambda: server.peers)
        gevent.sleep(0.005)
        visitor.client.close()
        let_run(greenlets[0])
        assert greenlets[0].value == "reset"
        let_run(greenlets[1])
        assert not isinstance(greenlets[1].exception, AssertionError)


# -- killed in the middle


def test_who_is_killed_while_connecting_leaves_nothing(visit: Visit) -> None:
    with full_house() as origin:
        visitor = visit(f"http://127.0.0.1:{origin.port}", concurrency=1)
        greenlet = gevent.spawn(visitor.get)
        gevent.sleep(0.01)
        greenlet.kill()
        assert visitor.session.in_flight == visitor.recorder.in_flight == 0


@pytest.mark.parametrize(
    ("script", "options"),
    [
        ([HEAR], {}),
        ([HEAR, b"HTTP/1.1 200 OK\r\nContent-Le"], {}),
        ([HEAR, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"], {}),
        ([HEAR, b"HTTP/1.1 200 OK\r\n\r\nhe"], {"stream": True}),
        ([lambda _: gevent.sleep(10)], {"data": b"x" * (1 << 24)}),
        ([lambda _: gevent.sleep(10)], {"data": (b"x" * 65536 for _ in range(256))}),
        ([HEAR], {"data": b"x", "headers": {"Expect": "100-continue"}}),
    ],
    ids=["first byte", "head", "body", "streamed body", "upload", "chunked upload", "leave to send"],
)
def test_who_is_killed_in_an_exchange_leaves_nothing(visit: Visit, script: list, options: dict) -> None:
    with shop(script) as server:
        visitor = visit(server.url, concurrency=1)
        method = "POST" if "data" in options else "GET"
        greenlet = gevent.spawn(lambda: visitor.client.request(method, "/", **options).content)
        until(lambda: server.connections)
        gevent.sleep(0.02)
        greenlet.kill()
        assert visitor.session.in_flight == visitor.recorder.in_flight == 0
        again = gevent.spawn(visitor.get)  # on the only place, by a connection of its own
        until(lambda: server.connections == 2)
        again.kill()
