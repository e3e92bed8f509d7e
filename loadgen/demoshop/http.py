"""One visitor's connection: requests in, answers out, one at a time and in order.

::

    bytes ─▶ reader ─▶ request ─▶ reception ─┬─▶ at once ───────────────▶ respond ─▶ written
                  (waits while one           ├─▶ after a delay (timer) ─▶   〃
                   is being answered)        └─▶ refuse, stall, reset ───▶ abandoned

The write buffer's limit is 0, so ``pause_writing`` says that the kernel has not taken all of an answer, and
``resume_writing`` that it has: an answer counts as written exactly then. A visitor who hangs up (also one who only
closes the sending half) abandons what is not written; a page whose delay has not passed is then never made, so it
changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections import deque
from http import HTTPStatus
from typing import cast

from loadgen.demoshop.answers import Answer, date_line, wire
from loadgen.demoshop.faults import STALL_S, FaultKind
from loadgen.demoshop.reader import RequestReader
from loadgen.demoshop.reception import Reception, Ticket
from loadgen.demoshop.request import Request
from loadgen.demoshop.routes import MALFORMED, resolve, respond
from loadgen.demoshop.shop import Shop

MAX_WAITING = 64
"""Pipelined requests kept per connection; a client that sends more is not read until some are answered."""

LINGER_S = 2.0
"""After a refusal, what the client still sends is read and dropped this long: closing at once would reset the
connection and could destroy the refusal on its way."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Desk:
    """What all connections share.

    Args:
        shop: the shop.
        reception: of the shop.
        loop: the event loop.

    Attributes:
        connections: those that are open.
    """

    def __init__(self, shop: Shop, reception: Reception, loop: asyncio.AbstractEventLoop) -> None:
        self.shop = shop
        self.reception = reception
        self.loop = loop
        self.connections: set[Connection] = set()
        self._second = 0
        self._date = b""

    def date(self) -> bytes:
        """The ``Date`` header line of now."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._date = date_line(second)
        return self._date


class Connection(asyncio.Protocol):
    """One connection.

    Args:
        desk: what it shares with the others.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._reader = RequestReader(self._received, self._go_ahead)
        self._waiting: deque[Request] = deque()
        self._current: Request | None = None
        self._sent: tuple[int, int] | None = None  # status and body bytes of the answer that is being written
        self._timer: asyncio.TimerHandle | None = None
        self._blocked = False
        self._leaving = False
        self._quiet_ticks = 0
        self._transport: asyncio.Transport

    def leave(self) -> None:
        """End the connection: now if nothing is asked for, otherwise after the answer that is under way."""
        self._leaving = True
        if self._current is None:
            self._close()

    def abort(self) -> None:
        """End the connection now, whatever is under way."""
        self._transport.abort()

    def tick(self, request_limit: int, idle_limit: int) -> None:
        """End what has been quiet for too long; called at a steady pace, which is the unit of the limits.

        Args:
            request_limit: ticks that a client may take to send one request.
            idle_limit: ticks without a request, or without taking an answer.
        """
        if self._current is not None and not self._blocked:
            return
        self._quiet_ticks += 1
        if self._reader.reading and self._quiet_ticks > request_limit:
            self._reader.refuse(HTTPStatus.REQUEST_TIMEOUT, "timeout", "The request did not come to its end.")
        elif self._quiet_ticks > idle_limit:
            self._transport.abort()

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A visitor has come."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)
        self._desk.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if not self._reader.reading:
            self._quiet_ticks = 0
        self._reader.feed(data)

    def pause_writing(self) -> None:
        """The kernel has not taken all of an answer."""
        self._blocked = True
        self._quiet_ticks = 0

    def resume_writing(self) -> None:
        """The kernel has taken all."""
        self._blocked = False
        if self._sent is not None:
            self._written(self._sent)
            self._serve_waiting()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it ended makes no difference
        """The visitor has gone, or was sent away."""
        if self._timer is not None:
            self._timer.cancel()
        for request in (self._current, *self._waiting):
            if request is not None and not request.route.control:
                request.counters.abandoned()
        self._current = None
        self._waiting.clear()
        self._reader.done = True
        self._desk.connections.discard(self)

    # Called by the reader.

    def _received(self, request: Request) -> None:
        if request.ready is None:
            request.route, request.argument = resolve(request.path)
        else:
            request.route = MALFORMED
        request.counters = self._desk.shop.counters
        if not request.route.control:
            request.counters.received(time.time())
        if self._current is None and not self._waiting:
            self._begin(request)
            return
        self._waiting.append(request)
        if len(self._waiting) >= MAX_WAITING:
            self._transport.pause_reading()

    def _go_ahead(self) -> None:
        # Not into the answers of earlier requests; a client that gets no leave sends its body after a moment anyway.
        if self._current is None and not self._waiting:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # From request to answer.

    def _begin(self, request: Request) -> None:
        self._current = request
        if request.ready is not None:
            self._answer(request, request.ready)
            return
        ticket = self._desk.reception.admit(request, self._desk.loop.time())
        if ticket is None:
            self._answer(request, respond(self._desk.shop, request))
        elif ticket.fate is FaultKind.REFUSE:
            self._close()
        elif ticket.fate is FaultKind.STALL:
            self._timer = self._desk.loop.call_later(STALL_S, self._close)
        elif ticket.delay_s > 0:
            self._timer = self._desk.loop.call_later(ticket.delay_s, self._due, request, ticket)
        else:
            self._carry_out(request, ticket)

    def _due(self, request: Request, ticket: Ticket) -> None:
        self._timer = None
        if not self._transport.is_closing():
            self._carry_out(request, ticket)
            self._serve_waiting()

    def _carry_out(self, request: Request, ticket: Ticket) -> None:
        answer = ticket.answer or respond(self._desk.shop, request)
        if ticket.fate is FaultKind.RESET:
            self._reset(request, answer)
        else:
            self._answer(request, answer)

    def _answer(self, request: Request, answer: Answer) -> None:
        head, body = self._wire(request, answer)
        self._sent = sent = (answer.status, len(body))
        self._transport.write(head + body)
        if not self._blocked:
            self._written(sent)

    def _reset(self, request: Request, answer: Answer) -> None:
        head, body = self._wire(request, answer)
        self._transport.write(head + body[: len(body) // 2] if body else head[: len(head) // 2])
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    def _wire(self, request: Request, answer: Answer) -> tuple[bytes, bytes]:
        return wire(
            answer,
            date=self._desk.date(),
            head_only=request.method == b"HEAD",
            last=request.last or self._leaving,
            announce=b"connection" in request.headers,
        )

    def _written(self, sent: tuple[int, int]) -> None:
        request = self._current
        if request is None or self._transport.is_closing():
            return  # it broke while writing; connection_lost counts it
        self._current = self._sent = None
        self._quiet_ticks = 0
        if not request.route.control:
            request.counters.answered(request.route.template, *sent)
        if request.ready is not None:
            self._linger()
        elif request.last or self._leaving:
            self._close()

    def _serve_waiting(self) -> None:
        while self._waiting and self._current is None and not self._transport.is_closing():
            self._begin(self._waiting.popleft())
        if not self._transport.is_reading() and len(self._waiting) < MAX_WAITING // 2:
            self._transport.resume_reading()

    def _linger(self) -> None:
        with contextlib.suppress(OSError):  # the visitor has gone already
            self._transport.write_eof()
        self._timer = self._desk.loop.call_later(LINGER_S, self._transport.abort)

    def _close(self) -> None:
        self._reader.done = True
        self._transport.close()
