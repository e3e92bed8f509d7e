"""Reads requests off a connection with llhttp, within limits. Knows HTTP, and nothing of the shop.

What cannot be read becomes a request too: one that already carries its refusal, so that its answer waits for those
before it, and that is the last of its connection.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import httptools

from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.request import KEPT_HEADERS, Request
from loadgen.demoshop.visits import refused

MAX_BODY_BYTES = 64 * 1024
"""No form of a shop is larger."""

MAX_HEAD_BYTES = 32 * 1024
"""Request line and headers; checked when a head is not complete with the data that brought it."""


class RequestReader:
    """Parses one connection's bytes into requests.

    Args:
        deliver: called with each request, in order.
        go_ahead: called when a client waits for ``100 Continue`` before it sends its body.

    Attributes:
        reading: a request has begun and is not complete.
        done: the last request of this connection was delivered; whatever follows is ignored.
    """

    __slots__ = (
        "_body",
        "_deliver",
        "_go_ahead",
        "_head_bytes",
        "_headers",
        "_in_head",
        "_parser",
        "_target",
        "done",
        "reading",
    )

    def __init__(self, deliver: Callable[[Request], None], go_ahead: Callable[[], None]) -> None:
        self._deliver = deliver
        self._go_ahead = go_ahead
        self._parser = httptools.HttpRequestParser(self)
        self.reading = False
        self.done = False
        self.on_message_begin()
        self._in_head = self.reading = False

    def feed(self, data: bytes) -> None:
        """Read more bytes. Never raises: what is malformed is delivered as a refused request."""
        if self.done:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.done = True  # the request itself was delivered, as the last one
        except httptools.HttpParserError:
            self.refuse(HTTPStatus.BAD_REQUEST, "malformed", "This is not an HTTP/1.1 request.")
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                problem = "Address and headers are too long."
                self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", problem)

    def refuse(self, status: HTTPStatus, code: str, message: str) -> None:
        """Give up on what is being read: deliver a refusal as the last request, unless the last one was delivered."""
        if self.done:
            return
        self.done = True
        self.reading = self._in_head = False
        request = Request(b"GET", b"/", {}, b"", last=True)
        request.ready = refused(b"", Refusal(status, code, message))
        self._deliver(request)

    # What follows is called by the parser.

    def on_message_begin(self) -> None:
        """A request begins."""
        self.reading = self._in_head = True
        self._head_bytes = 0
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._body = b""

    def on_url(self, piece: bytes) -> None:
        """A piece of the target."""
        self._target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer of a chunked body (which is dropped)."""
        name = name.lower()
        if self._in_head and name in KEPT_HEADERS:
            self._headers[name] = value

    def on_headers_complete(self) -> None:
        """The head is complete: refuse what is too large already, let the others go on."""
        self._in_head = False
        headers = self._headers
        if b"host" not in headers and self._parser.get_http_version() == "1.1":
            self.refuse(HTTPStatus.BAD_REQUEST, "host_missing", "HTTP/1.1 asks for a Host header.")
        length = headers.get(b"content-length", b"")
        if length and int(length) > MAX_BODY_BYTES:
            self._refuse_body()
        if headers.get(b"expect", b"").lower() == b"100-continue" and not self.done:
            self._go_ahead()

    def on_body(self, piece: bytes) -> None:
        """A piece of the body, chunked or not."""
        if self.done:
            return
        self._body += piece
        if len(self._body) > MAX_BODY_BYTES:
            self._refuse_body()

    def on_message_complete(self) -> None:
        """A request is complete."""
        if self.done:
            return
        self.reading = False
        parser = self._parser
        self.done = not parser.should_keep_alive() or parser.should_upgrade()
        self._deliver(Request(parser.get_method(), self._target, self._headers, self._body, last=self.done))

    def _refuse_body(self) -> None:
        self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", "The body is longer than 64 KiB.")
