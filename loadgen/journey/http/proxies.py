"""HTTP proxies: plain requests are handed to them, TLS goes through a tunnel (RFC 9110, 9.3.6)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from loadgen.errors import JourneyError
from loadgen.journey.http.failures import ConnectFailed
from loadgen.journey.http.wires import Origin, Wire

DEFAULT_PORT: Final = 8080


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy to go through.

    Attributes:
        host: where it is.
        port: the same.
        head: header lines that it wants: its credentials, or nothing.
    """

    host: str
    port: int
    head: bytes


def read_proxy(url: str) -> Proxy:
    """Read ``http://[user:password@]host[:port]``.

    Raises:
        JourneyError: it is none.
    """
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme != "http" or parts.path.strip("/") or parts.query or parts.fragment:
        # The sentence must not repeat the password.
        raise JourneyError("the proxy's address is none", hint="write http://[user:password@]host:port")
    head = b""
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        head = b"Proxy-Authorization: Basic %s\r\n" % base64.b64encode(credentials)
    return Proxy(host, port or DEFAULT_PORT, head)


def open_tunnel(wire: Wire, proxy: Proxy, origin: Origin, deadline_s: float, limit_s: float, max_bytes: int) -> None:
    """Have a proxy connect to where TLS shall go.

    Args:
        wire: to the proxy; to the origin afterwards.
        proxy: for its credentials, and for messages.
        origin: where to.
        deadline_s: until when, monotonic.
        limit_s: how long that is, for the message.
        max_bytes: of the proxy's answer.

    Raises:
        RequestFailed: ``ConnectFailed`` if the proxy will not, ``TimedOut`` if it does not say.
    """
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    target = f"{host}:{origin.port}".encode()
    wire.send(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (target, target, proxy.head), deadline_s, limit_s)
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = wire.receive(deadline_s, limit_s, "connect")
        if not piece:
            raise ConnectFailed(f"the proxy {proxy.host}:{proxy.port} closed the connection")
        answer += piece
        if len(answer) > max_bytes:
            raise ConnectFailed(f"the proxy {proxy.host}:{proxy.port} answered with more than {max_bytes} bytes")
    _judge(answer, proxy)


def _judge(answer: bytes, proxy: Proxy) -> None:
    head, _, rest = answer.partition(b"\r\n\r\n")
    line = head.partition(b"\r\n")[0].decode("latin-1")
    version, _, status = line.partition(" ")
    if not version.startswith("HTTP/1.") or not status[:3].isdigit():
        raise ConnectFailed(f"the proxy {proxy.host}:{proxy.port} answered something other than HTTP")
    if not status.startswith("2"):
        raise ConnectFailed(f"the proxy {proxy.host}:{proxy.port} answered {status[:100]}")
    if rest:
        raise ConnectFailed(f"the proxy {proxy.host}:{proxy.port} spoke before TLS did")
