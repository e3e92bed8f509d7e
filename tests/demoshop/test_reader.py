"""Reading requests off the wire, whole, in pieces, and broken."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.demoshop.reader import MAX_BODY_BYTES, MAX_HEAD_BYTES, RequestReader
from loadgen.demoshop.request import Request

GET = b"GET /search?q=a%20b HTTP/1.1\r\nHost: shop\r\nCookie: sid=1\r\nUser-Agent: x\r\n\r\n"
POST = b"POST /cart/add HTTP/1.1\r\nHost: shop\r\nContent-Length: 6\r\n\r\nslug=a"
CHUNKED = (
    b"POST /c%61rt HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4;x=y\r\nslug\r\n2\r\n=a\r\n0\r\nCookie: trailer\r\n\r\n"
)


def read(*pieces: bytes) -> tuple[list[Request], RequestReader]:
    requests: list[Request] = []
    reader = RequestReader(requests.append, lambda: None)
    for piece in pieces:
        reader.feed(piece)
    return requests, reader


def statuses(requests: list[Request]) -> list[int]:
    return [request.ready.status if request.ready else 0 for request in requests]


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, len(GET + POST + CHUNKED + GET)), max_size=12))
def test_it_makes_no_difference_how_the_bytes_are_cut(cuts: list[int]) -> None:
    stream = GET + POST + CHUNKED + GET
    edges = [0, *sorted(cuts), len(stream)]
    requests, reader = read(*(stream[start:end] for start, end in pairwise(edges)))
    assert [(request.method, request.path, request.query, request.body) for request in requests] == [
        (b"GET", b"/search", b"q=a%20b", b""),
        (b"POST", b"/cart/add", b"", b"slug=a"),
        (b"POST", b"/cart", b"", b"slug=a"),
        (b"GET", b"/search", b"q=a%20b", b""),
    ]
    assert requests[0].headers == {b"host": b"shop", b"cookie": b"sid=1"}
    assert b"cookie" not in requests[2].headers
    assert not reader.reading
    assert not reader.done


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=80) | st.sampled_from([GET, POST, CHUNKED, GET[:30], b"\r\n", b"0\r\n"]), max_size=8)
)
def test_any_bytes_are_requests_or_one_refusal_at_the_end(pieces: list[bytes]) -> None:
    requests, reader = read(*pieces)
    refused = [request.ready is not None for request in requests]
    assert not any(refused[:-1])
    if refused and refused[-1]:
        assert reader.done


@pytest.mark.parametrize(
    "raw",
    [
        b"hello\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_request_is_refused_with_400(raw: bytes) -> None:
    requests, reader = read(raw, GET)
    assert statuses(requests) == [400]
    assert requests[0].last
    assert reader.done


def test_requests_before_the_broken_one_are_served() -> None:
    requests, _ = read(GET + POST + b"nonsense\r\n\r\n")
    assert statuses(requests) == [0, 0, 400]


def test_a_body_that_says_it_is_too_long_is_refused_before_it_comes() -> None:
    requests, _ = read(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1))
    assert statuses(requests) == [413]


def test_a_chunked_body_is_refused_when_it_has_become_too_long() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    requests, _ = read(head, chunk, chunk, chunk, chunk)
    assert statuses(requests) == [413]


def test_a_body_of_exactly_the_limit_is_taken() -> None:
    requests, _ = read(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % MAX_BODY_BYTES, b"x" * MAX_BODY_BYTES
    )
    assert [len(request.body) for request in requests] == [MAX_BODY_BYTES]


@pytest.mark.parametrize("start", [b"GET /" + b"x" * 100, b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: "])
def test_a_head_without_end_is_refused(start: bytes) -> None:
    requests, _ = read(start, *[b"x" * 1000] * (MAX_HEAD_BYTES // 1000 + 1))
    assert statuses(requests) == [431]


@pytest.mark.parametrize(
    ("head", "last"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", True),
        (b"CONNECT shop:443 HTTP/1.1\r\nHost: shop:443\r\n\r\n", True),
    ],
)
def test_a_request_knows_whether_it_is_the_last(head: bytes, last: bool) -> None:
    requests, reader = read(head)
    assert [request.last for request in requests] == [last]
    assert reader.done is last


def test_nothing_is_read_after_the_last_request() -> None:
    requests, _ = read(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + GET, GET)
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("target", "path"),
    [(b"http://shop/cart?x=1", b"/cart"), (b"https://shop", b"/"), (b"*", b"*"), (b"/%zz%41", b"/%zzA")],
)
def test_targets_are_taken_in_every_form(target: bytes, path: bytes) -> None:
    requests, _ = read(b"OPTIONS " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [request.path for request in requests] == [path]
