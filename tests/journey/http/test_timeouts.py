"""Each phase of an exchange has a limit and a reason of its own, and whatever trickles in, the whole has one too."""

from __future__ import annotations

import socket
from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent
import pytest
from journey.http.far_ends import far_end, full_house, silence
from journey.http.misbehaving import HEAR, LIMIT_S, Visitor, answer, shop, trickle

from loadgen.journey.http.failures import TimedOut

Visit = Callable[..., Visitor]

LATE_S = 2.0
"""How late a limit may be kept on a machine that others use too; what hangs takes ten seconds."""


def timed(visitor: Visitor, method: str = "GET", **options: Any) -> str:
    started_s = monotonic()
    reason = visitor.reason("/", method, **options)
    assert LIMIT_S <= monotonic() - started_s < LIMIT_S + LATE_S
    assert visitor.counted() == {reason: 1}
    return reason


def slow_reader(sock: Any) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    while sock.recv(256 * 1024):
        gevent.sleep(0.01)


def no_reader(_: Any) -> None:
    gevent.sleep(10)


def test_no_connection(visit: Visit) -> None:
    with full_house() as origin:
        assert timed(visit(f"http://127.0.0.1:{origin.port}", connect_timeout_s=LIMIT_S)) == "timeout_connect"


def test_no_handshake(visit: Visit) -> None:
    with far_end(silence) as server:
        assert timed(visit(f"https://127.0.0.1:{server.port}", tls_timeout_s=LIMIT_S)) == "timeout_tls"


def test_no_answer(visit: Visit) -> None:
    with shop([HEAR]) as server:
        assert timed(visit(server.url, first_byte_timeout_s=LIMIT_S)) == "timeout_first_byte"


def test_no_answer_on_a_kept_connection_is_not_tried_again(visit: Visit) -> None:
    with shop([HEAR, answer()]) as server:
        visitor = visit(server.url, first_byte_timeout_s=LIMIT_S)
        visitor.get()
        assert visitor.reason() == "timeout_first_byte"
        assert server.connections == 1


@pytest.mark.parametrize("start", [b"HTTP", answer()[:-1], b"HTTP/1.1 200 OK\r\n\r\nhe", b"HTTP/1.1 100 Go\r\n\r\n"])
def test_silence_in_the_middle_of_an_answer(visit: Visit, start: bytes) -> None:
    with shop([HEAR, start]) as server:
        assert timed(visit(server.url, idle_timeout_s=LIMIT_S)) == "timeout_idle"


def test_silence_of_a_server_that_does_not_read(visit: Visit) -> None:
    for data in (b"x" * (1 << 24), (b"x" * 65536 for _ in range(256))):
        with shop([no_reader]) as server:
            assert timed(visit(server.url, idle_timeout_s=LIMIT_S), "POST", data=data) == "timeout_idle"


def test_a_server_that_reads_slowly_is_not_silent(visit: Visit) -> None:
    def reader(sock: Any) -> None:
        seen = 0
        while seen < 1 << 23:
            seen += len(sock.recv(1 << 18))
            gevent.sleep(0.01)
        sock.sendall(answer())

    with shop([reader]) as server:
        visitor = visit(server.url, idle_timeout_s=LIMIT_S)
        started_s = monotonic()
        assert visitor.reason("/", "POST", data=b"x" * (1 << 23)) == ""
        assert monotonic() - started_s > LIMIT_S


def test_the_first_byte_is_waited_for_from_the_last_one_sent(visit: Visit) -> None:
    def reader(sock: Any) -> None:
        gevent.sleep(1.5 * LIMIT_S)
        seen = 0
        while seen < 1 << 23:
            seen += len(sock.recv(1 << 18))
        sock.sendall(answer())

    with shop([reader]) as server:
        visitor = visit(server.url, first_byte_timeout_s=LIMIT_S)
        assert visitor.reason("/", "POST", data=b"x" * (1 << 23)) == ""


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000], ids=["silence", "byte by byte"])
@pytest.mark.parametrize("how", ["plain", "stream", "upload", "expect"])
def test_the_whole_has_a_limit(visit: Visit, said: bytes, how: str) -> None:
    options: dict[str, Any] = {
        "plain": {},
        "stream": {"stream": True},
        "upload": {"data": iter([b"x"])},
        "expect": {"data": b"x", "headers": {"Expect": "100-continue"}},
    }[how]
    with shop([HEAR, trickle(said, 0.01)]) as server:
        visitor = visit(server.url, total_timeout_s=LIMIT_S)
        assert timed(visitor, "POST" if "data" in options else "GET", **options) == "timeout_total"


def test_a_body_that_trickles_in_is_part_of_the_whole(visit: Visit) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with shop([HEAR, head, trickle(b"x" * 1000, 0.01)]) as server:
        visitor = visit(server.url, total_timeout_s=LIMIT_S)
        assert timed(visitor) == "timeout_total"
        with pytest.raises(TimedOut):
            list(visitor.get(stream=True).iter_content())


def test_a_server_that_never_pauses_ends_when_the_whole_is_over(visit: Visit) -> None:
    def endless(sock: Any) -> None:
        while True:
            sock.sendall(b"x" * 65536)

    with shop([HEAR, b"HTTP/1.1 200 OK\r\n\r\n", endless]) as server:
        assert timed(visit(server.url, total_timeout_s=LIMIT_S, max_body_bytes=1 << 40)) == "timeout_total"


@pytest.mark.parametrize("data", [b"x" * (1 << 25), "generator"])
def test_an_upload_that_never_ends_is_over_with_the_whole(visit: Visit, data: Any) -> None:
    with shop([slow_reader]) as server:
        body = (b"x" * 65536 for _ in range(512)) if data == "generator" else data
        assert timed(visit(server.url, total_timeout_s=LIMIT_S), "POST", data=body) == "timeout_total"


def test_a_limit_that_is_kept_leaves_connection_and_all(visit: Visit) -> None:
    with shop([HEAR, answer(), HEAR, answer()]) as server:
        visitor = visit(server.url, total_timeout_s=5.0)
        assert [visitor.reason() for _ in range(2)] == ["", ""]
        assert server.connections == 1
