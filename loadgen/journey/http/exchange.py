"""One connection, and one exchange after the other over it: HTTP/1.1.

A :class:`Connection` sends a request and feeds what comes back to a reader (:mod:`loadgen.journey.http.answers`), until
the answer is complete; each phase has its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final

from loadgen.journey.http.answers import Answer, AnswerReader
from loadgen.journey.http.failures import ConnectionReset, TimedOut
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.wires import NEVER, End, Origin, Wire

CONTINUE_S: Final = 1.0
"""How long ``Expect: 100-continue`` waits before the body is sent anyway (RFC 9110, 10.1.1 leaves it open)."""


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
        "_end",
        "_reader",
        "_settings",
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
        self._reader: AnswerReader | None = None
        self._end = NEVER
        self.used = 0
        self.idle_since_s = 0.0
        self.reusable = True
        self.answered = self.is_complete = False

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
        reader = self._begin(no_body)
        now_s = monotonic()
        limit_s = settings.idle_timeout_s
        try:
            if settings.total_timeout_s is None and not body:
                try:
                    self.wire.send(head, now_s + limit_s, limit_s)
                except ConnectionReset:
                    self.reusable = False  # it may have answered before; reading will tell
                first_s = settings.first_byte_timeout_s
                self._feed(reader, self.wire.receive(now_s + first_s, first_s, "first_byte"))
            else:
                self._starts_now(now_s)
                self._send(head + body)
            while not reader.is_complete:
                self._feed(reader, self._receive())
        except BaseException:
            self.close()
            raise
        return self._finished()

    def send_streamed(self, head: bytes, pieces: Iterable[bytes], *, chunked: bool, no_body: bool) -> None:
        """Send a request whose body comes in pieces; the answer is read by :meth:`read_head` or :meth:`finish`."""
        self._begin(no_body)
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
        reader = self._read_until(lambda reader: reader.headers_done)
        if reader.is_complete:
            return self._finished()
        return reader.head()

    def read_some(self) -> bytes:
        """The next piece of the body as it travels, empty at its end."""
        reader = self._read_until(lambda reader: bool(reader.chunks) or reader.is_complete)
        piece, reader.chunks = b"".join(reader.chunks), []
        return piece

    def finish(self) -> Answer:
        """Read the rest of the answer."""
        self._read_until(lambda reader: reader.is_complete)
        return self._finished()

    def await_continue(self, head: bytes, *, no_body: bool) -> bool:
        """Send a head with ``Expect: 100-continue`` and wait for leave to send the body.

        Returns:
            Whether the body may follow: the server said so, or said nothing for :data:`CONTINUE_S`.
        """
        reader = self._begin(no_body)
        self._starts_now(monotonic())
        try:
            self._send(head)
            until_s = monotonic() + CONTINUE_S
            while not reader.interim and not reader.headers_done:
                if until_s < self._end.at_s:
                    self._feed(reader, self.wire.receive(until_s, CONTINUE_S, "first_byte"))
                else:
                    self._feed(reader, self._receive())
        except BaseException as error:
            if isinstance(error, TimedOut) and error.reason == "timeout_first_byte":
                return True
            self.close()
            raise
        if reader.headers_done:
            self.reusable = False  # the server still counts on the body that was announced
        return not reader.headers_done

    def close(self) -> None:
        """Close the connection; it cannot be used again."""
        self.reusable = False
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.drop()
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
        if self._reader is None:
            raise ConnectionReset("the connection was closed")
        settings, end = self._settings, self._end
        limit_s = settings.idle_timeout_s if self.answered else settings.first_byte_timeout_s
        now_s = monotonic()
        if now_s + limit_s < end.at_s:
            return self.wire.receive(now_s + limit_s, limit_s, "idle" if self.answered else "first_byte")
        if now_s > end.at_s:
            raise TimedOut("total", end.limit_s)  # a server that never pauses leaves no wait to end
        return self.wire.receive(end.at_s, end.limit_s, "total")

    def _read_until(self, enough: Callable[[AnswerReader], bool]) -> AnswerReader:
        reader = self._reader
        if reader is None:
            raise ConnectionReset("the connection was closed")
        try:
            while not enough(reader):
                self._feed(reader, self._receive())
        except BaseException:
            self.close()
            raise
        return reader

    # -- what comes

    def _begin(self, no_body: bool) -> AnswerReader:
        self.answered = self.is_complete = False
        self._end = NEVER
        reader = self._reader = AnswerReader.lent(self._settings, no_body=no_body)
        return reader

    def _feed(self, reader: AnswerReader, data: bytes) -> None:
        if data:
            self.answered = True
            if not reader.feed(data):
                self.reusable = False  # bytes after a complete answer: this one is good, nothing may follow
            return
        self.reusable = False
        if not self.answered:
            raise ConnectionReset("the server closed the connection without an answer")
        reader.end()

    def _finished(self) -> Answer:
        reader, self._reader = self._reader, None
        if reader is None:
            raise ConnectionReset("the connection was closed")
        answer = reader.answer()
        self.is_complete = True
        self.used += 1
        self.reusable = self.reusable and reader.stays
        reader.give_back()
        if not self.reusable:
            self.close()
        return answer
