"""A shopper's connections: kept between its requests, as many to a host as its settings allow.

A new shopper opens new ones, as a new visitor would. A kept connection may have been closed by the server in the
meantime; :meth:`Connections.replace` gives a fresh one for it, so that a request of which nothing came back can be sent
once more.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, Final

from gevent.event import AsyncResult

from loadgen.journey.http.carriers import Carrier
from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.exchange import Connection
from loadgen.journey.http.failures import ConnectionReset
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.tls import TlsSession
from loadgen.journey.http.wires import Origin, Wire

REST_S: Final = 1.0
"""After so long a rest a connection is looked at before it is used: servers close idle ones, some with a last word."""


class Lane:
    """The places to one host: connections idle or busy, and who waits for a place, first come, first served.

    A place that falls free is handed to the first who waits, so nobody can slip in between.
    """

    __slots__ = ("busy", "idle", "places", "queue")

    def __init__(self, places: int) -> None:
        self.busy: list[Carrier] = []  # lists, as these are short: a set and a deque would take 900 bytes a shopper
        self.idle: list[Carrier] = []
        self.places = places
        self.queue: list[Any] = []

    def enter_at_once(self) -> bool:
        """Take a place if one is free."""
        if self.places <= 0:
            return False
        self.places -= 1
        return True

    def wait(self) -> None:
        """Wait for a place, and take it."""
        turn: Any = AsyncResult()
        self.queue.append(turn)
        try:
            turn.get()
        except BaseException:
            if turn.ready():
                self.leave()  # the place was ours already
            else:
                self.queue.remove(turn)
            raise

    def leave(self) -> None:
        """Give a place up."""
        if self.queue:
            self.queue.pop(0).set(None)
        else:
            self.places += 1


class Connections:
    """The connections of one shopper.

    ::

        enter_at_once, or enter ─▶ take ─▶ exchange ─▶ give_back
                                     └── replace ──┘

    Args:
        dialer: opens new ones.
        settings: limits.
    """

    __slots__ = ("_dialer", "_lanes", "_settings", "_tls")

    def __init__(self, dialer: Dialer, settings: ClientSettings) -> None:
        self._dialer, self._settings = dialer, settings
        self._lanes: dict[Origin, Lane] = {}
        self._tls: TlsSession | None = None

    def enter_at_once(self, origin: Origin) -> bool:
        """Get a place for one exchange with that host, if one is free; given up by :meth:`take` or :meth:`leave`."""
        lane = self._lanes.get(origin)
        if lane is None:
            lane = self._lanes[origin] = self._new_lane()
        return lane.enter_at_once()

    def enter(self, origin: Origin) -> None:
        """Wait for a place; see :meth:`enter_at_once`.

        Raises:
            ConnectionReset: the shopper left meanwhile.
        """
        if not self.enter_at_once(origin):
            self._lanes[origin].wait()

    def shares(self, origin: Origin) -> bool:  # noqa: ARG002 - it depends on the host where HTTP/2 is spoken
        """Whether all exchanges with a host go over one connection."""
        return False

    def leave(self, origin: Origin) -> None:
        """Give up a place without having used it."""
        lane = self._lanes.get(origin)
        if lane is not None:
            lane.leave()

    def take(self, origin: Origin) -> Carrier:
        """A connection for one exchange, on the place that was entered; to be given back with :meth:`give_back`.

        Raises:
            RequestFailed: none can be opened; the place is given up.
        """
        lane = self._lanes.get(origin)
        if lane is None:
            raise ConnectionReset("the client was closed")
        while lane.idle:
            connection = lane.idle.pop()
            rested_s = monotonic() - connection.idle_since_s
            if rested_s < self._settings.keep_alive_s and (rested_s < REST_S or not connection.wire.is_stale()):
                lane.busy.append(connection)
                return connection
            connection.close()
        return self._open(lane, origin)

    def replace(self, stale: Carrier) -> Carrier:
        """A fresh connection in the place of one that the server had closed.

        Raises:
            RequestFailed: none can be opened; the place is given up.
        """
        stale.close()
        lane = self._lanes.get(stale.origin)
        if lane is None or stale not in lane.busy:
            raise ConnectionReset("the client was closed")
        lane.busy.remove(stale)
        return self._open(lane, stale.origin)

    def give_back(self, connection: Carrier) -> None:
        """An exchange is over; the connection is kept if it can be used again."""
        lane = self._lanes.get(connection.origin)
        if lane is None or connection not in lane.busy:
            connection.close()  # the shopper has left meanwhile, or the place was given up already
            return
        lane.busy.remove(connection)
        if connection.reusable:
            connection.idle_since_s = monotonic()
            lane.idle.append(connection)
        else:
            connection.close()
        lane.leave()

    def close(self) -> None:
        """Close all connections, and send away who waits for one: the shopper leaves."""
        lanes, self._lanes = self._lanes, {}
        for lane in lanes.values():
            for connection in [*lane.idle, *lane.busy]:
                connection.close()
            while lane.queue:
                lane.queue.pop(0).set_exception(ConnectionReset("the client was closed"))

    def _new_lane(self) -> Lane:
        return Lane(self._settings.concurrency)

    def _open(self, lane: Lane, origin: Origin) -> Carrier:
        try:
            connection = Connection(self._dial(origin), self._settings, origin)
        except BaseException:
            lane.leave()
            raise
        lane.busy.append(connection)
        return connection

    def _dial(self, origin: Origin) -> Wire:
        if origin.scheme == "https" and self._tls is None:
            self._tls = TlsSession()
        return self._dialer.open(origin, self._tls)


def connections_for(dialer: Dialer, settings: ClientSettings) -> Connections:
    """A shopper's connections, by the protocol that it speaks."""
    if settings.http == "1.1":
        return Connections(dialer, settings)
    from loadgen.journey.http.http2.sharing import SharedConnections

    return SharedConnections(dialer, settings)


class Streamed:
    """A body that is still on the wire, and the connection it keeps busy until the body is read or dropped."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connection: Carrier, connections: Connections) -> None:
        self._connection: Carrier | None = connection
        self._connections = connections

    def read_some(self) -> bytes:
        """The next piece, empty at the end; then the connection is given back.

        Raises:
            RequestFailed: the rest of the body does not come.
        """
        connection = self._connection
        if connection is None:
            return b""
        try:
            piece = connection.read_some()
            if not piece:
                connection.finish()
        except BaseException:
            self.close()
            raise
        if not piece:
            self._connection = None
            self._connections.give_back(connection)
        return piece

    def close(self) -> None:
        """Do not read the rest: the connection is closed. Harmless when all was read."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
            self._connections.give_back(connection)

    def __del__(self) -> None:
        self.close()


class Arrived:
    """A body that was to be left on the wire, but came together with its headers."""

    __slots__ = ("_chunks",)

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def read_some(self) -> bytes:
        """All of it, then nothing."""
        chunks, self._chunks = self._chunks, []
        return b"".join(chunks)

    def close(self) -> None:
        """Nothing is kept busy."""
