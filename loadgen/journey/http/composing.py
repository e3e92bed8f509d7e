"""Putting a request together: its head, its body, its credentials.

The usual case, a request without headers of its own, is a kept opening with little or nothing behind it.
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

_AT_HAND: Final = (dict, str, bytes, bytearray, list, tuple, Mapping)
"""Data that is a body or becomes one; anything else is an iterable of its pieces. To ask a Mapping takes longest."""

USER_AGENT: Final = "Mozilla/5.0 (compatible; loadgen)"
"""What a shopper says it is, unless its headers say otherwise."""


FieldPairs = tuple[tuple[str, str], ...]


class Wanted(NamedTuple):
    """A request to be sent.

    Attributes:
        method: in upper case.
        headers: the author's own; several requests may have the same.
        body: bytes, or an iterable of bytes that is sent in chunks.
        content_type: of the body; empty when the author's headers say it or there is none.
        stream: leave the body of the answer on the wire.
        trace_id: that is noted for it; empty for none.
    """

    method: str
    headers: Mapping[str, str]
    body: bytes | Iterable[bytes]
    content_type: str
    stream: bool
    trace_id: str = ""


@lru_cache(maxsize=64)
def bare(method: str) -> Wanted:
    """A request with nothing of its own: the same one for all who want it, so its headers must be left alone."""
    return Wanted(method, {}, b"", "", stream=False)


def opening(method: str, origin: Origin, target: str, defaults: FieldPairs) -> bytes:
    """What requests of a method to a place have in common: request line, host, default headers.

    Args:
        method: in upper case.
        origin: whom it is for.
        target: path and query.
        defaults: headers that are sent unless the request has its own.

    Raises:
        ValueError: a method or header that nobody may send.
    """
    return request_head(method, target, ())[:-2] + _head_of(origin, defaults, ())[0]


def usual_head(wanted: Wanted, opening: bytes, cookie: bytes) -> bytes:
    """What :func:`head_of` makes of a request without headers of its own, when no proxy is asked.

    Args:
        wanted: the request.
        opening: of its place.
        cookie: value of the Cookie header; empty for none.
    """
    own = b"Cookie: %b\r\n" % cookie if cookie else b""
    if wanted.trace_id:
        own += f"{tracing.HEADER}: {tracing.traceparent(wanted.trace_id)}\r\n".encode("ascii")
    return opening + own + _body_head(wanted) + b"\r\n"


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
    headers = tuple([(name, str(value)) for name, value in wanted.headers.items()])
    head, own = _head_of(origin, defaults, headers)
    if cookie and "cookie" not in own:
        head += b"Cookie: %b\r\n" % cookie
    if wanted.trace_id and tracing.HEADER not in own:
        head += f"{tracing.HEADER}: {tracing.traceparent(wanted.trace_id)}\r\n".encode("ascii")
    body_head = b"" if "content-length" in own else _body_head(wanted)
    return request_head(wanted.method, target, ())[:-2] + head + (proxy_head or b"") + body_head + b"\r\n"


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
    if data is None or (isinstance(data, _AT_HAND) and not data):
        return bodies.json_body(json) if json is not None else (b"", "")
    if isinstance(data, _AT_HAND):
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
def _head_of(origin: Origin, defaults: FieldPairs, headers: FieldPairs) -> tuple[bytes, frozenset[str]]:
    """Host, default headers and a request's own; and the names of its own in lower case.

    Kept, as a journey's requests have few sets of headers: 1 µs instead of 10.
    """
    own = frozenset(name.lower() for name, _ in headers)
    fields = [("Host", _host_of(origin))] if "host" not in own else []
    fields += [(name, value) for name, value in _defaults(defaults) if name.lower() not in own]
    return request_head("GET", "/", [*fields, *headers]).partition(b"\r\n")[2][:-2], own


def _defaults(default_headers: FieldPairs) -> list[tuple[str, str]]:
    own = {name.lower() for name, _ in default_headers}
    usual = [("User-Agent", USER_AGENT), ("Accept", "*/*"), ("Accept-Encoding", ACCEPT_ENCODING)]
    return [*((name, value) for name, value in usual if name.lower() not in own), *default_headers]


def _host_of(origin: Origin) -> str:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    usual_port = 443 if origin.scheme == "https" else 80
    return host if origin.port == usual_port else f"{host}:{origin.port}"
