"""A shopper's connections where servers speak HTTP/2: one to an origin, shared by all that the shopper does there.

Which protocol a server speaks is known when the first connection is open (ALPN). Those who come meanwhile wait for it,
and share what comes of it: its connection, its protocol, or its failure. With a server that speaks HTTP/1.1 everything
goes on as for any shopper (:mod:`loadgen.journey.http.connections`).
"""

from __future__ import annotations

from time import monotonic
from typing import Any

from gevent.event import AsyncResult

from loadgen.journey.http.carriers import Carrier
from loadgen.journey.http.connections import Connections, Lane
from loadgen.journey.http.exchange import Connection
from loadgen.journey.http.failures import ConnectionReset, RequestFailed
from loadgen.journey.http.http2.connection import Http2Connection
from loadgen.journey.http.http2.stream import Stream
from loadgen.journey.http.tls import TlsWire
from loadgen.journey.http.wires import Origin


class SharedLane(Lane):
    """The places to one host, as many as its server allows streams.

    Attributes:
        shared: the connection that is shared; None before, or when the server speaks HTTP/1.1.
        dial: the first connection, while it is being opened.
        speaks_1: whether the server chose HTTP/1.1.
    """

    __slots__ = ("_all_places", "dial", "shared", "speaks_1")

    def __init__(self, places: int) -> None:
        super().__init__(places)
        self._all_places = places
        self.shared: Http2Connection | None = None
        self.dial: Any = None
        self.speaks_1 = False

    def resize(self, places: int) -> None:
        """The server allows so many streams. One place is always left: who has it waits for a stream, with a limit."""
        places = max(places, 1)
        self.places += places - self._all_places  # below 0 while there are more than it allows now
        self._all_places = places
        while self.queue and self.places > 0:
            self.places -= 1
            self.queue.pop(0).set(None)

    def leave(self) -> None:
        """Give up a place."""
        if self.places < 0:
            self.places += 1
        else:
            super().leave()


class SharedConnections(Connections):
    """The connections of one shopper, shared where servers speak HTTP/2."""

    __slots__ = ()

    def close(self) -> None:
        """Close all connections, and send away who waits for one: the shopper leaves."""
        lanes = list(self._lanes.values())
        super().close()
        for lane in lanes:
            if isinstance(lane, SharedLane):
                if lane.shared is not None:
                    lane.shared.close()
                if lane.dial is not None:
                    lane.dial.set_exception(ConnectionReset("the client was closed"))

    def shares(self, origin: Origin) -> bool:
        """Whether all exchanges with a host go over one connection."""
        lane = self._lanes.get(origin)
        return isinstance(lane, SharedLane) and lane.shared is not None

    def _new_lane(self) -> Lane:
        return SharedLane(self._settings.concurrency)

    def _open(self, lane: Lane, origin: Origin) -> Carrier:
        if origin.scheme != "https" or not isinstance(lane, SharedLane):
            return super()._open(lane, origin)
        try:
            carrier = self._carrier(lane, origin)
        except BaseException:
            lane.leave()
            raise
        lane.busy.append(carrier)
        return carrier

    def _carrier(self, lane: SharedLane, origin: Origin) -> Carrier:
        until_s = monotonic() + self._settings.first_byte_timeout_s
        while True:
            if self._lanes.get(origin) is not lane:
                raise ConnectionReset("the client was closed")
            if lane.shared is not None:
                if not lane.shared.takes_more():
                    lane.shared = None
                elif lane.shared.await_place(until_s):
                    return Stream(lane.shared, self._settings, origin)
                continue
            if lane.speaks_1:
                return self._connected(lane, origin)
            if lane.dial is None:
                return self._first(lane, origin)
            lane.dial.get()

    def _first(self, lane: SharedLane, origin: Origin) -> Carrier:
        """Open the first connection, before all who come meanwhile."""
        dial = lane.dial = AsyncResult()
        try:
            return self._connected(lane, origin)
        except RequestFailed as error:
            dial.set_exception(error)
            raise
        finally:
            lane.dial = None
            if not dial.ready():
                dial.set(None)  # whatever has come of it; nothing if its shopper was killed: the next one tries

    def _connected(self, lane: SharedLane, origin: Origin) -> Carrier:
        wire = self._dial(origin)
        if self._lanes.get(origin) is not lane:
            wire.close()
            raise ConnectionReset("the client was closed")
        if not isinstance(wire, TlsWire) or wire.protocol != "h2":
            if not lane.speaks_1:
                lane.speaks_1 = True
                lane.resize(self._settings.concurrency)
            return Connection(wire, self._settings, origin)
        if lane.shared is not None and lane.shared.takes_more():
            wire.close()  # servers behind one name that differ: another one has been faster
        else:
            lane.shared = Http2Connection(wire, self._settings, lane.resize)
        return Stream(lane.shared, self._settings, origin)
