"""Shops that break HTTP/2: each request fails soon, with a reason and a sentence, and the next one begins afresh."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent
import pytest
from h2.settings import SettingCodes
from hpack import Encoder
from hyperframe.frame import (
    AltSvcFrame,
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from journey.http.far_ends import Certificates, far_end, until
from journey.http.http2_shop import OK, Come, Heard, Peer, http2_context, http2_shop, in_turn, serve, serving, swallow
from journey.http.misbehaving import LIMIT_S, Visitor

from loadgen.journey.http.failures import ProtocolBroken
from loadgen.journey.http.http2 import frames as http2_frames

Fault = Callable[[Peer, Heard], object]


def raw(data: bytes) -> Fault:
    return lambda peer, _: peer.raw(data)


def head_of_a_frame(length: int, kind: int, flags: int, stream: int) -> bytes:
    return length.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")


def frame(of: Callable[[int], Any], *flags: str, elsewhere: int | None = None, **parts: Any) -> Fault:
    """A frame on the request's stream, or elsewhere."""

    def send(peer: Peer, request: Heard) -> None:
        made = of(request.stream if elsewhere is None else elsewhere)
        for name, value in parts.items():
            setattr(made, name, value)
        peer.frame(made, *flags)

    return send


def head(*fields: tuple[bytes, bytes], flags: tuple[str, ...] = ("END_HEADERS",)) -> Fault:
    return frame(HeadersFrame, *flags, data=Encoder().encode([*OK, *fields]))


def each(*faults: Fault) -> Fault:
    def send(peer: Peer, request: Heard) -> None:
        for fault in faults:
            fault(peer, request)

    return send


def again_and_again(fault: Fault, times: int = 100_000) -> Fault:
    def send(peer: Peer, request: Heard) -> None:
        for number in range(times):
            fault(peer, request)
            if number % 100 == 0:
                gevent.sleep(0.0001)  # the network would take thousands before the visitor had its turn

    return send


BROKEN: dict[str, Fault] = {
    "the older protocol": raw(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "nonsense": raw(b"\xff" * 100),
    "a frame that is too long": raw(head_of_a_frame(16385, 0, 0, 1)),
    "a frame of 16 MB": raw(head_of_a_frame(2**24 - 1, 0, 0, 1)),
    "data before the head": frame(DataFrame, data=b"hello"),
    "data on the connection": raw(head_of_a_frame(1, 0, 0, 0) + b"x"),
    "data for a stream that nobody opened": each(head(), frame(DataFrame, elsewhere=99, data=b"x")),
    "data for a stream of the server's": each(head(), frame(DataFrame, elsewhere=2, data=b"x")),
    "a head for a stream that nobody opened": frame(HeadersFrame, "END_HEADERS", elsewhere=99, data=b"\x88"),
    "a head on the connection": raw(head_of_a_frame(1, 1, 4, 0) + b"\x88"),
    "a head that is no HPACK": frame(HeadersFrame, "END_HEADERS", data=b"\xff\xff\xff\xff\xff\xff"),
    "a head that names what is not in the table": frame(HeadersFrame, "END_HEADERS", data=b"\xfe"),
    "a table size that was not allowed": frame(HeadersFrame, "END_HEADERS", data=b"\x3f\xe1\xff\x03\x88"),
    "a head that is cut off": frame(HeadersFrame, "END_HEADERS", data=b"\x88\x40\x0ahalf"),
    "huffman code that is none": frame(HeadersFrame, "END_HEADERS", data=b"\x88\x40\x84\xff\xff\xff\xff\x00"),
    "two lengths": head((b"content-length", b"1"), (b"content-length", b"2")),
    "a length that is none": head((b"content-length", b"-1")),
    "a length beyond all numbers": head((b"content-length", b"9" * 5000)),
    "an interim answer that ends": frame(
        HeadersFrame, "END_HEADERS", "END_STREAM", data=Encoder().encode([(b":status", b"100")])
    ),
    "trailers that do not end": each(head(), frame(HeadersFrame, "END_HEADERS", data=b"\x10\x01a\x01b")),
    "another frame in the midst of a head": each(head(flags=()), frame(PingFrame, elsewhere=0)),
    "the rest of a head that never began": frame(ContinuationFrame, "END_HEADERS", data=b"\x88"),
    "the rest of another one's head": each(head(flags=()), frame(ContinuationFrame, elsewhere=99, data=b"")),
    "too many parts of a head": each(head(flags=()), again_and_again(frame(ContinuationFrame, data=b""), 200)),
    "padding longer than its frame": raw(head_of_a_frame(2, 0, 8, 1) + b"\xffx"),
    "a pushed stream": frame(PushPromiseFrame, "END_HEADERS", promised_stream_id=2, data=b"\x82\x87\x84"),
    "settings of an odd length": raw(head_of_a_frame(5, 4, 0, 0) + b"12345"),
    "settings on a stream": raw(head_of_a_frame(0, 4, 0, 1)),
    "an acknowledgement that says something": raw(head_of_a_frame(6, 4, 1, 0) + b"\0\x03\0\0\0\x01"),
    "push switched on": frame(SettingsFrame, elsewhere=0, settings={SettingCodes.ENABLE_PUSH: 1}),
    "a window of more than all": raw(head_of_a_frame(6, 4, 0, 0) + b"\0\x04\xff\xff\xff\xff"),
    "frames of no size": raw(head_of_a_frame(6, 4, 0, 0) + b"\0\x05\0\0\0\x01"),
    "a ping of an odd length": raw(head_of_a_frame(7, 6, 0, 0) + b"1234567"),
    "a ping on a stream": raw(head_of_a_frame(8, 6, 0, 1) + b"12345678"),
    "an end of an odd length": raw(head_of_a_frame(4, 7, 0, 0) + b"1234"),
    "a window widened by nothing": raw(head_of_a_frame(4, 8, 0, 1) + b"\0\0\0\0"),
    "a window widened by an odd length": raw(head_of_a_frame(3, 8, 0, 0) + b"123"),
    "the connection's window widened beyond all bounds": frame(
        WindowUpdateFrame, elsewhere=0, window_increment=2**31 - 1
    ),
    "the window of a stream that nobody opened": frame(WindowUpdateFrame, elsewhere=99, window_increment=1),
    "a reset of an odd length": raw(head_of_a_frame(3, 3, 0, 1) + b"123"),
    "a reset of the connection": raw(head_of_a_frame(4, 3, 0, 0) + b"1234"),
    "a stream that depends on itself": lambda peer, request: peer.frame(
        PriorityFrame(request.stream, depends_on=request.stream)
    ),
    "a priority of an odd length": raw(head_of_a_frame(4, 2, 0, 1) + b"1234"),
}


@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("kept", [False, True])
def test_what_breaks_the_protocol(come: Come, certificates: Certificates, fault: Fault, kept: bool) -> None:
    def script(peer: Peer) -> None:
        fault(peer, peer.hear())

    scripts = [in_turn(serving(1), script) if kept else script, serve]
    with http2_shop(certificates, *scripts) as server:
        visitor = come(server.url, max_body_bytes=1 << 40)
        if kept:
            assert visitor.reason() == ""
        started_s = monotonic()
        error = visitor.get().error
        assert (error.reason, len(str(error)) > 20, monotonic() - started_s < 5) == ("protocol", True, True), error
        assert visitor.get("/next").text == "/next"


@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN.keys())
def test_all_on_a_connection_that_breaks_are_told(come: Come, certificates: Certificates, fault: Fault) -> None:
    def script(peer: Peer) -> None:
        first, _ = peer.hear(), peer.hear()
        fault(peer, first)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url, max_body_bytes=1 << 40, first_byte_timeout_s=LIMIT_S, idle_timeout_s=LIMIT_S)
        first = gevent.spawn(visitor.reason)
        until(lambda: server.heard)
        second = gevent.spawn(visitor.reason)
        assert first.get(timeout=10) == "protocol"
        assert second.get(timeout=10) in {"protocol", "timeout_first_byte"}


HARMLESS: dict[str, Fault] = {
    "a frame of a kind that nobody knows": raw(head_of_a_frame(5, 0xEE, 0xFF, 0) + b"hello"),
    "the same on the stream": raw(head_of_a_frame(5, 0xEE, 0xFF, 1) + b"hello"),
    "a reset of a stream that nobody opened": frame(RstStreamFrame, elsewhere=99, error_code=8),
    "an origin frame": raw(head_of_a_frame(7, 0xC, 0, 0) + b"\0\x05hello"),
    "a setting that nobody knows": raw(head_of_a_frame(6, 4, 0, 0) + b"\xaa\xaa\0\0\0\x01"),
    "priorities": lambda peer, request: peer.frame(PriorityFrame(request.stream, depends_on=99)),
    "another service": frame(lambda _: AltSvcFrame(0, origin=b"https://a.test", field=b'h3=":443"')),
    "another service for the stream": frame(AltSvcFrame, field=b'h3=":443"'),
    "a ping": frame(PingFrame, elsewhere=0, opaque_data=b"12345678"),
    "the answer to a ping that nobody sent": frame(PingFrame, "ACK", elsewhere=0, opaque_data=b"12345678"),
    "an acknowledgement too many": raw(head_of_a_frame(0, 4, 1, 0)),
    "wider windows": each(
        frame(WindowUpdateFrame, elsewhere=0, window_increment=1000), frame(WindowUpdateFrame, window_increment=1000)
    ),
    "a smaller table": frame(SettingsFrame, elsewhere=0, settings={SettingCodes.HEADER_TABLE_SIZE: 0}),
    "larger frames": frame(SettingsFrame, elsewhere=0, settings={SettingCodes.MAX_FRAME_SIZE: 2**20}),
    "smaller windows": frame(SettingsFrame, elsewhere=0, settings={SettingCodes.INITIAL_WINDOW_SIZE: 0}),
    "a hundred settings": again_and_again(
        frame(SettingsFrame, elsewhere=0, settings={SettingCodes.MAX_CONCURRENT_STREAMS: 10}), 100
    ),
    "an announcement of the end": frame(GoAwayFrame, elsewhere=0, last_stream_id=2**31 - 1),
    "a reserved bit": raw(head_of_a_frame(8, 6, 0, 2**31) + b"12345678"),
}


@pytest.mark.parametrize("fault", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_is_strange_but_allowed(come: Come, certificates: Certificates, fault: Fault) -> None:
    def script(peer: Peer) -> None:
        for _ in range(2):
            request = peer.hear()
            fault(peer, request)
            peer.answer(request)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        assert [visitor.get().text for _ in range(2)] == ["hello", "hello"]


LARGE: dict[str, Fault] = {
    "one header": head((b"x", b"y" * 8000)),
    "many small ones": head(*[(b"x", b"y")] * 300),
    "a bomb of references": frame(
        HeadersFrame, "END_HEADERS", data=b"\x88\x40\x01a\x7f\x81\x05" + b"y" * 260 + b"\xbe" * 900
    ),
    "in parts": each(
        head(flags=()), again_and_again(frame(ContinuationFrame, data=b"\x00\x01x\x7f\x81\x07" + b"y" * 510), 60)
    ),
    "in empty strings": each(
        head(flags=()), again_and_again(frame(ContinuationFrame, data=b"\x00\x01x\x00" * 1000), 60)
    ),
    "trailers": each(
        head(), frame(HeadersFrame, "END_HEADERS", "END_STREAM", data=Encoder().encode([(b"x", b"y" * 8000)]))
    ),
    "interim": frame(HeadersFrame, "END_HEADERS", data=Encoder().encode([(b":status", b"103"), (b"x", b"y" * 8000)])),
}


@pytest.mark.parametrize("fault", LARGE.values(), ids=LARGE.keys())
def test_headers_beyond_the_limit(come: Come, certificates: Certificates, fault: Fault) -> None:
    with http2_shop(certificates, lambda peer: fault(peer, peer.hear()), serve) as server:
        visitor = come(server.url, max_header_bytes=6000)
        error = visitor.get().error
        assert (error.reason, str(error)) == ("too_large", "the answer's headers are larger than 6000 bytes")
        assert visitor.get().text == "/"


FLOODS: dict[str, Fault] = {
    "pings": frame(PingFrame, elsewhere=0, opaque_data=b"12345678"),
    "answers to pings": frame(PingFrame, "ACK", elsewhere=0, opaque_data=b"12345678"),
    "settings": frame(SettingsFrame, elsewhere=0, settings={SettingCodes.MAX_CONCURRENT_STREAMS: 10}),
    "empty settings": frame(SettingsFrame, elsewhere=0),
    "priorities": lambda peer, request: peer.frame(PriorityFrame(request.stream, depends_on=99)),
    "windows": frame(WindowUpdateFrame, window_increment=1),
    "frames of a kind that nobody knows": raw(head_of_a_frame(0, 0xEE, 0, 0)),
    "empty data": frame(DataFrame, data=b""),
    "padding": frame(DataFrame, "PADDED", data=b"", pad_length=10),
    "ends": frame(GoAwayFrame, elsewhere=0, last_stream_id=2**31 - 1),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
@pytest.mark.parametrize("asked", [True, False], ids=["before the answer", "in the body"])
def test_floods_end_the_connection(
    come: Come, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, flood: Fault, asked: bool
) -> None:
    monkeypatch.setattr(http2_frames, "MAX_IDLE_FRAMES", 300)

    def script(peer: Peer) -> None:
        request = peer.hear()
        peer.head(request)
        if not asked:
            peer.data(request, b"x")
        drain = gevent.spawn(swallow, peer)
        try:
            again_and_again(flood)(peer, request)
        finally:
            drain.kill()

    with http2_shop(certificates, script, serve) as server:
        visitor = come(server.url)
        assert visitor.reason() == "protocol"
        until(lambda: server.end.ended == 1)
        assert visitor.get("/next").text == "/next"


def test_floods_end_an_idle_connection(come: Come, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http2_frames, "MAX_IDLE_FRAMES", 300)

    def script(peer: Peer) -> None:
        request = peer.hear()
        peer.answer(request)
        again_and_again(FLOODS["settings"])(peer, request)

    with http2_shop(certificates, script, serve) as server:
        visitor = come(server.url)
        assert visitor.reason() == ""
        until(lambda: server.end.ended == 1)
        assert visitor.get("/next").text == "/next"


def test_a_stream_whose_window_is_widened_beyond_all_bounds(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        frame(WindowUpdateFrame, window_increment=2**31 - 1)(peer, peer.hear())
        serve(peer)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        assert visitor.reason() == "protocol"
        assert visitor.get("/next").text == "/next"
        assert server.peers[0].resets == {1: 3}


def test_a_server_that_minds_no_window(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        request = peer.hear()
        peer.head(request)
        again_and_again(frame(DataFrame, data=b"x" * 16384))(peer, request)

    with http2_shop(certificates, script) as server:
        response = come(server.url).get(stream=True)
        until(lambda: server.end.ended == 1)
        with pytest.raises(ProtocolBroken, match="window"):
            list(response.iter_content())


def test_a_server_that_agrees_on_http2_and_says_nothing(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        swallow(peer)

    with http2_shop(certificates, script, greets=False) as server:
        visitor: Visitor = come(server.url, first_byte_timeout_s=LIMIT_S)
        assert visitor.reason() == "timeout_first_byte"


def test_a_server_that_closes_at_once(come: Come, certificates: Certificates) -> None:
    with far_end(lambda _: None, http2_context(certificates)) as server:
        assert come(f"https://localhost:{server.port}").reason() == "reset"
