"""Connections are opened to all of a host's addresses, from all source addresses, in time, or with a clear sentence."""

from __future__ import annotations

import errno
import socket
import tracemalloc
from collections import Counter
from time import monotonic
from typing import Any

import gevent
import pytest
from journey.http.far_ends import (
    Certificates,
    Resolver,
    echo,
    far_end,
    full_house,
    hear,
    say,
    silence,
    tls_dialer,
    until,
)

from loadgen.errors import JourneyError
from loadgen.journey.http import dialing, names
from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.failures import ConnectFailed, NameUnknown, TimedOut
from loadgen.journey.http.names import Names
from loadgen.journey.http.settings import ClientSettings, TlsSettings
from loadgen.journey.http.wires import Origin

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def dialer(**settings: Any) -> Dialer:
    return Dialer(ClientSettings(**settings), Names())


def without_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return True
    return False


needs_ipv6 = pytest.mark.skipif(without_ipv6(), reason="this machine has no IPv6 loopback")


def test_bytes_go_out_and_come_in() -> None:
    with far_end(echo) as server:
        wire = dialer().open(server.origin(), None)
        say(wire, b"hello")

        assert hear(wire) == b"hello"
        assert (wire.protocol, wire.proxy_head, wire.is_stale()) == ("http/1.1", None, False)
        wire.close()
        wire.close()
        assert wire.is_stale()


def test_small_writes_do_not_wait_for_others() -> None:
    with far_end(silence) as server:
        wire: Any = dialer().open(server.origin(), None)
        assert wire._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        wire.close()


@needs_ipv6
def test_ipv6_is_spoken() -> None:
    with far_end(echo, ip="::1") as server:
        wire = dialer().open(server.origin(), None)
        say(wire, b"hello")
        assert hear(wire) == b"hello"
        wire.close()


def test_an_address_that_refuses_is_passed_over(resolver: Resolver) -> None:
    with far_end(silence, ip="127.0.0.2") as server:
        resolver.answers["shop.example"] = ["127.0.0.1", "127.0.0.2"]
        dial = dialer()
        for _ in range(4):
            dial.open(server.origin("shop.example"), None).close()

        until(lambda: server.ended == 4)


@needs_ipv6
def test_a_family_that_refuses_is_passed_over(resolver: Resolver) -> None:
    with far_end(silence) as server:
        resolver.answers["shop.example"] = ["::1", "127.0.0.1"]
        dialer().open(server.origin("shop.example"), None).close()

        until(lambda: server.ended == 1)


def test_all_addresses_of_a_host_are_used(resolver: Resolver) -> None:
    with far_end(silence, ip="127.0.0.1") as one, far_end(silence, ip="127.0.0.2", port=one.port) as two:
        resolver.answers["shop.example"] = ["127.0.0.1", "127.0.0.2"]
        dial = dialer()
        for _ in range(6):
            dial.open(one.origin("shop.example"), None).close()

        until(lambda: (one.ended, two.ended) == (3, 3))


def test_an_address_that_does_not_answer_leaves_time_for_the_next(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "REST_S", 60.0)
    with full_house() as dead, far_end(silence, ip="127.0.0.2", port=dead.port) as server:
        resolver.answers["shop.example"] = ["127.0.0.1", "127.0.0.2"]
        dial = dialer(connect_timeout_s=0.8)
        dial.open(server.origin("shop.example"), None).close()
        started_s = monotonic()
        for _ in range(3):
            dial.open(server.origin("shop.example"), None).close()

        assert monotonic() - started_s < 0.4, "and is tried last from then on"
        until(lambda: server.ended == 4)


def test_a_server_that_does_not_answer_is_a_timeout() -> None:
    with full_house() as dead, pytest.raises(TimedOut, match=r"no connection within 0\.05 s") as caught:
        dialer(connect_timeout_s=0.05).open(dead, None)

    assert caught.value.reason == "timeout_connect"


def test_a_refusal_names_every_address_and_its_reason(resolver: Resolver) -> None:
    resolver.answers["shop.example"] = ["127.0.0.1", "127.0.0.2"]
    with far_end(silence, ip="127.0.0.3") as elsewhere:
        origin = elsewhere.origin("shop.example")

        with pytest.raises(ConnectFailed) as caught:
            dialer().open(origin, None)

    assert str(caught.value) == (
        f"no connection to shop.example:{origin.port}: Connection refused (127.0.0.1); Connection refused (127.0.0.2)"
    )
    assert caught.value.reason == "connect"
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


def test_a_name_that_does_not_resolve_is_said_so(resolver: Resolver) -> None:
    with pytest.raises(NameUnknown, match=r"nowhere\.example does not resolve"):
        dialer().open(Origin("http", "nowhere.example", 80), None)
    assert resolver.asked == ["nowhere.example"]


@pytest.mark.parametrize("host", ["shop.example\r\nX-Evil: 1", "a b", "schön.example", "a\0b"])
def test_what_cannot_be_a_host_is_not_even_looked_up(resolver: Resolver, host: str) -> None:
    with pytest.raises(NameUnknown, match="is no name of a host"):
        dialer().open(Origin("https", host, 443), None)
    assert resolver.asked == []


def test_a_forbidden_address_is_a_connection_that_failed(forbidden: set[str]) -> None:
    with far_end(silence, ip="127.0.0.9") as server:
        forbidden.add("127.0.0.9")
        with pytest.raises(ConnectFailed, match=r"this worker may not send to 127\.0\.0\.9"):
            dialer().open(server.origin(), None)

        assert server.peers == []


def test_source_addresses_take_turns() -> None:
    with far_end(silence) as server:
        dial = dialer(source_addresses=("127.0.0.5", "127.0.0.6"))
        for _ in range(4):
            dial.open(server.origin(), None).close()

        until(lambda: server.ended == 4)
        assert [ip for ip, _ in server.peers] == ["127.0.0.5", "127.0.0.6"] * 2


def test_each_source_address_meets_each_address_of_the_host(resolver: Resolver) -> None:
    with far_end(silence, ip="127.0.0.1") as one, far_end(silence, ip="127.0.0.2", port=one.port) as two:
        resolver.answers["shop.example"] = ["127.0.0.1", "127.0.0.2"]
        dial = dialer(source_addresses=("127.0.0.5", "127.0.0.6"))
        for _ in range(8):
            dial.open(one.origin("shop.example"), None).close()

        until(lambda: one.ended + two.ended == 8)
        for server in (one, two):
            assert Counter(ip for ip, _ in server.peers) == {"127.0.0.5": 2, "127.0.0.6": 2}


@needs_ipv6
def test_source_addresses_are_those_of_the_family() -> None:
    with far_end(silence, ip="::1") as six, far_end(silence) as four:
        both = dialer(source_addresses=("::1", "127.0.0.5"))
        both.open(six.origin(), None).close()
        both.open(four.origin(), None).close()
        until(lambda: six.ended + four.ended == 2)
        assert (six.peers[0][0], four.peers[0][0]) == ("::1", "127.0.0.5")

        with pytest.raises(ConnectFailed, match="no source address of this family is set"):
            dialer(source_addresses=("127.0.0.5",)).open(six.origin(), None)


def test_a_source_address_of_another_machine_is_said_to_be_none_of_ours() -> None:
    with (
        far_end(silence) as server,
        pytest.raises(ConnectFailed, match=r"cannot send from 192\.0\.2\.7: Cannot assign"),
    ):
        dialer(source_addresses=("192.0.2.7",)).open(server.origin(), None)


def test_a_source_address_that_is_none_is_refused_at_the_door() -> None:
    with pytest.raises(JourneyError, match="the source address eth0 is none"):
        dialer(source_addresses=("eth0",))


def test_a_missing_certificate_file_is_refused_at_the_door() -> None:
    with pytest.raises(JourneyError, match=r"the CA file /nowhere\.pem cannot be used: No such file"):
        dialer(tls=TlsSettings(ca_file="/nowhere.pem"))
    with pytest.raises(JourneyError, match=r"the client certificate /nowhere\.pem cannot be used: No such file"):
        dialer(tls=TlsSettings(client_certificate="/nowhere.pem"))


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.EADDRNOTAVAIL, "no local port is left: use more source addresses"),
        (errno.EMFILE, r"too many open files: raise the worker's limit \(ulimit -n\)"),
    ],
)
def test_what_this_machine_lacks_comes_with_a_hint(monkeypatch: pytest.MonkeyPatch, number: int, hint: str) -> None:
    class Poor(dialing.Socket):
        def connect_ex(self, _address: Any) -> int:
            return number

    monkeypatch.setattr(dialing, "Socket", Poor)
    with pytest.raises(ConnectFailed, match=hint):
        dialer().open(Origin("http", "127.0.0.1", 80), None)


def test_a_shopper_that_leaves_while_connecting_leaves_nothing_open() -> None:
    with full_house() as dead:
        shopper = gevent.spawn(dialer().open, dead, None)
        gevent.sleep(0)  # it runs until it waits
        shopper.kill()

        assert isinstance(shopper.value, gevent.GreenletExit)


def test_many_shoppers_connect_at_once() -> None:
    with far_end(echo) as server:
        dial = dialer()
        wires = [shopper.get() for shopper in [gevent.spawn(dial.open, server.origin(), None) for _ in range(100)]]
        for wire in wires:
            say(wire, b"hello")
        assert [hear(wire) for wire in wires] == [b"hello"] * 100
        for wire in wires:
            wire.close()
        until(lambda: server.ended == 100)


@pytest.mark.parametrize("over_tls", [False, True])
def test_twenty_thousand_wires_are_cheap(certificates: Certificates, over_tls: bool) -> None:
    with far_end(silence, certificates.server() if over_tls else None) as server:
        dial = tls_dialer(certificates)
        dial.open(server.origin("localhost"), None).close()
        tracemalloc.start()
        try:
            wires = [dial.open(server.origin("localhost"), None) for _ in range(100)]
            ours = tracemalloc.Filter(True, "*/loadgen/journey/http/*")  # the server lives in this process too
            kept = tracemalloc.take_snapshot().filter_traces([ours]).statistics("filename")
        finally:
            tracemalloc.stop()
        for wire in wires:
            wire.close()
        until(lambda: server.ended == 101)

    assert 0 < sum(statistic.size for statistic in kept) / 100 < 2048, "bytes each, without OpenSSL's own"
