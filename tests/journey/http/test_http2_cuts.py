"""Answers over HTTP/2 that stop, or come byte by byte: at each a reason and a sentence, or the whole answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    HeadersFrame,
    SettingsFrame,
)
from journey.http.far_ends import Certificates, until
from journey.http.http2_shop import Come, Peer, http2_shop, swallow

RECORDED = [
    (b":status", b"200"),
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-length", b"30"),
    (b"set-cookie", b"session=1234567890; Path=/; HttpOnly"),
]


def recorded_answer() -> bytes:
    """Settings, a head in two parts, a body in two pieces."""
    block = Encoder().encode(RECORDED)
    frames: list[Any] = [
        SettingsFrame(0),
        SettingsFrame(0),
        HeadersFrame(1),
        ContinuationFrame(1),
        DataFrame(1),
        DataFrame(1),
    ]
    frames[1].flags.add("ACK")
    frames[2].data, frames[3].data = block[:20], block[20:]
    frames[3].flags.add("END_HEADERS")
    frames[4].data, frames[5].data = b"x" * 10, b"y" * 20
    frames[5].flags.add("END_STREAM")
    return b"".join(made.serialize() for made in frames)


def test_a_close_at_every_byte_of_an_answer(come: Come, certificates: Certificates) -> None:
    answer = recorded_answer()
    ends = iter(range(len(answer) + 1))

    def talk(peer: Peer) -> None:
        peer.sock.recv(65536)
        peer.sock.sendall(answer[: next(ends)])
        peer.sock.shutdown(1)

    with http2_shop(certificates, talk, greets=False) as server:
        visitor = come(server.url)
        outcomes = [visitor.reason() for _ in range(len(answer) + 1)]
        assert outcomes == ["reset"] * len(answer) + [""]
        assert server.connections == len(answer) + 1


def test_an_answer_that_comes_byte_by_byte(come: Come, certificates: Certificates) -> None:
    answer = recorded_answer()

    def talk(peer: Peer) -> None:
        peer.sock.recv(65536)
        for byte in answer:
            peer.sock.sendall(bytes([byte]))
            gevent.sleep(0)

    with http2_shop(certificates, talk, greets=False) as server:
        response = come(server.url).get()
        assert (response.content, response.cookies) == (b"x" * 10 + b"y" * 20, {"session": "1234567890"})


def test_a_silence_at_every_byte_of_an_answer(come: Come, certificates: Certificates) -> None:
    answer = recorded_answer()
    limits = {"first_byte_timeout_s": 0.05, "idle_timeout_s": 0.05}

    def cut(at: int) -> Callable[[Peer], None]:
        def talk(peer: Peer) -> None:
            peer.sock.recv(65536)
            peer.sock.sendall(answer[:at])
            swallow(peer)

        return talk

    places = range(0, len(answer), 7)
    with http2_shop(certificates, *[cut(at) for at in places], greets=False) as server:
        visitors = [come(server.url, **limits) for _ in places]
        greenlets = []
        for visitor in visitors:
            count = server.connections
            greenlets.append(gevent.spawn(visitor.reason))
            until(lambda count=count: len(server.peers) > count)
        reasons = [greenlet.get(timeout=10) for greenlet in greenlets]
        assert set(reasons) == {"timeout_first_byte", "timeout_idle"}
