"""A server that keeps what it received for the test to see, and answers what the path asks for.

====================================  ==================================================================
``/status/503``                       that status, with a small body
``/redirect/302?to=/target``          that status, with a Location
``/loop``                             302 to itself
``/cookie?a=1&b=2``                   sets those cookies
``/packed/gzip``                      a page packed like that: gzip, deflate, br
``/text?charset=latin-1``             text in that charset, and a Content-Type that says so (``mute=1``: that does not);
                                      ``say=…`` is the text
``/json``, ``/none-json``             JSON, and what claims to be
``/lines/3``                          lines of text, in chunks that do not end where lines do
``/private``                          401, unless there is an Authorization
``/cut``                              the connection is closed in the middle of the body
====================================  ==================================================================
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import brotli
from gevent.server import StreamServer

PAGE = "Grüße aus dem Laden, €5. ".encode() * 40

PACKERS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}


class Received(NamedTuple):
    """A request as it came over the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def by_name(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers}


class Reply(NamedTuple):
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    chunks: tuple[bytes, ...] | None = None
    cut: bool = False


@dataclass
class Mirror:
    """The server and what it has received."""

    url: str = ""
    received: list[Received] = field(default_factory=list)

    def take(self) -> list[Received]:
        """What was received since it was last asked."""
        taken, self.received = self.received, []
        return taken

    def serve(self, sock: Any, _peer: Any) -> None:
        with suppress(OSError), sock.makefile("rb") as reader:
            while (request := _read(reader)) is not None:
                self.received.append(request)
                reply = _reply(request)
                sock.sendall(_written(request, reply))
                if reply.cut:
                    break
        sock.close()


@contextmanager
def mirror(**tls: Any) -> Iterator[Mirror]:
    shown = Mirror()
    server = StreamServer(("127.0.0.1", 0), shown.serve, **tls)
    server.start()
    shown.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    try:
        yield shown
    finally:
        server.stop(timeout=1)


def _read(reader: Any) -> Received | None:
    line = reader.readline()
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ")
    headers = []
    while field_line := reader.readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = field_line.partition(":")
        headers.append((name, value.strip()))
    known = {name.lower(): value for name, value in headers}
    if known.get("transfer-encoding") == "chunked":
        body = b"".join(_chunks(reader))
    else:
        body = reader.read(int(known.get("content-length", 0)))
    return Received(method, target, tuple(headers), body)


def _chunks(reader: Any) -> Iterator[bytes]:
    while size := int(reader.readline(), 16):
        yield reader.read(size)
        reader.readline()
    reader.readline()


def _written(request: Received, reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} Shown", *(f"{name}: {value}" for name, value in reply.headers)]
    if reply.chunks is None:
        lines.append(f"Content-Length: {len(reply.body) + (10 if reply.cut else 0)}")
        body = reply.body
    else:
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in reply.chunks) + b"0\r\n\r\n"
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head if request.method == "HEAD" or reply.status in (204, 304) else head + body


def _reply(request: Received) -> Reply:
    parts = urlsplit(request.target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    place, _, what = parts.path.strip("/").partition("/")
    match place:
        case "status":
            return Reply(int(what), (("Content-Type", "text/plain"),), f"status {what}".encode())
        case "redirect" if what.isdecimal() and "to" in query:
            location = query["to"].encode().decode("latin-1")  # servers write UTF-8 into it
            return Reply(int(what), (("Location", location),), b"elsewhere")
        case "loop":
            return Reply(302, (("Location", "/loop"),))
        case "cookie":
            return Reply(200, tuple(("Set-Cookie", f"{name}={value}") for name, value in query.items()), b"cookies")
        case "packed":
            named = (("Content-Encoding", what), ("Content-Type", "text/plain; charset=utf-8"))
            return Reply(200, named, PACKERS[what](PAGE))
        case "text":
            named_type = "text/html" if "mute" in query else f"text/html; charset={query['charset']}"
            return Reply(
                200, (("Content-Type", named_type),), query.get("say", "Grüße, 5 Stück").encode(query["charset"])
            )
        case "json":
            return Reply(200, (("Content-Type", "application/json"),), b'{"name": "Gr\xc3\xbc\xc3\x9fe", "price": 5.5}')
        case "none-json":
            return Reply(200, (("Content-Type", "application/json"),), b"<html>")
        case "lines":
            text = "".join(f"Zeile {number} ü\n" for number in range(int(what))).encode() + b"rest"
            return Reply(
                200, (("Content-Type", "text/plain"),), b"", tuple(text[i : i + 7] for i in range(0, len(text), 7))
            )
        case "private":
            return Reply(200 if "authorization" in request.by_name else 401, (), b"private")
        case "cut":
            return Reply(200, (), b"half", cut=True)
    return Reply(200, (("Content-Type", "text/plain"),), b"shown")
