"""Bodies of requests: whole, in chunks, after leave to send them, and when the server wants none of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from journey.http.misbehaving import CLOSE, HALF_CLOSE, HEAR, Visitor, answer, shop

from loadgen.journey.http import exchange

Visit = Callable[..., Visitor]

EXPECT = {"Expect": "100-continue"}
BODY = b"x" * 1000


def hear_body(sock: Any) -> None:
    size = 0
    while size < len(BODY):
        data = sock.recv(65536)
        assert data
        size += len(data)
    assert size == len(BODY)


def post(visitor: Visitor, **options: Any) -> Any:
    return visitor.client.post("/", **{"data": BODY, "headers": EXPECT, **options})


# -- Expect: 100-continue


@pytest.mark.parametrize("stream", [False, True])
def test_the_body_follows_when_the_server_says_so(visit: Visit, stream: bool) -> None:
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    with shop([HEAR, go_on, hear_body, answer(b"thanks")] * 2) as server:
        visitor = visit(server.url)
        assert [post(visitor, stream=stream).content for _ in range(2)] == [b"thanks"] * 2
        assert server.connections == 1


def test_the_body_follows_after_a_while_of_silence(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "CONTINUE_S", 0.05)
    with shop([HEAR, hear_body, answer(b"thanks")] * 2) as server:
        visitor = visit(server.url)
        assert [post(visitor).content for _ in range(2)] == [b"thanks"] * 2
        assert server.connections == 1


@pytest.mark.parametrize("status", ["413 Too Large", "417 No", "200 OK"])
def test_no_body_follows_a_final_answer_and_the_connection_is_closed(visit: Visit, status: str) -> None:
    with shop([HEAR, answer(b"no", status)]) as server:
        visitor = visit(server.url)
        assert [post(visitor).content for _ in range(2)] == [b"no"] * 2
        assert server.connections == 2
        assert {head.partition(b" ")[0] for head in server.heads} == {b"POST"}


@pytest.mark.parametrize("end", [CLOSE, HALF_CLOSE])
def test_a_server_that_hangs_up_instead_is_a_failure(visit: Visit, end: str) -> None:
    with shop([HEAR, end]) as server:
        assert post(visit(server.url)).error.reason == "reset"


# -- in chunks


def test_pieces_are_sent_in_chunks(visit: Visit) -> None:
    with shop([HEAR, answer(), HEAR, answer()]) as server:
        visitor = visit(server.url)
        assert visitor.reason("/", "POST", data=iter([b"hello", b"", b" world"])) == ""
        assert visitor.reason("/", "PUT", data=iter([])) == ""
        assert server.bodies == [b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"0\r\n\r\n"]
        assert all(b"Transfer-Encoding: chunked" in head and b"Content-Length" not in head for head in server.heads)
        assert server.connections == 1


def test_a_generator_that_raises_is_counted_and_its_connection_closed(visit: Visit) -> None:
    def half() -> Iterator[bytes]:
        yield b"hello"
        raise KeyError("lost")

    with shop([HEAR, CLOSE], [HEAR, answer()]) as server:
        visitor = visit(server.url, concurrency=1)
        fired: list[dict[str, Any]] = []
        visitor.events.request.add_listener(lambda **told: fired.append(told))
        with pytest.raises(KeyError):
            visitor.client.post("/up", data=half())
        assert [(told["name"], type(told["exception"])) for told in fired] == [("/up", KeyError)]
        assert visitor.reason() == ""
        assert server.bodies == [b""]


def test_a_generator_of_text_is_counted_and_raises(visit: Visit) -> None:
    with shop([HEAR, answer()]) as server:
        visitor = visit(server.url, concurrency=1)
        with pytest.raises(TypeError):
            visitor.client.post("/", data=iter(["text"]))
        assert sum(visitor.counted().values()) == 1


# -- servers that want none of it


@pytest.mark.parametrize("chunked", [False, True])
def test_an_answer_given_before_the_body_was_read_is_heard(visit: Visit, chunked: bool) -> None:
    def refuse(sock: Any) -> None:
        sock.recv(1024)
        sock.sendall(answer(b"too much", "413 Too Large", "Connection: close"))
        gevent.sleep(0.02)

    data = (b"x" * 65536 for _ in range(512)) if chunked else b"x" * (1 << 25)
    with shop([refuse, CLOSE]) as server:
        visitor = visit(server.url)
        response = visitor.client.post("/", data=data)
        assert response.status_code in (413, 0)  # a reset may overtake the answer
        assert visitor.counted() in ({"status_4xx": 1}, {"reset": 1})


def test_large_bodies_arrive_whole(visit: Visit) -> None:
    body = bytes(range(256)) * 40_000
    with shop([HEAR, answer()]) as server:
        assert visit(server.url).reason("/", "POST", data=body) == ""
        assert server.bodies == [body]
