"""Putting a request together: its head, its body, its credentials.

The usual case, a request without headers of its own, is two cached pieces put together.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from loadgen.journey import tracing
from loadgen.journey.http import bodies
from loadgen.journey.http.content import ACCEPT_ENCODING
from loadgen.journey.http.headers import request_head
from loadgen.journey.http.wires import Origin

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods that announce a body even if it is empty (RFC 9110, 8.6)."""

USER_AGENT: Final = "Mozilla/5.0 (compatible; loadgen)"
"""What a shopper says it is, unless its headers say otherwise."""


FieldPairs = tuple[tuple[str, str], ...]


class Wanted(NamedTuple):
    """A request to be sent.

    Attributes:
        method: in upper case.
        headers: the author's own.
        body: bytes, or an iterable of bytes that is sent in chunks.
        content_type: of the body; empty when the author's headers say it or there is none.
        stream: leave the body of the answer on the wire.
        trace_id: that is noted for it; empty for none.
    """

    method: str
    headers: dict[str, str]
    body: bytes | Iterable[bytes]
    content_type: str
    stream: bool
    trace_id: str = ""


def head_of(
    wanted: Wanted,
    origin: Origin,
    target: str,
    cookie: bytes,
    defaults: FieldPairs,
    proxy_head: bytes | None,
) -> bytes:
    """A request's line and headers, with the empty line.

    Args:
        wanted: the request.
        origin: whom it is for.
        target: what its line names: path and query, or through a proxy the whole URL.
        cookie: value of the Cookie header; empty for none.
        defaults: headers that are sent unless the request has its own.
        proxy_head: header lines for a proxy, None without one.

    Raises:
        ValueError: a header that nobody may send.
    """
    if wanted.headers or proxy_head:
        return _unusual_head(wanted, origin, target, cookie, defaults, proxy_head or b"")
    line = f"{wanted.method} {target} HTTP/1.1\r\n".encode("ascii")
    own = b"Cookie: %b\r\n" % cookie if cookie else b""
    if wanted.trace_id:
        own += f"{tracing.HEADER}: {tracing.traceparent(wanted.trace_id)}\r\n".encode("ascii")
    return line + _usual_head(origin, defaults) + own + _body_head(wanted) + b"\r\n"


def _unusual_head(
    wanted: Wanted, origin: Origin, target: str, cookie: bytes, defaults: FieldPairs, proxy_head: bytes
) -> bytes:
    own = {name.lower() for name in wanted.headers}
    fields = [("Host", _host_of(origin))] if "host" not in own else []
    fields += [(name, value) for name, value in _defaults(defaults) if name.lower() not in own]
    fields += wanted.headers.items()
    if cookie and "cookie" not in own:
        fields.append(("Cookie", cookie.decode("latin-1")))
    if wanted.trace_id and tracing.HEADER not in own:
        fields.append((tracing.HEADER, tracing.traceparent(wanted.trace_id)))
    body_head = b"" if "content-length" in own else _body_head(wanted)
    return request_head(wanted.method, target, fields)[:-2] + proxy_head + body_head + b"\r\n"


def absolute_form(origin: Origin, target: str) -> str:
    """What a proxy is asked for: the whole URL, without credentials or fragment (RFC 9112, 3.2.2)."""
    return f"{origin.scheme}://{_host_of(origin)}{target}"


def basic_auth(user: str | bytes, password: str | bytes) -> str:
    """The value of an Authorization header (RFC 7617); text is sent as UTF-8."""
    pair = [part.encode() if isinstance(part, str) else part for part in (user, password)]
    return "Basic " + b64encode(b":".join(pair)).decode("ascii")


def body_of(data: Any, json: Any, files: Any) -> tuple[bytes | Iterable[bytes], str]:
    """A request's body and its content type, from what the author gave; an iterable is sent in chunks."""
    if files:
        return bodies.multipart(data, files)
    if data is None or (isinstance(data, (str, bytes, bytearray, Mapping, list, tuple)) and not data):
        return bodies.json_body(json) if json is not None else (b"", "")
    if isinstance(data, (str, bytes, bytearray, Mapping, list, tuple)):
        return bodies.form(data)
    return data, bodies.BYTES_TYPE


def has_header(headers: Mapping[str, str], name: str) -> bool:
    """Whether a header of that name (in lower case) is among the author's own."""
    return bool(headers) and any(known.lower() == name for known in headers)


def what_is_said(headers: Mapping[str, str], defaults: FieldPairs, cookie: bytes) -> dict[str, str]:
    """A request's headers by name in lower case, but for those of the connection.

    Args:
        headers: its own.
        defaults: sent unless it has its own.
        cookie: value of the Cookie header; empty for none.
    """
    said = {**_usually_said(defaults), **{name.lower(): value for name, value in headers.items()}}
    if cookie:
        said.setdefault("cookie", cookie.decode("latin-1"))
    return said


@lru_cache(maxsize=1024)
def _usually_said(defaults: FieldPairs) -> Mapping[str, str]:
    return {name.lower(): value for name, value in _defaults(defaults)}


def _body_head(wanted: Wanted) -> bytes:
    if not isinstance(wanted.body, bytes):
        length = b"Transfer-Encoding: chunked\r\n"
    elif wanted.body or wanted.method in _WITH_BODY:
        length = b"Content-Length: %d\r\n" % len(wanted.body)
    else:
        return b""
    return b"Content-Type: %b\r\n%b" % (wanted.content_type.encode(), length) if wanted.content_type else length


@lru_cache(maxsize=1024)
def _usual_head(origin: Origin, default_headers: FieldPairs) -> bytes:
    """What stands in each request to an origin, after the request line."""
    fields = [("Host", _host_of(origin)), *_defaults(default_headers)]
    return request_head("GET", "/", fields).partition(b"\r\n")[2][:-2]


def _defaults(default_headers: FieldPairs) -> list[tuple[str, str]]:
    own = {name.lower() for name, _ in default_headers}
    usual = [("User-Agent", USER_AGENT), ("Accept", "*/*"), ("Accept-Encoding", ACCEPT_ENCODING)]
    return [*((name, value) for name, value in usual if name.lower() not in own), *default_headers]


def _host_of(origin: Origin) -> str:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    usual_port = 443 if origin.scheme == "https" else 80
    return host if origin.port == usual_port else f"{host}:{origin.port}"
