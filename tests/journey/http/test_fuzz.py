"""Whatever bytes come, in whatever pieces: an answer or a failure, soon, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from time import monotonic
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journey.http.misbehaving import HEAR, Visitor, answer, shop

from loadgen.journey.http.exchange import Connection
from loadgen.journey.http.failures import RequestFailed
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.wires import Origin

Visit = Callable[..., Visitor]

PARTS = [
    b"HTTP/1.1 ",
    b"HTTP/1.0 ",
    b"200 OK\r\n",
    b"100 Continue\r\n\r\n",
    b"103 Hints\r\n\r\n",
    b"101 Switch\r\n\r\n",
    b"204 No\r\n",
    b"304 Not\r\n",
    b"500 X\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length: 99999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip\r\n",
    b"Connection: close\r\n",
    b"Connection: upgrade\r\nUpgrade: h2c\r\n",
    b"Set-Cookie: a=b\r\n",
    b"X: ",
    b"\r\n",
    b"\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"0\r\nT: v\r\n\r\n",
    b"hello",
    b"\0",
]

answers = st.one_of(
    st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=8)), max_size=12).map(b"".join),
    st.lists(st.sampled_from(PARTS), max_size=8).map(lambda parts: b"HTTP/1.1 200 OK\r\n" + b"".join(parts)),
    st.binary(max_size=60),
)


class Script:
    """A wire that gives the bytes of an answer in pieces, then the end."""

    protocol = "http/1.1"
    proxy_head = None

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces
        self.is_open = True

    def send(self, *_: Any) -> None: ...

    def receive(self, *_: Any) -> bytes:
        assert self.is_open
        return self.pieces.pop(0) if self.pieces else b""

    def is_stale(self) -> bool:
        return not self.is_open

    def close(self) -> None:
        self.is_open = False


def cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(bounds)]


def outcome(data: bytes, places: list[int], method: str, how: str) -> Any:
    wire = Script(cut(data, places))
    connection = Connection(wire, ClientSettings(max_header_bytes=200, max_body_bytes=1000), Origin("http", "x", 80))
    no_body = method == "HEAD"
    try:
        if how == "plain":
            reply = connection.exchange(b"head", b"", no_body=no_body)
            body = b"".join(reply.chunks)
        else:
            connection.send_streamed(b"head", [], chunked=False, no_body=no_body)
            reply = connection.read_head()
            body = b"".join(reply.chunks)
            while not connection.is_complete and (piece := connection.read_some()):
                body += piece
            if not connection.is_complete:
                connection.finish()
    except RequestFailed as error:
        assert not wire.is_open
        assert not connection.reusable
        return error.reason
    assert connection.reusable == wire.is_open
    assert 200 <= reply.status <= 999
    return reply.status, reply.headers, body


@given(answers, st.lists(st.integers(0, 200), max_size=6), st.sampled_from(["GET", "HEAD"]))
@settings(max_examples=400, deadline=None)
def test_any_bytes_give_an_answer_or_a_failure_however_they_are_cut(
    data: bytes, places: list[int], method: str
) -> None:
    whole = outcome(data, [], method, "plain")
    apart = outcome(data, places, method, "plain")
    if method == "GET" and not isinstance(whole, str):
        assert apart == whole
    assert isinstance(whole, str) or whole[2] == b"" or method == "GET"
    outcome(data, places, method, "stream")


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=6), st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_body_arrives_as_it_was_sent(body: bytes, places: list[int], chunked: bool) -> None:
    if chunked:
        pieces = cut(body, places[:3])
        sent = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"
        sent = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + sent
    else:
        sent = answer(body)
    for how in ("plain", "stream"):
        assert outcome(sent, places, "GET", how)[2] == body
        for size in range(0, len(sent), 7):
            assert outcome(sent[:size], places, "GET", how) == "reset"


@given(st.lists(answers, min_size=1, max_size=3), st.lists(st.integers(0, 200), max_size=4))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_real_connection_does_no_worse(visit: Visit, replies: list[bytes], places: list[int]) -> None:
    with shop(*[[HEAR, *cut(reply, places)] for reply in replies]) as server:
        limits = {"first_byte_timeout_s": 0.05, "idle_timeout_s": 0.05, "total_timeout_s": 0.2}
        visitor = visit(server.url, concurrency=1, **limits)
        for _ in replies:
            started_s = monotonic()
            response = visitor.get(allow_redirects=False)
            assert response.status_code or isinstance(response.error, RequestFailed)
            assert monotonic() - started_s < 2.0
        assert sum(visitor.counted().values()) == len(replies)
        visitor.client.close()
