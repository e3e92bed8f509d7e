"""Through a proxy: plain requests are handed to it, TLS tunnels through it, and what it will not do is told."""

from __future__ import annotations

import base64
from typing import Any

import gevent
import pytest
from journey.http.far_ends import (
    Certificates,
    FarEnd,
    Resolver,
    Tunnels,
    echo,
    far_end,
    hear,
    open_wire,
    say,
    tls_dialer,
    until,
)

from loadgen.errors import JourneyError
from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.failures import ConnectFailed, TimedOut, TlsFailed
from loadgen.journey.http.names import Names
from loadgen.journey.http.proxies import Proxy, read_proxy
from loadgen.journey.http.settings import ClientSettings, TlsSettings
from loadgen.journey.http.tls import TlsSession
from loadgen.journey.http.wires import Origin

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def through(proxy: FarEnd, certificates: Certificates, user: str = "", **settings: Any) -> Dialer:
    return tls_dialer(certificates, proxy=f"http://{user}{'@' if user else ''}{proxy.ip}:{proxy.port}", **settings)


def answering(data: bytes) -> Any:
    def answer(sock: Any) -> None:
        sock.recv(1000)
        sock.sendall(data)

    return answer


def test_tls_goes_through_a_tunnel(certificates: Certificates) -> None:
    tunnels = Tunnels()
    with far_end(echo, certificates.server()) as server, far_end(tunnels) as proxy:
        wire = open_wire(through(proxy, certificates), server)
        say(wire, b"hello")
        assert hear(wire) == b"hello"
        assert wire.proxy_head is None, "inside the tunnel, requests are as ever"
        wire.close()
        until(lambda: proxy.ended and server.ended)

    target = f"localhost:{server.port}"
    assert tunnels.heads == [f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()]


def test_the_certificate_must_be_the_shops_not_the_proxys(certificates: Certificates) -> None:
    with far_end(echo, certificates.server("proxy.example")) as server, far_end(Tunnels()) as proxy:
        with pytest.raises(TlsFailed, match="is for another host"):
            open_wire(through(proxy, certificates), server)
        until(lambda: proxy.ended)


def test_sessions_are_resumed_through_tunnels(certificates: Certificates) -> None:
    with far_end(echo, certificates.server()) as server, far_end(Tunnels()) as proxy:
        dial, session, resumed = through(proxy, certificates), TlsSession(), []
        for _ in range(2):
            wire = open_wire(dial, server, session)
            say(wire, b"hello")
            hear(wire)
            resumed.append(wire._connection.session_reused)
            wire.close()
        until(lambda: proxy.ended == 2)

    assert resumed == [False, True]


def test_credentials_are_shown(certificates: Certificates) -> None:
    with far_end(echo, certificates.server()) as server, far_end(Tunnels("anna:p@ss word")) as proxy:
        open_wire(through(proxy, certificates, "anna:p%40ss%20word"), server).close()
        until(lambda: proxy.ended)


def test_a_proxy_that_wants_credentials_is_told(certificates: Certificates) -> None:
    with far_end(echo, certificates.server()) as server, far_end(Tunnels("anna:secret")) as proxy:
        with pytest.raises(ConnectFailed) as caught:
            open_wire(through(proxy, certificates, "anna:wrong"), server)
        until(lambda: proxy.ended)

    told = str(caught.value)
    assert told == f"the proxy 127.0.0.1:{proxy.port} answered 407 Proxy Authentication Required"


def test_a_plain_request_is_handed_to_the_proxy(certificates: Certificates, resolver: Resolver) -> None:
    resolver.answers["127.0.0.1"] = ["127.0.0.1"]
    with far_end(echo) as proxy:
        wire = through(proxy, certificates, "anna:secret").open(Origin("http", "shop.example", 80), None)
        assert wire.proxy_head == b"Proxy-Authorization: Basic " + base64.b64encode(b"anna:secret") + b"\r\n"
        wire.close()
        wire = through(proxy, certificates).open(Origin("http", "shop.example", 80), None)
        assert wire.proxy_head == b""
        wire.close()

    assert set(resolver.asked) == {"127.0.0.1"}, "where the shop is, the proxy finds out"


def test_an_ipv6_shop_is_written_in_brackets(certificates: Certificates) -> None:
    tunnels = Tunnels()
    with far_end(echo, certificates.server("::1")) as server, far_end(tunnels) as proxy:
        open_wire(through(proxy, certificates), server, host="::1").close()

    assert tunnels.heads[0].startswith(f"CONNECT [::1]:{server.port} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"", "closed the connection"),
        (b"HTTP/1.1 200 O", "closed the connection"),
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\n", "answered 502 Bad Gateway"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5000, "answered with more than 4096 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", "spoke before TLS did"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "answered something other than HTTP"),
        (b"HTTP/1.1 OK\r\n\r\n", "answered something other than HTTP"),
    ],
)
def test_a_proxy_that_misbehaves_is_told(certificates: Certificates, answer: bytes, sentence: str) -> None:
    with far_end(answering(answer)) as proxy:
        dial = through(proxy, certificates, max_header_bytes=4096)
        with pytest.raises(ConnectFailed, match=rf"the proxy 127\.0\.0\.1:\d+ {sentence}"):
            dial.open(Origin("https", "shop.example", 443), None)
        until(lambda: proxy.ended)


def test_a_proxy_that_does_not_answer_is_a_timeout(certificates: Certificates) -> None:
    with far_end(lambda sock: sock.recv(1000) and gevent.sleep(60)) as proxy:
        with pytest.raises(TimedOut) as caught:
            through(proxy, certificates, connect_timeout_s=0.05).open(Origin("https", "shop.example", 443), None)

        assert caught.value.reason == "timeout_connect"


def test_a_proxy_that_refuses_is_named(certificates: Certificates) -> None:
    with far_end(echo, ip="127.0.0.2") as elsewhere:
        dial = tls_dialer(certificates, proxy=f"http://127.0.0.1:{elsewhere.port}")
        with pytest.raises(ConnectFailed, match=rf"^no connection to the proxy 127\.0\.0\.1:{elsewhere.port}: Conn"):
            dial.open(Origin("https", "shop.example", 443), None)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_forbidden_shop_is_not_reached_through_a_proxy_either(
    certificates: Certificates, forbidden: set[str], scheme: str
) -> None:
    tunnels = Tunnels()
    with far_end(tunnels) as proxy:
        forbidden.add("bank.example")
        with pytest.raises(ConnectFailed, match=r"^this worker may not send to bank\.example$"):
            through(proxy, certificates).open(Origin(scheme, "bank.example", 443), None)

    assert tunnels.heads == []


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://proxy.example:3128", Proxy("proxy.example", 3128, b"")),
        ("http://proxy.example", Proxy("proxy.example", 8080, b"")),
        ("proxy.example:3128", Proxy("proxy.example", 3128, b"")),
        ("http://[2001:db8::1]:3128/", Proxy("2001:db8::1", 3128, b"")),
        ("http://anna@proxy.example:1", Proxy("proxy.example", 1, b"Proxy-Authorization: Basic YW5uYTo=\r\n")),
    ],
)
def test_a_proxys_address_is_read(url: str, proxy: Proxy) -> None:
    assert read_proxy(url) == proxy


@pytest.mark.parametrize(
    "url",
    [
        "socks5://proxy.example:1",
        "https://proxy.example:1",
        "http://:secret@:1",
        "http://a:secret@b:x",
        "http://a/b?secret",
    ],
)
def test_what_is_no_proxys_address_is_refused_at_the_door_without_its_password(url: str) -> None:
    with pytest.raises(JourneyError) as caught:
        Dialer(ClientSettings(proxy=url, tls=TlsSettings()), Names())

    assert "secret" not in caught.value.message + caught.value.hint
    assert caught.value.__cause__ is None
