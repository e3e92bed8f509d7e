"""Over TLS, bytes pass both ways; ends, silences and resets are told apart; nothing takes longer than it may."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

import gevent
import pytest
from journey.http.far_ends import (
    TLS_VERSIONS,
    Certificates,
    FarEnd,
    Resolver,
    echo,
    exactly,
    far_end,
    hear,
    hear_all,
    open_wire,
    say,
    silence,
    tls_dialer,
    until,
)

from loadgen.journey.http.failures import ConnectionReset, TimedOut
from loadgen.journey.http.tls import TlsWire
from loadgen.journey.http.wires import Origin

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def test_bytes_go_out_and_come_in(certificates: Certificates, tls_server: FarEnd) -> None:
    wire = open_wire(tls_dialer(certificates), tls_server)
    for data in (b"hello", b"x" * 16384, b"y" * 16385, b"z"):
        say(wire, data)
        assert hear_all(wire, len(data)) == data
    assert (wire.protocol, wire.proxy_head, wire.is_stale()) == ("http/1.1", None, False)
    wire.close()
    wire.close()
    assert wire.is_stale()


def test_more_bytes_than_any_buffer_holds_pass_both_ways(certificates: Certificates, tls_server: FarEnd) -> None:
    data = os.urandom(1 << 20) * 8
    wire = open_wire(tls_dialer(certificates), tls_server)
    sending = gevent.spawn(say, wire, data)
    heard = b"".join(iter_pieces(wire, len(data)))
    sending.get()

    assert heard == data
    wire.close()


def iter_pieces(wire: TlsWire, size: int) -> Iterator[bytes]:
    while size > 0:
        piece = hear(wire)
        size -= len(piece)
        yield piece


def test_a_literal_address_is_verified_as_such(certificates: Certificates, tls_server: FarEnd) -> None:
    open_wire(tls_dialer(certificates), tls_server, host="127.0.0.1").close()


def test_a_final_dot_is_not_part_of_the_name(
    certificates: Certificates, tls_server: FarEnd, resolver: Resolver
) -> None:
    resolver.answers["localhost."] = ["127.0.0.1"]
    open_wire(tls_dialer(certificates), tls_server, host="localhost.").close()


def test_the_server_is_told_the_name_asked_for(certificates: Certificates) -> None:
    context = certificates.server()
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with far_end(echo, context) as server:
        open_wire(tls_dialer(certificates), server).close()
        open_wire(tls_dialer(certificates), server, host="127.0.0.1").close()

    assert asked == ["localhost", None]


@pytest.mark.parametrize(
    ("wanted", "offered", "agreed"),
    [
        ("1.1", ["h2", "http/1.1"], "http/1.1"),
        ("2", ["h2", "http/1.1"], "h2"),
        ("2", ["http/1.1"], "http/1.1"),
        ("2", None, "http/1.1"),
    ],
)
def test_the_protocol_is_what_both_agree_on(
    certificates: Certificates, wanted: Any, offered: list[str] | None, agreed: str
) -> None:
    context = certificates.server()
    if offered:
        context.set_alpn_protocols(offered)
    with far_end(echo, context) as server:
        wire = open_wire(tls_dialer(certificates, http=wanted), server)
        assert wire.protocol == agreed
        wire.close()


def test_a_fast_server_leaves_turns_to_others() -> None:
    class Fast:
        def read(self, size: int) -> bytes:
            return b"x" * size

        def write(self, data: bytes) -> int:
            return len(data)

        def selected_alpn_protocol(self) -> None:
            return None

    class Turns:
        count = 0

        def readable(self, *_: Any) -> None:
            self.count += 1

    turns: Any = Turns()
    wire = TlsWire(None, turns, Fast(), Origin("https", "localhost", 443))  # type: ignore[arg-type]
    for _ in range(170):
        hear(wire)

    assert turns.count == 10


# -- the end of a connection


def say_and(end: str) -> Any:
    def talk(sock: Any) -> None:
        sock.recv(100)
        sock.sendall(b"half of it")
        if end == "goodbye":
            sock.setblocking(False)
            with suppress(OSError):  # it does not wait for the answer
                sock.unwrap()
        elif end == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    return talk


@pytest.mark.parametrize("end", ["goodbye", "cut"])
@pytest.mark.parametrize("version", TLS_VERSIONS)
def test_the_end_is_an_end_with_or_without_goodbye(
    certificates: Certificates, version: ssl.TLSVersion, end: str
) -> None:
    with far_end(say_and(end), exactly(certificates.server(), version)) as server:
        wire = open_wire(tls_dialer(certificates), server)
        say(wire, b"?")

        assert hear(wire) == b"half of it"
        assert hear(wire) == hear(wire) == b""
        assert wire.is_stale()
        wire.close()


def test_a_reset_is_a_reset(certificates: Certificates) -> None:
    with far_end(say_and("reset"), certificates.server()) as server:
        wire = open_wire(tls_dialer(certificates), server)
        say(wire, b"?")
        until(lambda: server.ended)

        with suppress(ConnectionReset):  # an end, where Python cannot tell
            while hear(wire):
                pass
        with pytest.raises(ConnectionReset, match="the connection broke"):
            say(wire, b"?")
        wire.close()


def test_closing_says_goodbye(certificates: Certificates) -> None:
    ends: list[bytes] = []

    def note(sock: Any) -> None:
        sock.suppress_ragged_eofs = False  # without goodbye, it would raise
        ends.append(sock.recv(100))

    with far_end(note, certificates.server()) as server:
        open_wire(tls_dialer(certificates), server).close()
        until(lambda: server.ended)

    assert ends == [b""]


def test_an_idle_connection_that_speaks_or_ends_is_stale(certificates: Certificates) -> None:
    with far_end(say_and("goodbye"), certificates.server()) as server:
        wire = open_wire(tls_dialer(certificates), server)
        say(wire, b"?")
        until(lambda: server.ended)

        assert wire.is_stale()
        wire.close()


def test_tickets_that_come_late_do_not_make_a_connection_stale(certificates: Certificates) -> None:
    context = exactly(certificates.server(), ssl.TLSVersion.TLSv1_3)
    with far_end(echo, context) as server:
        wire = open_wire(tls_dialer(certificates), server)
        wire._waiter.readable(monotonic() + 5, 5, "idle")  # nothing was sent, so it is the tickets that come

        assert not wire.is_stale()
        say(wire, b"hello")
        assert hear(wire) == b"hello"
        wire.close()


# -- time


def test_a_handshake_that_does_not_come_is_a_timeout(certificates: Certificates) -> None:
    with far_end(silence) as server:
        with pytest.raises(TimedOut, match=r"no TLS handshake within 0\.05 s") as caught:
            open_wire(tls_dialer(certificates, tls_timeout_s=0.05), server)
        until(lambda: server.ended)

    assert caught.value.reason == "timeout_tls"


def test_a_silent_server_is_a_timeout(certificates: Certificates, tls_server: FarEnd) -> None:
    wire = open_wire(tls_dialer(certificates), tls_server)
    with pytest.raises(TimedOut) as caught:
        wire.receive(monotonic() + 0.05, 0.05, "first_byte")

    assert caught.value.reason == "timeout_first_byte"
    wire.close()


def test_a_record_that_comes_byte_by_byte_does_not_renew_the_deadline(certificates: Certificates) -> None:
    def slowly(sock: Any) -> None:
        sock._sock.send(b"\x17\x03\x03\x10\x00")  # the head of a record of 4 KB
        while True:
            sock._sock.send(b"x")
            gevent.sleep(0.01)

    with far_end(slowly, certificates.server()) as server:
        wire = open_wire(tls_dialer(certificates), server)
        with pytest.raises(TimedOut):
            wire.receive(monotonic() + 0.1, 0.1, "idle")
        wire.close()


def test_a_server_that_reads_nothing_is_a_timeout(certificates: Certificates) -> None:
    with far_end(lambda _: gevent.sleep(60), certificates.server()) as server:
        wire = open_wire(tls_dialer(certificates), server)
        with pytest.raises(TimedOut) as caught:
            wire.send(b"x" * (1 << 24), monotonic() + 0.05, 0.05)

        assert caught.value.reason == "timeout_idle"
        wire.close()
