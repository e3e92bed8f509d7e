"""One exchange over a shared HTTP/2 connection, with the surface of an HTTP/1.1 one (:mod:`..carriers`).

Whoever sends or reads waits here, with limits of this exchange alone: that it goes on elsewhere on the connection helps
nobody. What comes for the stream is handed in from the hub, and wakes who waits.

::

    head, body ─▶ sent when the windows allow it ─▶ 1xx … ─▶ head ─▶ data … ─▶ end
                     a limit between two pieces        first byte       idle

An exchange that is given up, or whose answer is broken, ends its stream (RST_STREAM) and leaves the connection to the
others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final

from loadgen.journey.http.answers import MAX_INTERIM, Answer
from loadgen.journey.http.failures import (
    ConnectionReset,
    NotProcessed,
    Phase,
    ProtocolBroken,
    RequestFailed,
    TimedOut,
    TooLarge,
)
from loadgen.journey.http.heads import HeaderList
from loadgen.journey.http.http2.connection import Http2Connection
from loadgen.journey.http.http2.fields import announced_bytes, answer_fields, request_fields
from loadgen.journey.http.http2.frames import STREAM_WINDOW
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.waiting import Pause
from loadgen.journey.http.wires import NEVER, End, Origin

WITHOUT_BODY: Final = frozenset({204, 304})
"""Answers that have no body, whatever their headers say (RFC 9110, 6.4.1); so have those to HEAD."""


class Stream:
    """Carries one exchange. See :class:`~loadgen.journey.http.carriers.Carrier`.

    Args:
        wire: the connection that it shares.
        settings: limits.
        origin: where it leads.
    """

    __slots__ = (
        "_announced",
        "_chunks",
        "_collects",
        "_end",
        "_failure",
        "_has_head",
        "_headers",
        "_interim",
        "_is_over",
        "_is_sending",
        "_no_body",
        "_number",
        "_pause",
        "_received",
        "_sent_all",
        "_settings",
        "_since_s",
        "_status",
        "_taken_bytes",
        "answered",
        "idle_since_s",
        "is_complete",
        "origin",
        "reusable",
        "used",
        "wire",
    )

    def __init__(self, wire: Http2Connection, settings: ClientSettings, origin: Origin) -> None:
        self.wire, self.origin, self._settings = wire, origin, settings
        self.used = wire.completed
        self.idle_since_s = 0.0
        self.reusable = False  # the connection is; a stream carries one exchange
        self.answered = self.is_complete = False
        self._pause = Pause()
        self._end = NEVER
        self._since_s = 0.0
        self._number = 0
        self._status = self._received = self._interim = self._taken_bytes = 0
        self._headers: HeaderList = []
        self._chunks: list[bytes] = []
        self._announced: int | None = None
        self._failure: RequestFailed | None = None
        self._has_head = self._no_body = self._collects = False
        self._is_sending = self._sent_all = self._is_over = False

    # -- one exchange

    def exchange(self, head: bytes, body: bytes, *, no_body: bool) -> Answer:
        """Send a request and read its whole answer.

        Raises:
            RequestFailed: see :mod:`loadgen.journey.http.failures`.
        """
        with self:
            self._begin(head, no_body, end=not body)
            self._send(body, end=True)
            self._collects = True
            self._hear(lambda: self.is_complete)
        return self._finished()

    def send_streamed(self, head: bytes, pieces: Iterable[bytes], *, chunked: bool, no_body: bool) -> None:
        """Send a request whose body comes in pieces; without ``chunked`` they are there already."""
        with self:
            body = b"" if chunked else b"".join(pieces)
            self._begin(head, no_body, end=not (chunked or body))
            for piece in pieces if chunked else ():
                if self._is_unheard():
                    return  # the server listens no more; what it said instead is read next
                self._send(piece, end=False)
            self._send(body, end=True)

    def await_continue(self, head: bytes, *, no_body: bool) -> bool:
        """Send a head; its ``Expect: 100-continue`` is not waited for, as a refusal costs no connection here."""
        with self:
            self._begin(head, no_body, end=False)
        return True

    def send_body(self, body: bytes) -> None:
        """Send the body to such a head."""
        with self:
            self._send(body, end=True)

    def read_head(self) -> Answer:
        """Read until the answer's headers are here; unless it is complete by then, :meth:`read_some` has its body."""
        with self:
            self._hear(lambda: self._has_head)
        if self.is_complete:
            return self._finished()
        return Answer(self._status, self._headers, [], _sets_cookies(self._headers))

    def read_some(self) -> bytes:
        """The next piece of the body as it travels, empty at its end."""
        if not self._chunks:
            self._since_s = monotonic()
            with self:
                self._hear(lambda: bool(self._chunks) or self.is_complete)
        piece, self._chunks = b"".join(self._chunks), []
        self._take_up()
        return piece

    def finish(self) -> Answer:
        """Read the rest of the answer."""
        self._collects = True
        self._take_up()
        with self:
            self._hear(lambda: self.is_complete)
        return self._finished()

    def __enter__(self) -> None:
        """What raises inside the block gives the exchange up."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None:
            if isinstance(error, TimedOut):
                self.wire.doubt()
            self.close()

    def close(self) -> None:
        """Give the exchange up. Harmless when it is over. May be called by the garbage collector."""
        if not self._is_over:
            self._is_over = True
            self.fail(ConnectionReset("the connection was closed"))
            if self._number:
                self.wire.cancel(self._number)

    # -- sending in time

    def _begin(self, head: bytes, no_body: bool, *, end: bool) -> None:
        self._no_body = no_body
        self._is_sending = True
        self._since_s = now_s = monotonic()
        total_s = self._settings.total_timeout_s
        if total_s is not None:
            self._end = End(now_s + total_s, total_s)
        self._raise_failure()
        self._number = self.wire.open(self, request_fields(head, self.origin.scheme.encode()), end=end)
        self._sent_all = end
        if not end:
            self.wire.flush()  # the body may take its time to come

    def _is_unheard(self) -> bool:
        """Whether it makes no sense to send more: the answer is complete or will never come."""
        return self.is_complete or self._failure is not None or self.wire.outbox.is_deaf

    def _send(self, body: bytes, *, end: bool) -> None:
        """Send a piece of the body, or its end, as the server's windows allow; then wait until all is on its way."""
        wire, rest = self.wire, memoryview(body)
        self._since_s = monotonic()
        while (rest or end) and not self._sent_all:
            if self._is_unheard():
                return
            taken = wire.put(self._number, rest, end=end)
            if taken < 0:
                self._pause_for(self._settings.idle_timeout_s, "idle")
                continue
            self._since_s = monotonic()
            rest = rest[taken:]
            self._sent_all = end and not rest
        if self._sent_all:
            wire.flush()
            outbox = wire.outbox
            queued_bytes = outbox.queued_bytes
            while outbox.sent_bytes < queued_bytes and not self._is_unheard():
                self._pause_for(self._settings.idle_timeout_s, "idle")
            self._is_sending = False
            self._since_s = monotonic()

    # -- receiving in time

    def _hear(self, ready: Callable[[], bool]) -> None:
        settings = self._settings
        while not ready():
            self._raise_failure()
            if self.answered:
                self._pause_for(settings.idle_timeout_s, "idle")
            else:
                self._pause_for(settings.first_byte_timeout_s, "first_byte")

    def _pause_for(self, limit_s: float, phase: Phase) -> None:
        """Wait for anything to happen to the stream.

        Raises:
            TimedOut: nothing that brings it forward has happened within the limit, or the exchange's time is up.
        """
        at_s, end = self._since_s + limit_s, self._end
        if at_s < end.at_s:
            self._pause.wait(at_s, limit_s, phase)
        else:
            self._pause.wait(end.at_s, end.limit_s, "total")

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure.with_traceback(None)

    def _finished(self) -> Answer:
        if not self._is_over:
            self._is_over = True
            self.wire.done(self._number)
            if not self._sent_all:
                self.wire.cancel(self._number)  # the server answered before it had heard all
        return Answer(self._status, self._headers, self._chunks, _sets_cookies(self._headers))

    def _take_up(self) -> None:
        """What was read is taken up: the server may send as much again."""
        if self._taken_bytes >= STREAM_WINDOW // 2 and not (self.is_complete or self._failure):
            self.wire.widen(self._number, self._taken_bytes)
            self.wire.flush()
            self._taken_bytes = 0

    # -- called by the connection, from the hub

    def wake(self) -> None:
        """Something has happened that whoever waits may have waited for."""
        self._pause.end()

    def moved(self) -> None:
        """The connection has sent some bytes, whosever they were: they were in the way of this stream's."""
        if self._is_sending:
            self._since_s = monotonic()
            self._pause.end()

    def head_came(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        """The head of the answer."""
        self._heard()
        try:
            self._status, self._headers = answer_fields(fields)
            self._no_body = self._no_body or self._status in WITHOUT_BODY
            self._announced = None if self._no_body else announced_bytes(self._headers)
        except ProtocolBroken as error:
            self._refuse(error)
        else:
            self._has_head = True

    def interim_came(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        """An interim answer (1xx): it means nothing to a shopper."""
        self._heard()
        self._interim += 1
        try:
            status, _ = answer_fields(fields)
        except ProtocolBroken as error:
            self._refuse(error)
            return
        if status == 101:
            self._refuse(ProtocolBroken("the server switched to another protocol, which HTTP/2 does not know"))
        elif self._interim > MAX_INTERIM:
            self._refuse(ProtocolBroken(f"more than {MAX_INTERIM} interim answers"))

    def data_came(self, data: bytes, window_bytes: int) -> None:
        """A piece of the body.

        Args:
            data: itself.
            window_bytes: what it took of the window: its padding counts.
        """
        self._taken_bytes += window_bytes
        if data and not self._no_body:
            self._heard()
            self._received += len(data)
            self._chunks.append(data)
            limit = self._settings.max_body_bytes
            if self._received > limit:
                self._refuse(TooLarge(f"the answer's body is larger than {limit} bytes"))
            elif self._announced is not None and self._received > self._announced:
                self._refuse(self._wrong_length())
        if self._collects:
            self._take_up()

    def end_came(self) -> None:
        """The answer is complete."""
        self._heard()
        if self._announced is not None and self._received != self._announced:
            self._refuse(self._wrong_length())
        elif self._failure is None:
            self.is_complete = True

    def reset_came(self, code: str) -> None:
        """The server gave the exchange up."""
        self._heard()
        if code == "HTTP_1_1_REQUIRED":
            self.fail(ProtocolBroken('the server wants HTTP/1.1 for this request: use http = "1.1"'))
        else:
            self.fail(ConnectionReset(f"the server ended the exchange: {code}"))

    def refused(self, sentence: str) -> None:
        """The server says that it has not looked at the request; it cannot mean it if it has answered."""
        self.fail(ConnectionReset(sentence) if self.answered else NotProcessed(sentence))

    def fail(self, error: RequestFailed) -> None:
        """Nothing more will come."""
        if not self.is_complete and self._failure is None:
            self._failure = error
        self._pause.end()

    def _heard(self) -> None:
        self.answered = True
        self._since_s = monotonic()
        self._pause.end()

    def _refuse(self, error: RequestFailed) -> None:
        """The answer is broken: the server need not go on."""
        self.fail(error)
        self.wire.cancel(self._number)

    def _wrong_length(self) -> ProtocolBroken:
        return ProtocolBroken(
            f"the answer's body has {self._received} bytes or more, its Content-Length says {self._announced}"
            if self._announced is not None and self._received > self._announced
            else f"the answer's body ends after {self._received} of {self._announced} bytes"
        )


def _sets_cookies(headers: HeaderList) -> bool:
    return any(name == b"set-cookie" for name, _ in headers)
