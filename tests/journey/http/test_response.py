"""What an author does with a response: looks at it, judges it, names it; what is counted, and what listeners hear."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from journey.http.misbehaving import CLOSE, HEAR, Visitor, answer, counts, shop
from locust.contrib.fasthttp import FastHttpSession
from locust.exception import CatchResponseError, LocustError, ResponseError

from loadgen.journey.http.failures import ConnectionReset, ProtocolBroken, TooLarge

Visit = Callable[..., Visitor]


def packed(data: bytes, coding: str = "gzip") -> bytes:
    return answer(data, "200 OK", f"Content-Encoding: {coding}")


def heard(visitor: Visitor) -> list[dict[str, Any]]:
    fired: list[dict[str, Any]] = []
    visitor.events.request.add_listener(lambda **told: fired.append(told))
    return fired


# -- looked at


def test_a_packed_bomb_is_too_large_when_looked_at(visit: Visit) -> None:
    with shop([HEAR, packed(gzip.compress(b"\0" * 5_000_000))]) as server:
        visitor = visit(server.url, max_content_bytes=1_000_000)
        response = visitor.get()
        assert visitor.counted() == {"": 1}
        with pytest.raises(TooLarge):
            _ = response.content
        with pytest.raises(TooLarge):
            _ = response.text


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b"hello")[:-3], "gzip"),
        (b"hello", "gzip"),
        (b"\0\0\0\0", "br"),
        (zlib.compress(b"hello")[:-5], "deflate"),
        (b"hello", "zstd"),
        (b"hello", "rot13"),
    ],
)
def test_what_cannot_be_unpacked_is_broken_when_looked_at(visit: Visit, body: bytes, coding: str) -> None:
    with shop([HEAR, packed(body, coding), HEAR, answer()]) as server:
        visitor = visit(server.url)
        response = visitor.get()
        with pytest.raises(ProtocolBroken):
            _ = response.content
        assert visitor.reason() == ""
        assert server.connections == 1


def test_what_is_broken_fails_the_with_block_that_looks_at_it(visit: Visit) -> None:
    def look(visitor: Visitor) -> None:
        with visitor.get(catch_response=True) as response:
            assert response.text

    with shop([HEAR, packed(b"hello")]) as server:
        visitor = visit(server.url)
        with pytest.raises(ProtocolBroken):
            look(visitor)
        assert visitor.counted() == {"protocol": 1}


def test_no_answer_has_nothing_to_look_at(visit: Visit) -> None:
    with shop([HEAR, CLOSE]) as server:
        response = visit(server.url).get()
        assert (response.status_code, response.content, response.text, response.headers) == (0, None, None, None)
        assert (response.cookies, response.history, response.url) == ({}, [], f"{server.url}/")
        with pytest.raises(ConnectionReset):
            response.raise_for_status()
        with pytest.raises(LocustError):
            list(response.iter_content())


# -- judged


def test_verdicts_count_whatever_the_status(visit: Visit) -> None:
    with shop([HEAR, answer(b"", "500 No"), HEAR, answer(), HEAR, answer(), HEAR, b"H", CLOSE]) as server:
        visitor = visit(server.url)
        with visitor.get(catch_response=True) as response:
            response.success()
            response.raise_for_status()
        assert visitor.counted() == {"": 1}
        with visitor.get(catch_response=True) as response:
            response.failure("dull")
            with pytest.raises(CatchResponseError):
                response.raise_for_status()
        with visitor.get(catch_response=True) as response:
            response.failure(TimeoutError("slow"))
        with visitor.get(catch_response=True) as response:
            assert isinstance(response.error, ConnectionReset)
        assert visitor.counted() == {"assertion": 1, "timeout": 1, "reset": 1}


def test_the_last_verdict_counts(visit: Visit) -> None:
    with shop([HEAR, answer(), HEAR, answer()]) as server:
        visitor = visit(server.url)
        with visitor.get(catch_response=True) as response:
            response.failure("dull")
            response.success()
        with visitor.get(catch_response=True) as response:
            response.success()
            response.failure("dull")
        assert visitor.counted() == {"": 1, "assertion": 1}


@pytest.mark.parametrize(("error", "ends_there"), [(ResponseError("bad"), True), (KeyError("x"), False)])
def test_what_is_raised_inside_counts_as_the_failure(visit: Visit, error: Exception, ends_there: bool) -> None:
    with shop([HEAR, answer()]) as server:
        visitor = visit(server.url)
        fired = heard(visitor)
        try:
            with visitor.get(catch_response=True):
                raise error
        except KeyError:
            assert not ends_there
        assert [told["exception"] for told in fired] == [error]


def test_a_verdict_outweighs_what_is_raised_after_it(visit: Visit) -> None:
    def judge(visitor: Visitor) -> None:
        with visitor.get(catch_response=True) as response:
            response.success()
            raise KeyError

    with shop([HEAR, answer(b"", "500 No")]) as server:
        visitor = visit(server.url)
        with pytest.raises(KeyError):
            judge(visitor)
        assert visitor.counted() == {"": 1}


def test_who_is_killed_inside_is_counted_by_its_answer(visit: Visit) -> None:
    def look(visitor: Visitor) -> None:
        with visitor.get(catch_response=True):
            gevent.sleep(10)

    with shop([HEAR, answer(b"", "404 No")]) as server:
        visitor = visit(server.url)
        greenlet = gevent.spawn(look, visitor)
        while not visitor.session.judged_late:
            gevent.sleep(0.001)
        greenlet.kill()
        assert visitor.counted() == {"status_4xx": 1}


def test_a_verdict_needs_a_with_block(visit: Visit) -> None:
    with shop([HEAR, answer()] * 2) as server:
        visitor = visit(server.url)
        for options in ({}, {"catch_response": True}):
            response = visitor.get(**options)
            with pytest.raises(LocustError):
                response.success()
            with pytest.raises(LocustError):
                response.failure("dull")
        for unjudged in visitor.session.judged_late[:]:
            unjudged.__exit__(None, None, None)
            unjudged.__exit__(None, None, None)
        assert visitor.counted() == {"": 2}


def test_with_blocks_may_be_nested(visit: Visit) -> None:
    with shop([HEAR, answer()] * 2) as server:
        visitor = visit(server.url)
        with visitor.get("/outer", catch_response=True) as outer:
            with visitor.get("/inner", catch_response=True) as inner:
                inner.failure("dull")
            outer.success()
        assert visitor.counted() == {"assertion": 1, "": 1}


# -- named


def test_names(visit: Visit) -> None:
    with shop([HEAR, answer()] * 8) as server:
        visitor = visit(server.url)
        fired = heard(visitor)
        visitor.get("/a?b=c")
        visitor.get("/a", name="named")
        with visitor.client.rename_request("renamed"):
            visitor.get("/a")
            visitor.get("/a", name="named")
        visitor.get("/a")
        with visitor.get("/a", name="named", catch_response=True) as response:
            response.name = "afterwards"
        names = ["/a?b=c", "named", "renamed", "named", "/a", "afterwards"]
        assert [told["name"] for told in fired] == names
        assert {key.name for key in visitor.recorder.take(0).series} <= {*names, "/a"}


# -- told


def test_listeners_hear_what_they_hear_of_locusts_own_client(visit: Visit) -> None:
    with shop(*[[HEAR, answer(b"hello"), HEAR, answer(b"", "500 No"), HEAR, CLOSE]] * 2) as server:
        visitor = visit(server.url)
        ours, theirs = heard(visitor), []
        visitor.events.request._handlers[0] = lambda **_: None
        event = type("Event", (), {"fire": staticmethod(lambda **told: theirs.append(told))})
        locusts = FastHttpSession(server.url, event, visitor)
        for client in (visitor.client, locusts):
            for path in ("/a", "/b", "/c"):
                client.get(path, name="page", context={"own": 2})
            getattr(client, "client", client).close()
        assert len(ours) == len(theirs) == 3
        for our, their in zip(ours, theirs, strict=True):
            assert set(our) == set(their)
            for field in ("request_type", "name", "context", "response_length", "url"):
                assert our[field] == their[field]
            for field in ("response_time", "start_time"):
                assert type(our[field]) is type(their[field])
            assert (our["exception"] is None) == (their["exception"] is None)
            assert our["response"].status_code == their["response"].status_code


def test_a_late_verdict_changes_neither_start_nor_time(visit: Visit) -> None:
    with shop([HEAR, answer()]) as server:
        visitor = visit(server.url)
        fired = heard(visitor)
        before_s = time.time()
        with visitor.get(catch_response=True):
            after_s = time.time()
            gevent.sleep(0.1)
        (told,) = fired
        assert before_s - 0.01 <= told["start_time"] <= after_s
        assert told["response_time"] <= (after_s - before_s) * 1000


def test_nothing_is_fired_while_nobody_listens(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    with shop([HEAR, answer()]) as server:
        visitor = visit(server.url)
        fired: list[Any] = []
        original = type(visitor.events.request).fire
        monkeypatch.setattr(type(visitor.events.request), "fire", lambda *a, **k: fired.append(original(*a, **k)))
        visitor.get()
        assert not fired
        assert counts(visitor.recorder.take(0)) == {"": 1}
