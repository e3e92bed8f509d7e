"""One connection, and one exchange after the other over it: HTTP/1.1 by llhttp.

The parser calls back for each header and piece of body; a :class:`Connection` collects them and knows when an answer
is complete. What llhttp leaves to its user is done here: answers without a body (HEAD, 204, 304, CONNECT), interim
answers (1xx), answers that end with the connection, limits, and whether the connection may be used again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final

import httptools

from loadgen.journey.http.failures import ConnectionReset, Phase, ProtocolBroken, RequestFailed, TooLarge
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.wires import Origin, Wire

HeaderList = list[tuple[bytes, bytes]]

MAX_INTERIM: Final = 20
"""Interim answers (1xx) to one request; more is no server but a loop."""

CONTINUE_S: Final = 1.0
"""How long ``Expect: 100-continue`` waits before the body is sent anyway (RFC 9110, 10.1.1 leaves it open)."""


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
    """

    __slots__ = (
        "_chunks",
        "_complete",
        "_head_bytes",
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
        "answered",
        "idle_since_s",
        "origin",
        "reusable",
        "used",
        "wire",
    )

    def __init__(self, wire: Wire, settings: ClientSettings, origin: Origin) -> None:
        self.wire = wire
        self.origin = origin
        self._settings = settings
        self._parser = httptools.HttpResponseParser(self)
        self._parser_spent = False
        self._headers: HeaderList = []
        self._chunks: list[bytes] = []
        self.used = 0
        self.idle_since_s = 0.0
        self.reusable = True
        self.answered = False
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
        started_s = monotonic()
        total_s = settings.total_timeout_s
        limit_s = settings.first_byte_timeout_s
        try:
            self.wire.send(head + body if body else head, started_s + settings.idle_timeout_s, settings.idle_timeout_s)
            if total_s is not None:
                self._read_within(started_s + total_s, total_s)
            else:
                self._feed(self.wire.receive(started_s + limit_s, limit_s, "first_byte"))
                limit_s = settings.idle_timeout_s
                while not self._complete:
                    self._feed(self.wire.receive(monotonic() + limit_s, limit_s, "idle"))
        except BaseException:
            self.close()
            raise
        return self._finished()

    def _read_within(self, end_s: float, total_s: float) -> None:
        first_s, idle_s = self._settings.first_byte_timeout_s, self._settings.idle_timeout_s
        while not self._complete:
            now_s = monotonic()
            limit_s = idle_s if self.answered else first_s
            if now_s + limit_s < end_s:
                self._feed(self.wire.receive(now_s + limit_s, limit_s, "idle" if self.answered else "first_byte"))
            else:
                self._feed(self.wire.receive(end_s, total_s, "total"))

    def send_streamed(self, head: bytes, pieces: Iterable[bytes], *, chunked: bool) -> None:
        """Send a request whose body comes in pieces; the answer is read by :meth:`read_head` or :meth:`finish`."""
        limit_s = self._settings.idle_timeout_s
        self._start(no_body=False)
        try:
            self.wire.send(head, monotonic() + limit_s, limit_s)
            for piece in pieces:
                if piece:
                    data = b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece
                    self.wire.send(data, monotonic() + limit_s, limit_s)
            if chunked:
                self.wire.send(b"0\r\n\r\n", monotonic() + limit_s, limit_s)
        except BaseException:
            self.close()
            raise

    def send_body(self, body: bytes) -> None:
        """Send the body of a request whose head was sent by :meth:`await_continue`."""
        limit_s = self._settings.idle_timeout_s
        try:
            self.wire.send(body, monotonic() + limit_s, limit_s)
        except BaseException:
            self.close()
            raise

    def read_head(self) -> Answer:
        """Read until the answer's headers are here; the body follows by :meth:`read_some` and :meth:`finish`."""
        return self._guarded(lambda: self._headers_done)

    def read_some(self) -> bytes:
        """The next piece of the body as it travels, empty at its end."""
        if not self._chunks and not self._complete:
            self._guarded(lambda: bool(self._chunks) or self._complete)
        if not self._chunks:
            return b""
        piece, self._chunks = b"".join(self._chunks), []
        return piece

    def finish(self) -> Answer:
        """Read the rest of the answer."""
        self._guarded(lambda: self._complete)
        return self._finished()

    def _guarded(self, enough: Callable[[], bool]) -> Answer:
        first_s, idle_s = self._settings.first_byte_timeout_s, self._settings.idle_timeout_s
        try:
            while not enough():
                limit_s = idle_s if self.answered else first_s
                phase: Phase = "idle" if self.answered else "first_byte"
                self._feed(self.wire.receive(monotonic() + limit_s, limit_s, phase))
        except BaseException:
            self.close()
            raise
        return Answer(self._parser.get_status_code(), self._headers, [], self._sets_cookies)

    def await_continue(self, head: bytes) -> bool:
        """Send a head with ``Expect: 100-continue`` and wait for leave to send the body.

        Returns:
            Whether the body may follow: the server said so, or said nothing for :data:`CONTINUE_S`.
        """
        self._start(no_body=False)
        try:
            self.wire.send(head, monotonic() + CONTINUE_S, CONTINUE_S)
            while not self._interim and not self._headers_done:
                self._feed(self.wire.receive(monotonic() + CONTINUE_S, CONTINUE_S, "first_byte"))
        except RequestFailed as error:
            if error.reason == "timeout_first_byte":
                return True
            self.close()
            raise
        return not self._headers_done

    def close(self) -> None:
        """Close the connection; it cannot be used again."""
        self.reusable = False
        self.wire.close()

    # -- parsing

    def _start(self, no_body: bool) -> None:
        self._headers, self._chunks = [], []
        self._headers_done = self._complete = self.answered = self._keep = self._sets_cookies = False
        if self._parser_spent:
            # llhttp waits for a body that the answer to HEAD announced but does not have.
            self._parser, self._parser_spent = httptools.HttpResponseParser(self), False
        self._no_body = no_body
        self._received = self._head_bytes = self._interim = 0

    def _feed(self, data: bytes) -> None:
        if not data:
            self._ended()
            return
        self.answered = True
        if not self._headers_done:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as error:
            raise ProtocolBroken("the server switched to another protocol unasked") from error
        except httptools.HttpParserCallbackError as error:
            raise _cause(error) from error
        except httptools.HttpParserError as error:
            if self._complete:
                self.reusable = False  # bytes after a complete answer: this one is good, nothing may follow
                return
            raise ProtocolBroken(f"the answer is no HTTP: {error}") from error
        if not self._headers_done and self._head_bytes > self._settings.max_header_bytes:
            raise TooLarge(f"the answer's headers are larger than {self._settings.max_header_bytes} bytes")

    def _ended(self) -> None:
        """The server closed its side: the end of an answer without length, or of hope."""
        self.reusable = False
        if not self.answered:
            raise ConnectionReset("the server closed the connection without an answer")
        if not self._headers_done:
            raise ConnectionReset("the server closed the connection in the middle of the headers")
        if _has_length(self._headers):
            raise ConnectionReset("the server closed the connection in the middle of the body")
        self._complete = True

    def _finished(self) -> Answer:
        status = self._parser.get_status_code()
        self.used += 1
        if not (self.reusable and self._keep):
            self.close()
        return Answer(status, self._headers, self._chunks, self._sets_cookies)

    # -- called by llhttp

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer after the body."""
        if self._headers_done:
            self._head_bytes += len(name) + len(value)
            if self._head_bytes > 2 * self._settings.max_header_bytes:
                raise TooLarge("the answer's trailers are too large")
            return
        if len(name) == 10 and name.lower() == b"set-cookie":
            self._sets_cookies = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The headers are here, of the answer or of an interim one."""
        status = self._parser.get_status_code()
        if status < 200 and status != 101:
            return
        self._headers_done = True
        if self._no_body:
            self._keep = self._parser.should_keep_alive()
            self._complete = self._parser_spent = True

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._no_body:
            return
        self._received += len(data)
        if self._received > self._settings.max_body_bytes:
            raise TooLarge(f"the answer's body is larger than {self._settings.max_body_bytes} bytes")
        self._chunks.append(data)

    def on_message_complete(self) -> None:
        """An answer, or an interim one, is complete."""
        if self._headers_done:
            self._keep = self._parser.should_keep_alive()
            self._complete = True
            return
        self._interim += 1
        self._headers = []
        if self._interim > MAX_INTERIM:
            raise ProtocolBroken(f"more than {MAX_INTERIM} interim answers")


def _has_length(headers: HeaderList) -> bool:
    return any(
        name.lower() == b"content-length" or (name.lower() == b"transfer-encoding" and b"chunked" in value.lower())
        for name, value in headers
    )


def _cause(error: BaseException) -> RequestFailed:
    """What a callback raised; llhttp's wrapper keeps it as its context."""
    seen = error.__context__ or error.__cause__
    return seen if isinstance(seen, RequestFailed) else ProtocolBroken(f"the answer cannot be taken: {error}")
