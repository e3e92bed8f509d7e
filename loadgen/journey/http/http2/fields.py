"""Heads of HTTP/1.1 in the words of HTTP/2, and the other way round (RFC 9113, 8.2 and 8.3).

::

    GET /hat HTTP/1.1                :method GET
    Host: shop.example         ──▶   :scheme https
    Cookie: a=1; b=2                 :authority shop.example
    Connection: close                :path /hat
                                     cookie a=1
                                     cookie b=2

What a request's head may hold was checked when it was written (:mod:`loadgen.journey.http.headers`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from loadgen.journey.http.failures import ProtocolBroken
from loadgen.journey.http.heads import HeaderList

_OF_THE_CONNECTION: Final = frozenset(
    {b"connection", b"http2-settings", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
)
"""Headers that speak of a connection of HTTP/1.1; here they mean nothing."""

_FORBIDDEN: Final = re.compile(rb"[\x00-\x20A-Z\x7f-\xff:]")
"""What no header's name may hold (RFC 9113, 8.2.1)."""

_BREAKS: Final = re.compile(rb"[\0\r\n]")
_STATUS: Final = re.compile(rb"[1-9][0-9][0-9]")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")


def request_fields(head: bytes, scheme: bytes) -> HeaderList:
    """A request's head as HTTP/2 sends it.

    Args:
        head: request line and headers, with the empty line.
        scheme: of the origin.
    """
    line, *lines = head[:-4].split(b"\r\n")
    method, path, _ = line.split(b" ")
    authority = b""
    named: set[bytes] = set()
    fields: HeaderList = []
    for each in lines:
        spelled, _, value = each.partition(b":")
        name, value = spelled.lower(), value.strip(b" \t")
        if name == b"host":
            authority = value
        elif name == b"connection":
            named.update(option.strip(b" \t").lower() for option in value.split(b","))
        elif name == b"cookie":
            fields += [(name, crumb) for crumb in value.split(b"; ")]  # as browsers do: each is indexed by itself
        elif name not in _OF_THE_CONNECTION and (name != b"te" or value.lower() == b"trailers"):
            fields.append((name, value))
    if named:
        fields = [field for field in fields if field[0] not in named]
    return [(b":method", method), (b":scheme", scheme), (b":authority", authority), (b":path", path), *fields]


def answer_fields(fields: Iterable[tuple[bytes, bytes]]) -> tuple[int, HeaderList]:
    """An answer's status and its headers, without those that speak of a connection.

    Raises:
        ProtocolBroken: it has no status, or headers that HTTP/2 does not allow.
    """
    (first, told), *headers = [*fields] or [(b"", b"")]
    if first != b":status" or not _STATUS.fullmatch(told):
        raise ProtocolBroken(f"the answer has no status but {told[:20]!r}")
    for name, value in headers:
        if not name or _FORBIDDEN.search(name):
            raise ProtocolBroken(f"the answer has a header of the name {name[:80]!r}, which HTTP/2 does not allow")
        if _BREAKS.search(value):
            raise ProtocolBroken(f"the answer's header {name.decode()} has a line break or NUL in it")
    return int(told), [field for field in headers if field[0] not in _OF_THE_CONNECTION]


def announced_bytes(headers: HeaderList) -> int | None:
    """What the Content-Length says, None if there is none.

    Raises:
        ProtocolBroken: it is no length, or there are several that differ.
    """
    told = {value for name, value in headers if name == b"content-length"}
    if not told:
        return None
    if len(told) > 1 or not all(_LENGTH.fullmatch(value) for value in told):
        raise ProtocolBroken(f"the answer's Content-Length is {b', '.join(sorted(told))[:80]!r}")
    return int(told.pop())
