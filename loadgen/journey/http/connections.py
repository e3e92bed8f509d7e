"""A shopper's connections: kept between its requests, as many to a host as its settings allow.

A new shopper opens new ones, as a new visitor would. A kept connection may have been closed by the server in the
meantime; :meth:`Connections.replace` gives a fresh one for it, so that a request of which nothing came back can be sent
once more.
"""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Any

from gevent.event import AsyncResult

from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.exchange import Connection
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.tls import TlsSession
from loadgen.journey.http.wires import Origin


class _Lane:
    """The connections to one host: some idle, some busy, and who waits for one."""

    __slots__ = ("busy", "idle", "opening", "queue")

    def __init__(self) -> None:
        self.busy: set[Connection] = set()
        self.opening = 0
        self.idle: list[Connection] = []
        self.queue: deque[Any] = deque()

    def is_full(self, limit: int) -> bool:
        return len(self.busy) + self.opening >= limit


class Connections:
    """The connections of one shopper.

    Args:
        dialer: opens new ones.
        settings: limits.
    """

    __slots__ = ("_dialer", "_lanes", "_settings", "_tls")

    def __init__(self, dialer: Dialer, settings: ClientSettings) -> None:
        self._dialer, self._settings = dialer, settings
        self._lanes: dict[Origin, _Lane] = {}
        self._tls: TlsSession | None = None

    def take(self, origin: Origin) -> Connection:
        """A connection for one exchange; to be given back with :meth:`give_back`.

        Raises:
            RequestFailed: none can be opened.
        """
        lane = self._lanes.get(origin)
        if lane is None:
            lane = self._lanes[origin] = _Lane()
        while lane.is_full(self._settings.concurrency):
            turn: Any = AsyncResult()
            lane.queue.append(turn)
            turn.get()
        while lane.idle:
            connection = lane.idle.pop()
            if monotonic() - connection.idle_since_s < self._settings.keep_alive_s:
                lane.busy.add(connection)
                return connection
            connection.close()
        return self._open(lane, origin)

    def replace(self, stale: Connection) -> Connection:
        """A fresh connection in the place of one that the server had closed.

        Raises:
            RequestFailed: none can be opened.
        """
        stale.close()
        lane = self._lanes[stale.origin]
        lane.busy.discard(stale)
        return self._open(lane, stale.origin)

    def give_back(self, connection: Connection) -> None:
        """An exchange is over; the connection is kept if it can be used again."""
        lane = self._lanes.get(connection.origin)
        if lane is None:
            connection.close()  # the shopper has left meanwhile
            return
        lane.busy.discard(connection)
        if connection.reusable:
            connection.idle_since_s = monotonic()
            lane.idle.append(connection)
        else:
            connection.close()
        self._next(lane)

    def close(self) -> None:
        """Close all connections: the shopper leaves."""
        lanes, self._lanes = self._lanes, {}
        for lane in lanes.values():
            for connection in [*lane.idle, *lane.busy]:
                connection.close()

    def _open(self, lane: _Lane, origin: Origin) -> Connection:
        if origin.scheme == "https" and self._tls is None:
            self._tls = TlsSession()
        lane.opening += 1
        try:
            connection = Connection(self._dialer.open(origin, self._tls), self._settings, origin)
            lane.busy.add(connection)
        except BaseException:
            self._next(lane)
            raise
        finally:
            lane.opening -= 1
        return connection

    def _next(self, lane: _Lane) -> None:
        if lane.queue:
            lane.queue.popleft().set(None)


class Streamed:
    """A body that is still on the wire, and the connection it keeps busy."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connection: Connection, connections: Connections) -> None:
        self._connection, self._connections = connection, connections

    def read_some(self) -> bytes:
        """The next piece, empty at the end; then the connection is given back."""
        try:
            piece = self._connection.read_some()
        except BaseException:
            self._connections.give_back(self._connection)
            raise
        if not piece:
            self._connection.finish()
            self._connections.give_back(self._connection)
        return piece

    def close(self) -> None:
        """Do not read the rest: the connection is closed."""
        self._connection.close()
        self._connections.give_back(self._connection)
