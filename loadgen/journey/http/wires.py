"""A wire: bytes out, bytes in, over one open connection.

:class:`PlainWire` works on the raw non-blocking socket; TLS has the same three methods. Waiting is by deadline, see
:mod:`loadgen.journey.http.waiting`.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Final, NamedTuple, Protocol

from loadgen.journey.http.failures import ConnectionReset, Phase, TimedOut
from loadgen.journey.http.sockets import Socket
from loadgen.journey.http.waiting import Waiter

RECEIVE_BYTES: Final = 65536
"""Bytes read at once: a usual page in one piece."""


class Origin(NamedTuple):
    """Where a connection leads.

    Attributes:
        scheme: ``http`` or ``https``.
        host: name or address, in lower case, IPv6 without brackets.
        port: never 0.
    """

    scheme: str
    host: str
    port: int


class End(NamedTuple):
    """When an exchange must be over, whatever moves.

    Attributes:
        at_s: the instant, monotonic.
        limit_s: how long that is, for the message.
    """

    at_s: float
    limit_s: float


NEVER: Final = End(inf, inf)


class Wire(Protocol):
    """One open connection. Methods raise :class:`~loadgen.journey.http.failures.RequestFailed`."""

    protocol: str
    """``http/1.1`` or ``h2``, as agreed by ALPN; ``http/1.1`` without TLS."""

    proxy_head: bytes | None
    """None without a proxy, or through a tunnel. Otherwise requests name the whole URL and carry these header lines."""

    def send(self, data: bytes, deadline_s: float, limit_s: float, end: End = NEVER) -> None:
        """Send all bytes; the first silence may last until the deadline (monotonic), each later one for the limit."""

    def receive(self, deadline_s: float, limit_s: float, phase: Phase) -> bytes:
        """The next bytes, empty when the other side has ended its sending."""

    def is_stale(self) -> bool:
        """Whether an idle connection can be used no more: closed, or bytes came that nobody asked for."""

    def close(self) -> None:
        """Close at once. Harmless when closed already."""


class WatchedWire(Wire, Protocol):
    """A wire that several exchanges share: nobody waits for it, the hub calls when it is time."""

    def send_now(self, data: bytes) -> int:
        """Send what can be sent without waiting, and say how much it was; the rest must follow as it is."""

    def receive_now(self) -> bytes | None:
        """What is there already: None if nothing is, empty at the end."""

    def call_when_readable(self, call: Callable[[], None]) -> None:
        """Have the hub call whenever there is something to read, until the wire is closed."""

    def call_when_writable(self, call: Callable[[], None] | None) -> None:
        """The same for writing, until this is called with None."""


class PlainWire:
    """A wire over a TCP connection.

    Args:
        sock: connected and non-blocking; owned by the wire from now on.
        waiter: of this socket; the same.
        proxy_head: see :attr:`Wire.proxy_head`.
    """

    __slots__ = ("_closed", "_socket", "_waiter", "proxy_head")

    protocol = "http/1.1"

    def __init__(self, sock: Socket, waiter: Waiter | None = None, proxy_head: bytes | None = None) -> None:
        self._socket = sock
        self._waiter = waiter or Waiter(sock.fileno())
        self._closed = False
        self.proxy_head = proxy_head

    def send(self, data: bytes, deadline_s: float, limit_s: float, end: End = NEVER) -> None:
        """Send all bytes."""
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise ConnectionReset(f"the connection broke while sending: {error.strerror}") from error
        if sent < len(data):
            self._send_rest(memoryview(data)[sent:], deadline_s, limit_s, end)

    def _send_rest(self, rest: memoryview, deadline_s: float, limit_s: float, end: End) -> None:
        while rest:
            wait_to_write(self._waiter, deadline_s, limit_s, end)
            try:
                sent = self._socket.send(rest)
            except BlockingIOError:
                continue
            except OSError as error:
                raise ConnectionReset(f"the connection broke while sending: {error.strerror}") from error
            rest = rest[sent:]
            deadline_s = monotonic() + limit_s

    def receive(self, deadline_s: float, limit_s: float, phase: Phase) -> bytes:
        """The next bytes, empty at the end."""
        while True:
            self._waiter.readable(deadline_s, limit_s, phase)
            try:
                return self._socket.recv(RECEIVE_BYTES)
            except BlockingIOError:
                continue
            except OSError as error:
                raise ConnectionReset(f"the connection broke: {error.strerror}") from error

    def is_stale(self) -> bool:
        """Whether the idle connection was closed, or speaks unasked."""
        if self._closed:
            return True
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Close at once."""
        if not self._closed:
            self._closed = True
            self._waiter.close()
            self._socket.close()


def wait_to_write(waiter: Waiter, deadline_s: float, limit_s: float, end: End) -> None:
    """Wait until more can be sent.

    Raises:
        TimedOut: silence until the deadline, or the exchange's time is up.
    """
    if deadline_s < end.at_s:
        waiter.writable(deadline_s, limit_s, "idle")
    elif monotonic() < end.at_s:
        waiter.writable(end.at_s, end.limit_s, "total")
    else:
        raise TimedOut("total", end.limit_s)
