"""Answers as bytes: a status, header lines and a body, put on the wire in one piece.

Header lines carry their own CRLF. ``Date``, ``Connection`` and ``Content-Length`` are added when the answer is
written, since only then they are known.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, NamedTuple

HTML = b"Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
JSON = b"Content-Type: application/json\r\nCache-Control: no-store\r\n"
SERVER = b"Server: loadgen-demo-shop\r\n"

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_KEEP_ALIVE = b"Connection: keep-alive\r\n"
_CLOSE = b"Connection: close\r\n"


class Answer(NamedTuple):
    """What a visitor gets.

    Attributes:
        status: HTTP status code.
        headers: header lines, each with its CRLF.
        body: the whole body.
    """

    status: int
    headers: bytes
    body: bytes

    def with_header(self, line: bytes) -> Answer:
        """The same with one more header line."""
        return Answer(self.status, self.headers + line, self.body)


def html(body: bytes, status: int = 200) -> Answer:
    """A page."""
    return Answer(status, HTML, body)


def as_json(value: Any, status: int = 200) -> Answer:
    """A JSON document."""
    return Answer(status, JSON, json.dumps(value, separators=(",", ":")).encode())


def see_other(location: str) -> Answer:
    """Send the visitor on, as after every POST of a form.

    Args:
        location: a path of this shop, never text from outside.
    """
    return Answer(HTTPStatus.SEE_OTHER.value, b"Location: %b\r\n" % location.encode("ascii"), b"")


def date_line(unix_second: int) -> bytes:
    """The ``Date`` header of a second."""
    return f"Date: {formatdate(unix_second, usegmt=True)}\r\n".encode()


def wire(answer: Answer, *, date: bytes, head_only: bool, last: bool, announce: bool) -> tuple[bytes, bytes]:
    """Put an answer on the wire.

    Args:
        answer: what to send.
        date: the ``Date`` header line.
        head_only: the request was a HEAD: everything but the body.
        last: the connection ends after it.
        announce: say that the connection stays open (HTTP/1.0 clients want to be told).

    Returns:
        The head with its empty line, and the body that follows it.
    """
    status, headers, body = answer
    connection = _CLOSE if last else _KEEP_ALIVE if announce else b""
    length = b"" if status == HTTPStatus.NOT_MODIFIED else b"Content-Length: %d\r\n" % len(body)
    head = b"".join((_STATUS_LINES[status], SERVER, date, headers, length, connection, b"\r\n"))
    return head, b"" if head_only else body


class Precomputed:
    """A body that never changes, with its gzip form.

    Args:
        body: the body.
        headers: its header lines.
        cacheable: give it an ETag, and answer 304 to who has it already.
    """

    __slots__ = ("_etag", "_gzipped", "_not_modified", "_plain")

    def __init__(self, body: bytes, headers: bytes, *, cacheable: bool = False) -> None:
        headers += b"Vary: Accept-Encoding\r\n"
        self._etag = b""
        if cacheable:
            self._etag = b'W/"%b"' % hashlib.sha256(body).hexdigest()[:16].encode()
            headers += b"ETag: %b\r\n" % self._etag
        self._plain = Answer(200, headers, body)
        compressed = gzip.compress(body, mtime=0)
        self._gzipped = Answer(200, headers + b"Content-Encoding: gzip\r\n", compressed)
        self._not_modified = Answer(HTTPStatus.NOT_MODIFIED.value, headers, b"")

    def answer(self, accept_encoding: bytes = b"", if_none_match: bytes = b"") -> Answer:
        """Choose the form for a request's ``Accept-Encoding`` and ``If-None-Match``."""
        if self._etag and if_none_match and (self._etag in if_none_match or if_none_match.strip() == b"*"):
            return self._not_modified
        wants_gzip = b"gzip" in accept_encoding and b"gzip;q=0" not in accept_encoding.replace(b" ", b"")
        return self._gzipped if wants_gzip else self._plain
