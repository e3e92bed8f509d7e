"""Answers in every form: what is right is understood, what is wrong is a failure, and nothing hangs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from journey.http.misbehaving import CLOSE, HALF_CLOSE, HEAR, RESET, Visitor, answer, in_pieces, shop

from loadgen.journey.http import answers

Visit = Callable[..., Visitor]

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Empty:\r\nTrailer: X-Sum\r\n\r\n"
    b'5;name="a;b"\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 7\r\nSet-Cookie: late=1\r\n\r\n'
)


def test_chunks_with_extensions_and_trailers_are_put_together(visit: Visit) -> None:
    with shop([HEAR, CHUNKED, HEAR, answer(b"next")]) as server:
        visitor = visit(server.url)
        response = visitor.get()

        assert (response.status_code, response.content) == (200, b"hello world")
        assert dict(response.headers) == {"Transfer-Encoding": "chunked", "X-Empty": "", "Trailer": "X-Sum"}
        following = visitor.get()
        assert (following.content, dict(following.headers)) == (b"next", {"Content-Length": "4"})
        assert server.connections == 1


@pytest.mark.parametrize("whole", [CHUNKED, answer(b"hello world", "200 OK", "X-Empty:")], ids=["chunked", "plain"])
def test_an_answer_may_be_split_at_any_byte(visit: Visit, whole: bytes) -> None:
    scripts = [[HEAR, *in_pieces(whole, cut)] for cut in range(1, len(whole))]
    with shop(*scripts) as server:
        for _ in scripts:
            visitor = visit(server.url)
            response = visitor.get()
            assert (response.status_code, response.content, response.error) == (200, b"hello world", None)
            assert response.headers["X-Empty"] == ""
            visitor.client.close()


@pytest.mark.parametrize("end", [CLOSE, HALF_CLOSE, RESET])
@pytest.mark.parametrize("whole", [CHUNKED, answer(b"hello")], ids=["chunked", "plain"])
def test_an_answer_cut_off_at_any_byte_is_a_failure(visit: Visit, whole: bytes, end: str) -> None:
    with shop(*[[HEAR, whole[:size], end] for size in range(len(whole))]) as server:
        for _ in range(len(whole)):
            visitor = visit(server.url)
            response = visitor.get()
            assert (response.status_code, getattr(response.error, "reason", "")) == (0, "reset")
            assert visitor.counted() == {"reset": 1}
            visitor.client.close()
        assert server.connections == len(whole)


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: -5",
        "Content-Length: five",
        "Content-Length:",
        "Content-Length: 5, 5",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 99999999999999999999999",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "X-Bad\x00Name: 1",
        "No colon",
    ],
)
def test_headers_that_leave_the_length_in_doubt_are_no_http(visit: Visit, head: str) -> None:
    with shop([HEAR, f"HTTP/1.1 200 OK\r\n{head}\r\n\r\nhello".encode(), CLOSE]) as server:
        assert visit(server.url).reason() == "protocol"


@pytest.mark.parametrize(
    "nonsense",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"<html>hello</html>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloooo\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello",
    ],
)
def test_what_is_no_http_is_a_failure(visit: Visit, nonsense: bytes) -> None:
    with shop([HEAR, nonsense, CLOSE]) as server:
        visitor = visit(server.url)
        assert visitor.reason() == "protocol"
        assert visitor.counted() == {"protocol": 1}


def test_a_body_without_length_ends_with_the_connection(visit: Visit) -> None:
    with shop([HEAR, b"HTTP/1.1 200 OK\r\n\r\nall ", b"of it", HALF_CLOSE]) as server:
        visitor = visit(server.url)
        assert visitor.get().content == b"all of it"
        assert visitor.get().content == b"all of it"
        assert server.connections == 2


def test_a_body_longer_than_its_length_is_cut_and_the_connection_closed(visit: Visit) -> None:
    with shop([HEAR, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more"]) as server:
        visitor = visit(server.url)
        assert [visitor.get().content, visitor.get().content] == [b"hello", b"hello"]
        assert server.connections == 2


@pytest.mark.parametrize(
    "surplus", [answer(b"evil", "500 Evil", "Set-Cookie: evil=1"), b"HTTP/1.1 5", b"H", b"\0", b"{}"]
)
def test_what_comes_behind_an_answer_is_not_taken_for_it_or_the_next(visit: Visit, surplus: bytes) -> None:
    with shop([HEAR, answer() + surplus]) as server:
        visitor = visit(server.url)
        for _ in range(2):
            response = visitor.get()
            assert (response.status_code, response.content, response.error) == (200, b"hello", None)
            assert list(response.headers) == ["Content-Length"]
        assert server.connections == 2


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", "200 OK\r\nContent-Length: 5"),
        ("HEAD", "200 OK\r\nTransfer-Encoding: chunked"),
        ("HEAD", "200 OK"),
        ("HEAD", "404 No\r\nContent-Length: 5"),
        ("GET", "204 No Content\r\nContent-Length: 5"),
        ("GET", "204 No Content\r\nTransfer-Encoding: chunked"),
        ("GET", "304 Not Modified\r\nContent-Length: 5"),
        ("GET", "304 Not Modified\r\nTransfer-Encoding: chunked"),
        ("GET", "304 Not Modified"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_answers_without_a_body_are_complete_whatever_their_headers_say(
    visit: Visit, method: str, head: str, stream: bool
) -> None:
    with shop([HEAR, f"HTTP/1.1 {head}\r\n\r\n".encode(), HEAR, answer(b"next")]) as server:
        visitor = visit(server.url)
        response = visitor.client.request(method, "/", stream=stream)
        assert (response.status_code, response.content) == (int(head[:3]), b"")
        assert visitor.get().content == b"next"
        assert server.connections == 1


def test_a_body_where_none_may_be_costs_the_connection(visit: Visit) -> None:
    with shop([HEAR, answer(b"hello")], [HEAR, answer(b"next")]) as server:
        visitor = visit(server.url)
        assert visitor.client.head("/").content == b""
        assert visitor.get().content == b"next"
        assert server.connections == 2


def test_interim_answers_are_passed_over(visit: Visit) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nX-Early: 1\r\n\r\n"
    with shop([HEAR, *in_pieces(interim + answer(), 30), HEAR, interim * 5 + answer(b"next")]) as server:
        visitor = visit(server.url)
        response = visitor.get()
        assert (response.content, list(response.headers)) == (b"hello", ["Content-Length"])
        assert visitor.get().content == b"next"
        assert server.connections == 1


def test_interim_answers_without_end_are_a_failure(visit: Visit) -> None:
    with shop([HEAR, b"HTTP/1.1 103 Early Hints\r\n\r\n" * (answers.MAX_INTERIM + 1) + answer()]) as server:
        assert visit(server.url).reason() == "protocol"


@pytest.mark.parametrize("upgrade", ["", "Connection: upgrade\r\nUpgrade: websocket\r\n"])
def test_another_protocol_that_nobody_asked_for_is_a_failure(visit: Visit, upgrade: str) -> None:
    with shop([HEAR, f"HTTP/1.1 101 Switching Protocols\r\n{upgrade}\r\nblah".encode()]) as server:
        assert visit(server.url).reason() == "protocol"


def test_the_offer_of_another_protocol_is_passed_over(visit: Visit) -> None:
    with shop([HEAR, answer(b"hello", "200 OK", "Connection: Upgrade", "Upgrade: h2,h2c")]) as server:
        assert visit(server.url).get().content == b"hello"


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        ("1.1", "", True),
        ("1.1", "keep-alive", True),
        ("1.1", "close", False),
        ("1.1", "Close, X", False),
        ("1.0", "", False),
        ("1.0", "keep-alive", True),
        ("1.0", "Keep-Alive", True),
        ("1.0", "close", False),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_connection_is_kept_if_version_and_headers_say_so(
    visit: Visit, version: str, connection: str, kept: bool, method: str
) -> None:
    said = f"Connection: {connection}\r\n" if connection else ""
    body = "hello" if method == "GET" else ""
    reply = f"HTTP/{version} 200 OK\r\nContent-Length: 5\r\n{said}\r\n{body}".encode()
    with shop([HEAR, reply, HEAR, reply]) as server:
        visitor = visit(server.url)
        assert [visitor.client.request(method, "/").status_code for _ in range(2)] == [200, 200]
        assert server.connections == (1 if kept else 2)


@pytest.mark.parametrize(
    "head",
    [
        b"X: " + b"x" * 3000 + b"\r\n",
        b"X: x\r\n" * 300,
        b"X" * 3000 + b": x\r\n",
        b"HTTP/1.1 103 Hints\r\nX: x\r\n\r\n" * 30,
    ],
    ids=["one huge header", "many headers", "a huge name", "interim"],
)
@pytest.mark.parametrize("complete", [True, False])
def test_headers_have_a_limit(visit: Visit, head: bytes, complete: bool) -> None:
    start = b"" if head.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n"
    with shop([HEAR, start + head, b"Content-Length: 0\r\n\r\n" if complete else CLOSE]) as server:
        assert visit(server.url, max_header_bytes=1024).reason() in {"too_large", "protocol"}


def test_headers_without_end_have_one(visit: Visit) -> None:
    def endless(sock) -> None:
        while True:
            sock.sendall(b"X: x\r\n" * 500)

    with shop([HEAR, b"HTTP/1.1 200 OK\r\n", endless]) as server:
        assert visit(server.url).reason() == "too_large"
    with shop([HEAR, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", endless]) as server:
        assert visit(server.url).reason() == "too_large"


def test_a_large_body_is_not_taken_for_large_headers(visit: Visit) -> None:
    with shop([HEAR, answer(b"x" * 300_000)]) as server:
        assert len(visit(server.url, max_header_bytes=1024).get().content) == 300_000


@pytest.mark.parametrize("form", ["length", "chunks", "until the end", "tiny chunks", "extensions"])
def test_bodies_have_a_limit(visit: Visit, form: str) -> None:
    start, piece = {
        "length": (b"Content-Length: 999999999999\r\n\r\n", b"x" * 1000),
        "chunks": (b"Transfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b"x" * 1000 + b"\r\n"),
        "until the end": (b"\r\n", b"x" * 1000),
        "tiny chunks": (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 100),
        "extensions": (b"Transfer-Encoding: chunked\r\n\r\n5;", b"a=b;" * 1000),
    }[form]

    def endless(sock) -> None:
        while True:
            sock.sendall(piece)

    with shop([HEAR, b"HTTP/1.1 200 OK\r\n" + start, endless]) as server:
        assert visit(server.url, max_body_bytes=50_000).reason() == "too_large"


def test_a_body_as_large_as_allowed_is_taken(visit: Visit) -> None:
    with shop([HEAR, answer(b"x" * 5000), HEAR, answer(b"x" * 5001)]) as server:
        visitor = visit(server.url, max_body_bytes=5000)
        assert visitor.reason() == ""
        assert visitor.reason() == "too_large"
