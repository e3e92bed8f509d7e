"""Nobody waits while a connection sends: what the wire does not take at once, the hub sends on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from hpack import Encoder
from hyperframe.frame import DataFrame, HeadersFrame, PingFrame, SettingsFrame
from journey.http.fed_wire import Fed

from loadgen.journey.http.failures import ConnectionReset, ProtocolBroken
from loadgen.journey.http.http2 import sending
from loadgen.journey.http.http2.connection import Http2Connection
from loadgen.journey.http.http2.stream import Stream
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.wires import Origin

SETTINGS = ClientSettings(first_byte_timeout_s=5, idle_timeout_s=5)
ORIGIN = Origin("https", "shop.test", 443)
HEAD = b"POST / HTTP/1.1\r\nHost: shop.test\r\n\r\n"


def begin(wire: Any) -> Stream:
    return Stream(Http2Connection(wire, SETTINGS, lambda _: None), SETTINGS, ORIGIN)


def said(*frames: Any) -> bytes:
    return b"".join(frame.serialize() for frame in frames)


def whole_answer(stream: int, body: bytes) -> bytes:
    head, data = HeadersFrame(stream, Encoder().encode([(b":status", b"413")])), DataFrame(stream, body)
    head.flags.add("END_HEADERS")
    data.flags.add("END_STREAM")
    return said(head, data)


def test_what_cannot_be_sent_is_not_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MAX_UNSENT_BYTES", 2000)
    wire = Fed([said(SettingsFrame(0)), *[said(PingFrame(0, b"12345678"))] * 500], takes=0)
    stream = begin(wire)
    with pytest.raises(ProtocolBroken, match="takes no answer"):
        stream.exchange(HEAD, b"", no_body=False)
    assert not wire.is_open


class Slow(Fed):
    """A wire that takes a little whenever the hub says so, and is open until it is closed."""

    def __init__(self) -> None:
        super().__init__([said(SettingsFrame(0))], takes=777)
        self.call: Callable[[], None] | None = None

    def call_when_writable(self, call: Callable[[], None] | None) -> None:
        self.call = call

    def receive_now(self) -> bytes | None:
        return self._pieces.pop(0) if len(self._pieces) > 1 else None


def test_what_is_sent_in_small_pieces_arrives_whole() -> None:
    wire = Slow()
    stream = begin(wire)
    asking = gevent.spawn(stream.exchange, HEAD, b"x" * 20_000, no_body=False)
    gevent.sleep(0.01)
    while wire.call is not None:
        wire.call()
        gevent.sleep(0)
    far = H2Connection(H2Configuration(client_side=False))
    far.initiate_connection()
    events = far.receive_data(wire.sent)
    assert sum(len(event.data) for event in events if hasattr(event, "data")) == 20_000
    stream.wire.close()
    with pytest.raises(ConnectionReset):
        asking.get(timeout=5)


class Deaf(Fed):
    """A wire that takes so much, and then breaks."""

    def send_now(self, data: bytes) -> int:
        if self.sent and len(self.sent) + len(data) > self._takes:
            raise ConnectionReset("the connection broke")
        return super().send_now(data)


def test_a_server_that_hears_no_more_may_have_answered() -> None:
    wire = Deaf([said(SettingsFrame(0)), whole_answer(1, b"too much")], takes=30_000)
    stream = begin(wire)
    answer = stream.exchange(HEAD, b"x" * 60_000, no_body=False)
    assert (answer.status, b"".join(answer.chunks)) == (413, b"too much")
    assert not stream.wire.takes_more()
    assert not wire.is_open


def test_a_server_that_hears_no_more_and_says_nothing_has_gone() -> None:
    stream = begin(Deaf([said(SettingsFrame(0))], takes=30_000))
    with pytest.raises(ConnectionReset, match="without an answer"):
        stream.exchange(HEAD, b"x" * 60_000, no_body=False)


def test_what_is_given_up_while_it_waits_to_be_sent_stops_there() -> None:
    wire = Slow()
    stream = begin(wire)
    asking = gevent.spawn(stream.exchange, HEAD, b"x" * 60_000, no_body=False)
    gevent.sleep(0.01)
    asking.kill()
    gevent.sleep(0.01)
    while wire.call is not None:
        wire.call()
        gevent.sleep(0)
    assert wire.sent.endswith(b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08")
    stream.wire.close()
