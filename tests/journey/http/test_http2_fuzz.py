"""Whatever frames come, in whatever pieces: an answer or a failure for each request, and nothing left behind."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import gevent
from h2.config import H2Configuration
from h2.connection import H2Connection
from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st
from journey.http.fed_wire import Fed
from journey.http.misbehaving import let_run

from loadgen.journey.http.failures import RequestFailed
from loadgen.journey.http.http2.connection import Http2Connection
from loadgen.journey.http.http2.stream import Stream
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.waiting import _sweeper
from loadgen.journey.http.wires import Origin

SETTINGS = ClientSettings(max_header_bytes=400, max_body_bytes=1000, first_byte_timeout_s=5, idle_timeout_s=5)
ORIGIN = Origin("https", "shop.test", 443)
HEAD = b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(bounds)]


def ask(connection: Http2Connection, how: str) -> Any:
    """One request; its answer, or why there is none."""
    stream = Stream(connection, SETTINGS, ORIGIN)
    try:
        if how in ("GET", "HEAD"):
            reply = stream.exchange(HEAD, b"", no_body=how == "HEAD")
            body = b"".join(reply.chunks)
        elif how == "POST":
            reply = stream.exchange(HEAD, b"x" * 100_000, no_body=False)
            body = b"".join(reply.chunks)
        else:
            stream.send_streamed(HEAD, [b"a", b"b"], chunked=True, no_body=False)
            reply = stream.read_head()
            body = b"".join(reply.chunks)
            while not stream.is_complete and (piece := stream.read_some()):
                body += piece
            stream.finish()
    except RequestFailed as error:
        return error.reason
    assert 200 <= reply.status <= 999
    return reply.status, reply.headers, body


def outcomes(data: bytes, places: list[int], hows: list[str]) -> list[Any]:
    wire: Any = Fed(cut(data, places))
    connection = Http2Connection(wire, SETTINGS, lambda _: None)
    greenlets = [gevent.spawn(ask, connection, how) for how in hows]
    let_run(*greenlets)
    assert all(greenlet.exception is None for greenlet in greenlets)
    connection.close()
    assert not wire.is_open
    assert not _sweeper.waiting
    return [greenlet.value for greenlet in greenlets]


BLOCKS = [
    b"",
    b"\x88",
    b"\x89",
    b"\x8b",
    b"\x88\x0f\x0d\x015",
    b"\x88\x0f\x0d\x010",
    b"\x88\x0f\x28\x03a=b",
    Encoder().encode([(b":status", b"103")]),
    Encoder().encode([(b":status", b"200"), (b"connection", b"close"), (b"x", b"y" * 50)]),
    Encoder().encode([(b"x-trailer", b"1")]),
    Encoder().encode([(b":status", b"200"), (b"x", b"y" * 500)]),
    b"\x88" + b"\x40\x01a\x7f\x10" + b"y" * 143 + b"\xbe" * 20,
    b"\x3f\xe1\x1f\x88",
    b"\x20\x88",
]

payloads = st.one_of(
    st.sampled_from(BLOCKS),
    st.sampled_from([b"hello", b"\0\x03\0\0\0\x05", b"\0\x04\0\0\0\0", b"\0\x04\0\x01\0\0", b"\0\x05\0\0\x40\0"]),
    st.sampled_from([b"\0\0\0\x01", b"\x7f\xff\xff\xff", b"\0\0\0\x07", b"12345678", b"\0\0\0\x01\0\0\0\0"]),
    st.binary(max_size=12),
)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from([0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 10, 0xEE]))
    flags = draw(st.sampled_from([0, 1, 4, 5, 4, 5, 8, 0x20, 0x2D]))
    stream = draw(st.sampled_from([0, 1, 1, 1, 1, 3, 3, 5, 7, 2, 0x80000001]))
    payload = draw(payloads)
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


GREETING = b"\0\0\0\x04\0\0\0\0\0"

answers = st.one_of(
    st.lists(frames(), max_size=12).map(lambda each: GREETING + b"".join(each)),
    st.lists(st.one_of(frames(), st.binary(max_size=8)), max_size=6).map(b"".join),
    st.binary(max_size=60),
)


@given(answers, st.lists(st.integers(0, 400), max_size=6), st.sampled_from(["GET", "HEAD", "POST", "stream"]))
@settings(max_examples=400, deadline=None)
def test_any_frames_give_an_answer_or_a_failure_however_they_are_cut(data: bytes, places: list[int], how: str) -> None:
    whole = outcomes(data, [], [how])
    apart = outcomes(data, places, [how])
    if how in ("GET", "HEAD"):
        assert whole == apart


@given(answers, st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=200, deadline=None)
def test_requests_at_once_each_have_an_end(data: bytes, places: list[int]) -> None:
    outcomes(data, places, ["GET", "stream", "POST", "HEAD"])


def answer_of(body: bytes, sizes: list[int], *, trailers: bool, pads: bool) -> bytes:
    """What a server by the library says to a first request."""
    far = H2Connection(H2Configuration(client_side=False))
    far.initiate_connection()
    near = H2Connection()
    near.initiate_connection()
    near.send_headers(
        1, [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/")], end_stream=True
    )
    far.receive_data(near.data_to_send())
    far.send_headers(1, [(":status", "200"), ("content-length", str(len(body)))])
    rest = body
    for size in [*sizes, len(body)]:
        piece, rest = rest[:size], rest[size:]
        far.send_data(1, piece, pad_length=size % 256 if pads else None)
    if trailers:
        far.send_headers(1, [("x-checksum", "1")], end_stream=True)
    else:
        far.end_stream(1)
    return far.data_to_send()


@given(
    st.binary(max_size=300),
    st.lists(st.integers(0, 100), max_size=4),
    st.lists(st.integers(0, 600), max_size=6),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_any_body_arrives_as_it_was_sent(
    body: bytes, sizes: list[int], places: list[int], trailers: bool, pads: bool
) -> None:
    sent = answer_of(body, sizes, trailers=trailers, pads=pads)
    for how in ("GET", "stream"):
        ((status, headers, arrived),) = outcomes(sent, places, [how])
        assert (status, headers, arrived) == (200, [(b"content-length", str(len(body)).encode())], body)
        for size in range(0, len(sent), 23):
            assert outcomes(sent[:size], places, [how]) == ["reset"]
