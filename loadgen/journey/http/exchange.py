"""One connection, and one exchange after the other over it: HTTP/1.1 by llhttp.

The parser calls back for each header and piece of body; a :class:`Connection` collects them and knows when an answer
is complete. What llhttp leaves to its user is done here: answers without a body (HEAD, 204, 304, CONNECT), interim
answers (1xx), answers that end with the connection, limits, and whether the connection may be used again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, Final

import httptools

from loadgen.journey.http.failures import ConnectionReset, ProtocolBroken, RequestFailed, TimedOut, TooLarge
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.wires import NEVER, RECEIVE_BYTES, End, Origin, Wire

HeaderList = list[tuple[bytes, bytes]]

MAX_INTERIM: Final = 20
"""Interim answers (1xx) to one request; more is no server but a loop."""

CONTINUE_S: Final = 1.0
"""How long ``Expect: 100-continue`` waits before the body is sent anyway (RFC 9110, 10.1.1 leaves it open)."""


CHUNKING_FACTOR: Final = 8
"""Bytes on the wire for one of the body, at most: chunks of one byte take six."""


class Answer:
    """What came back, as it travelled.

    Attributes:
        status: 100 to 599.
        headers: raw (name, value) pairs in order.
        chunks: pieces of the body; empty while it is streamed.
        sets_cookies: whether there is a Set-Cookie among the headers.
    """

    __slots__ = ("chunks", "headers", "sets_cookies", "status")

    def __init__(self, status: int, headers: HeaderList, chunks: list[bytes], sets_cookies: bool) -> None:
        self.sets_cookies = sets_cookies
        self.status = status
        self.headers = headers
        self.chunks = chunks


class Connection:
    """An open connection that speaks HTTP/1.1.

    Args:
        wire: open.
        settings: limits.
        origin: where it leads.

    Attributes:
        used: exchanges that were completed on it.
        idle_since_s: when the last one was, monotonic.
        reusable: whether another exchange may follow.
        answered: whether any byte of the present exchange's answer has come.
        is_complete: whether all of it has.
    """

    __slots__ = (
        "_chunks",
        "_end",
        "_fed_bytes",
        "_headers",
        "_headers_done",
        "_interim",
        "_keep",
        "_no_body",
        "_parser",
        "_parser_spent",
        "_received",
        "_sets_cookies",
        "_settings",
        "_status",
        "_trailer_bytes",
        "answered",
        "idle_since_s",
        "is_complete",
        "origin",
        "reusable",
        "used",
        "wire",
    )

    def __init__(self, wire: Wire, settings: ClientSettings, origin: Origin) -> None:
        self.wire = wire
        self.origin = origin
        self._settings = settings
        self._parser: Any = httptools.HttpResponseParser(self)
        self._parser_spent = False
        self._headers: HeaderList = []
        self._chunks: list[bytes] = []
        self.used = 0
        self.idle_since_s = 0.0
        self.reusable = True
        self._start(no_body=False)

    # -- one exchange

    def exchange(self, head: bytes, body: bytes, *, no_body: bool) -> Answer:
        """Send a request and read its whole answer.

        Args:
            head: request line and headers, with the empty line.
            body: the request's body.
            no_body: the answer has no body whatever its headers say (HEAD).

        Raises:
            RequestFailed: see :mod:`loadgen.journey.http.failures`. :attr:`answered` tells whether any byte came back.
        """
        settings = self._settings
        self._start(no_body)
        now_s = monotonic()
        limit_s = settings.idle_timeout_s
        try:
            if settings.total_timeout_s is None and not body:
                try:
                    self.wire.send(head, now_s + limit_s, limit_s)
                except ConnectionReset:
                    self.reusable = False  # it may have answered before; reading will tell
                first_s = settings.first_byte_timeout_s
                self._feed(self.wire.receive(now_s + first_s, first_s, "first_byte"))
            else:
                self._starts_now(now_s)
                self._send(head + body)
            while not self.is_complete:
                self._feed(self._receive())
        except BaseException:
            self.close()
            raise
        return self._finished()

    def send_streamed(self, head: bytes, pieces: Iterable[bytes], *, chunked: bool, no_body: bool) -> None:
        """Send a request whose body comes in pieces; the answer is read by :meth:`read_head` or :meth:`finish`."""
        self._start(no_body)
        self._starts_now(monotonic())
        try:
            self._send(head)
            for piece in pieces:
                if not self.reusable:
                    return  # the server listens no more; what it said instead is read next
                if piece:
                    self._send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if chunked:
                self._send(b"0\r\n\r\n")
        except BaseException:
            self.close()
            raise

    def send_body(self, body: bytes) -> None:
        """Send the body of a request whose head was sent by :meth:`await_continue`."""
        try:
            self._send(body)
        except BaseException:
            self.close()
            raise

    def read_head(self) -> Answer:
        """Read until the answer's headers are here; unless it is complete by then, :meth:`read_some` has its body."""
        self._read_until(lambda: self._headers_done)
        if self.is_complete:
            return self._finished()
        return Answer(self._status, self._headers, [], self._sets_cookies)

    def read_some(self) -> bytes:
        """The next piece of the body as it travels, empty at its end."""
        if not self._chunks and not self.is_complete:
            self._read_until(lambda: bool(self._chunks) or self.is_complete)
        if not self._chunks:
            return b""
        piece, self._chunks = b"".join(self._chunks), []
        return piece

    def finish(self) -> Answer:
        """Read the rest of the answer."""
        self._read_until(lambda: self.is_complete)
        return self._finished()

    def await_continue(self, head: bytes, *, no_body: bool) -> bool:
        """Send a head with ``Expect: 100-continue`` and wait for leave to send the body.

        Returns:
            Whether the body may follow: the server said so, or said nothing for :data:`CONTINUE_S`.
        """
        self._start(no_body)
        self._starts_now(monotonic())
        try:
            self._send(head)
            until_s = monotonic() + CONTINUE_S
            while not self._interim and not self._headers_done:
                if until_s < self._end.at_s:
                    self._feed(self.wire.receive(until_s, CONTINUE_S, "first_byte"))
                else:
                    self._feed(self._receive())
        except BaseException as error:
            if isinstance(error, TimedOut) and error.reason == "timeout_first_byte":
                return True
            self.close()
            raise
        if self._headers_done:
            self.reusable = False  # the server still counts on the body that was announced
        return not self._headers_done

    def close(self) -> None:
        """Close the connection; it cannot be used again."""
        self.reusable = False
        self._parser = None  # it holds this connection's methods: a circle that only the collector would find
        self.wire.close()

    # -- sending and receiving in time

    def _starts_now(self, now_s: float) -> None:
        total_s = self._settings.total_timeout_s
        if total_s is not None:
            self._end = End(now_s + total_s, total_s)

    def _send(self, data: bytes) -> None:
        limit_s = self._settings.idle_timeout_s
        try:
            self.wire.send(data, monotonic() + limit_s, limit_s, self._end)
        except ConnectionReset:
            self.reusable = False  # it may have answered before; reading will tell

    def _receive(self) -> bytes:
        if self._parser is None:
            raise ConnectionReset("the connection was closed")
        settings, end = self._settings, self._end
        limit_s = settings.idle_timeout_s if self.answered else settings.first_byte_timeout_s
        now_s = monotonic()
        if now_s + limit_s < end.at_s:
            return self.wire.receive(now_s + limit_s, limit_s, "idle" if self.answered else "first_byte")
        if now_s > end.at_s:
            raise TimedOut("total", end.limit_s)  # a server that never pauses leaves no wait to end
        return self.wire.receive(end.at_s, end.limit_s, "total")

    def _read_until(self, enough: Callable[[], bool]) -> None:
        try:
            while not enough():
                self._feed(self._receive())
        except BaseException:
            self.close()
            raise

    # -- parsing

    def _start(self, no_body: bool) -> None:
        self._headers, self._chunks = [], []
        self._headers_done = self.is_complete = self.answered = self._keep = self._sets_cookies = False
        if self._parser_spent:
            # llhttp waits for a body that the answer to HEAD announced but does not have.
            self._parser, self._parser_spent = httptools.HttpResponseParser(self), False
        self._no_body = no_body
        self._status = self._received = self._fed_bytes = self._trailer_bytes = self._interim = 0
        self._end = NEVER

    def _feed(self, data: bytes) -> None:
        if not data:
            self._ended()
            return
        self.answered = True
        self._fed_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self.is_complete:
                raise _cause(error) from error
            self.reusable = False  # bytes after a complete answer: this one is good, nothing may follow
        if self._fed_bytes > self._settings.max_header_bytes:
            self._check_size()

    def _check_size(self) -> None:
        """Many bytes have come: were they headers, or were there more than any body of that size needs?"""
        limit = self._settings.max_header_bytes
        if not self._headers_done or sum(len(name) + len(value) + 4 for name, value in self._headers) > limit:
            raise TooLarge(f"the answer's headers are larger than {limit} bytes")
        limit = self._settings.max_body_bytes
        if self._fed_bytes > CHUNKING_FACTOR * limit + RECEIVE_BYTES:
            raise TooLarge(f"the answer takes far more bytes than a body of {limit} needs")

    def _ended(self) -> None:
        """The server closed its side: the end of an answer without length, or of hope."""
        self.reusable = False
        if not self.answered:
            raise ConnectionReset("the server closed the connection without an answer")
        if not self._headers_done:
            raise ConnectionReset("the server closed the connection in the middle of the headers")
        if _has_length(self._headers):
            raise ConnectionReset("the server closed the connection in the middle of the body")
        self.is_complete = True

    def _finished(self) -> Answer:
        self.used += 1
        if not (self.reusable and self._keep):
            self.close()
        return Answer(self._status, self._headers, self._chunks, self._sets_cookies)

    # -- called by llhttp

    def on_message_begin(self) -> None:
        """An answer begins: an interim one, the final one, or one that nobody asked for."""
        if self.is_complete:
            raise ProtocolBroken("the server answers what nobody asked")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer after the body."""
        if self._headers_done:
            self._trailer_bytes += len(name) + len(value)
            if self._trailer_bytes > self._settings.max_header_bytes:
                raise TooLarge("the answer's trailers are too large")
            return
        if len(name) == 10 and name.lower() == b"set-cookie":
            self._sets_cookies = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The headers are here, of the answer or of an interim one."""
        self._status = status = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                raise ProtocolBroken("the server switched to another protocol unasked")
            if status < 100:
                raise ProtocolBroken(f"the answer's status is {status}")
            return
        self._headers_done = True
        if self._no_body:
            self._keep = self._parser.should_keep_alive() or _may_stay(self._parser.get_http_version(), self._headers)
            self.is_complete = self._parser_spent = True

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._no_body:
            self.reusable = False  # it should have none; who knows where it ends
            return
        self._received += len(data)
        if self._received > self._settings.max_body_bytes:
            raise TooLarge(f"the answer's body is larger than {self._settings.max_body_bytes} bytes")
        self._chunks.append(data)

    def on_message_complete(self) -> None:
        """An answer, or an interim one, is complete."""
        if self._headers_done:
            if not self._no_body:
                self._keep = self._parser.should_keep_alive()
                self.is_complete = True
            return
        self._interim += 1
        self._headers = []
        if self._interim > MAX_INTERIM:
            raise ProtocolBroken(f"more than {MAX_INTERIM} interim answers")


def _may_stay(version: str, headers: HeaderList) -> bool:
    """Whether a connection stays open after an answer that has no body, whatever its headers say of one."""
    told = b",".join(value for name, value in headers if name.lower() == b"connection").lower()
    return b"close" not in told if version == "1.1" else b"keep-alive" in told


def _has_length(headers: HeaderList) -> bool:
    return any(
        name.lower() == b"content-length" or (name.lower() == b"transfer-encoding" and b"chunked" in value.lower())
        for name, value in headers
    )


def _cause(error: httptools.HttpParserError) -> RequestFailed:
    """What one of the callbacks raised, kept by httptools as the context; or else that this is no HTTP."""
    if isinstance(error.__context__, RequestFailed):
        return error.__context__
    return ProtocolBroken(f"the answer is no HTTP: {error}")
