"""Bodies left on the wire are read as they come, or dropped: then their connection is closed, its place free."""

from __future__ import annotations

import gc
import gzip
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event
from journey.http.far_ends import until
from journey.http.misbehaving import CLOSE, HEAR, RESET, Visitor, answer, in_pieces, moved, shop

from loadgen.journey.http.failures import BadStatus, ConnectionReset, ProtocolBroken, TooLarge

Visit = Callable[..., Visitor]

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = [HEAR, HEAD, b"5\r\nhello\r\n"]


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))


def test_pieces_come_as_the_server_sends_them(visit: Visit) -> None:
    gate = Event()
    with shop([HEAR, HEAD, b"5\r\nhello\r\n", lambda _: gate.wait(), chunks(b" world"), HEAR, answer()]) as server:
        visitor = visit(server.url, concurrency=1)
        pieces = visitor.get(stream=True).iter_content()
        assert next(pieces) == "hello"
        gate.set()
        assert list(pieces) == [" world"]
        assert visitor.reason() == ""
        assert server.connections == 1


def test_content_reads_the_rest_of_a_stream(visit: Visit) -> None:
    with shop([HEAR, *in_pieces(HEAD + chunks(b"hello", b" world"), 50, 60), HEAR, answer()]) as server:
        visitor = visit(server.url, concurrency=1)
        response = visitor.get(stream=True)
        assert (response.text, response.text, list(response.iter_content())) == (
            "hello world",
            "hello world",
            ["hello world"],
        )
        assert visitor.reason() == ""
        assert server.connections == 1


@pytest.mark.parametrize("size", [1, 3, 1024])
def test_pieces_are_no_larger_than_asked_for(visit: Visit, size: int) -> None:
    with shop([HEAR, HEAD, chunks(b"x" * 10, b"y" * 2000)]) as server:
        pieces = list(visit(server.url).get(stream=True).iter_content(size, decode_content=False))
        assert b"".join(pieces) == b"x" * 10 + b"y" * 2000
        assert max(map(len, pieces)) <= size


def test_packed_streams_are_unpacked_as_they_come(visit: Visit) -> None:
    packed = gzip.compress(b"hello world" * 100)
    reply = answer(packed, "200 OK", "Content-Encoding: gzip")
    with shop([HEAR, *in_pieces(reply, len(reply) - 20, len(reply) - 10)]) as server:
        response = visit(server.url).get(stream=True)
        assert "".join(response.iter_content(100000)) == "hello world" * 100


def test_a_packed_bomb_ends_at_its_limit(visit: Visit) -> None:
    packed = gzip.compress(b"\0" * 10_000_000)
    reply = answer(packed, "200 OK", "Content-Encoding: gzip")
    with shop([HEAR, reply[:300], lambda _: gevent.sleep(0.01), reply[300:]]) as server:
        visitor = visit(server.url, max_content_bytes=100_000, concurrency=1)
        taken: list[bytes] = []
        with pytest.raises(TooLarge):
            taken.extend(visitor.get(stream=True).iter_content(1 << 20, decode_content=False))
        assert sum(map(len, taken)) <= 100_000
        until(lambda: server.end.ended == 1)


def test_lines_come_whole_whatever_the_pieces(visit: Visit) -> None:
    body = "één\ntwee\n\nvier ✓".encode()
    gate = [lambda _: gevent.sleep(0.0005)]
    for cut in range(1, len(body)):
        with shop([HEAR, HEAD, *gate, chunks(body[:cut])[:-5], *gate, chunks(body[cut:])]) as server:
            visitor = visit(server.url)
            assert list(visitor.client.iter_lines("/")) == ["één", "twee", "", "vier ✓"]
            visitor.client.close()


def test_lines_of_a_bad_status_raise(visit: Visit) -> None:
    with shop([HEAR, answer(b"sorry", "500 Sorry")]) as server, pytest.raises(BadStatus):
        list(visit(server.url).client.iter_lines("/"))


@pytest.mark.parametrize("end", [CLOSE, RESET])
def test_a_stream_that_breaks_raises_and_frees_its_place(visit: Visit, end: str) -> None:
    with shop([*ENDLESS, end], [HEAR, answer()]) as server:
        visitor = visit(server.url, concurrency=1)
        response = visitor.get(stream=True)
        with pytest.raises(ConnectionReset):
            list(response.iter_content())
        assert visitor.reason() == ""


def test_a_stream_that_is_no_http_raises_and_frees_its_place(visit: Visit) -> None:
    with shop([*ENDLESS, lambda _: gevent.sleep(0.01), b"nonsense"], [HEAR, answer()]) as server:
        visitor = visit(server.url, concurrency=1)
        response = visitor.get(stream=True)
        with pytest.raises(ProtocolBroken):
            list(response.iter_content())
        assert visitor.reason() == ""


def forget(visitor: Visitor) -> None:
    visitor.get(stream=True)


def read_a_little(visitor: Visitor) -> None:
    pieces = visitor.get(stream=True).iter_content()
    assert next(pieces) == "hello"


def leave_the_loop(visitor: Visitor) -> None:
    for _ in visitor.client.iter_lines("/"):
        break


def close_it(visitor: Visitor) -> None:
    response = visitor.get(stream=True)
    response.stream.close()
    response.stream.close()


def leave_the_with_block(visitor: Visitor) -> None:
    with visitor.get(stream=True, catch_response=True) as response:
        response.failure("dull")


def raise_in_the_with_block(visitor: Visitor) -> None:
    with pytest.raises(ZeroDivisionError), visitor.get(stream=True, catch_response=True) as response:
        assert len(next(response.iter_content())) / 0


@pytest.mark.parametrize("drop", [forget, read_a_little, close_it, leave_the_with_block, raise_in_the_with_block])
def test_a_stream_that_is_dropped_closes_its_connection_and_frees_its_place(
    visit: Visit, drop: Callable[[Visitor], None]
) -> None:
    with shop(ENDLESS, ENDLESS, [HEAR, answer()]) as server:
        visitor = visit(server.url, concurrency=1)
        drop(visitor)
        gc.collect()
        drop(visitor)
        gc.collect()
        assert visitor.reason() == ""
        until(lambda: server.end.ended == 2)
        assert server.connections == 3


def test_a_loop_over_lines_that_is_left_closes_the_connection(visit: Visit) -> None:
    with shop([HEAR, HEAD, b"6\r\nhello\n\r\n"], [HEAR, answer()]) as server:
        visitor = visit(server.url, concurrency=1)
        leave_the_loop(visitor)
        gc.collect()
        assert visitor.reason() == ""


def test_a_stream_does_not_outlive_its_shopper(visit: Visit) -> None:
    with shop(ENDLESS) as server:
        visitor = visit(server.url)
        response = visitor.get(stream=True)
        visitor.client.close()
        until(lambda: server.end.ended == 1)
        with pytest.raises(ConnectionReset):
            list(response.iter_content())


def test_a_read_stream_keeps_no_hold_on_its_connection(visit: Visit) -> None:
    gate = Event()
    with shop(
        [HEAR, HEAD, lambda _: gate.wait(), chunks(b"a"), HEAR, lambda _: gevent.sleep(0.01), answer()]
    ) as server:
        visitor = visit(server.url, concurrency=1)
        response: Any = visitor.get(stream=True)
        stream = response.stream
        gate.set()
        assert response.content == b"a"
        greenlet = gevent.spawn(visitor.reason)
        until(lambda: len(server.heads) == 2)
        stream.close()
        assert stream.read_some() == b""
        del response, stream
        gc.collect()
        assert greenlet.get(timeout=10) == ""
        assert server.connections == 1


def test_streamed_redirects_leave_nothing_on_the_wire(visit: Visit) -> None:
    reply = moved("/there")
    with shop([HEAR, *in_pieces(reply, len(reply) - 2), HEAR, answer(b"there")]) as server:
        visitor = visit(server.url, concurrency=1)
        response = visitor.get(stream=True)
        assert (response.content, response.history[0].content) == (b"there", b"moved")
        assert server.connections == 1
