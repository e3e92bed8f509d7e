"""A TCP proxy that misbehaves when told: the network between processes and a server, for tests.

::

    process ──up──▶ Cutting ──up──▶ server        each connection that passes is a Link with two ways
            ◀─down─         ◀─down─

    with Cutting(port) as net:          # leads to 127.0.0.1:port, listens on net.port
        net.delay(0.1)                  # each byte takes 100 ms longer, both ways
        net.throttle(10_000)            # bytes a second and connection
        net.hold()                      # black hole: connections stay open, nothing passes, nothing is lost
        net.heal()                      # all of the above is over; what was held goes on its way
        net.cut()                       # connections are reset; new ones pass
        net.shut(); net.open()          # connections are reset and new ones refused; the same port listens again

Every fault is for all connections, those to come too, and for both ways, unless told otherwise::

    net.hold(ways="down")                                   # questions arrive, answers do not
    net.hold(only=lambda link: b"PSYNC" in link.opening)    # only the connections of a replica

Made for some hundred connections; runs in a thread of its own, controlled from any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

CHUNK_BYTES = 65_536
LOOK_S = 0.002
"""How often a way that waits looks whether it may go on."""

OPENING_BYTES = 4096
"""How much of what a client says first is kept, to tell connections apart."""

Ways = Literal["up", "down", "both"]


class Way:
    """One direction of one connection.

    Attributes:
        delay_s: how much longer each byte takes.
        bytes_per_s: at most so many pass in a second; 0 is without limit.
        held: nothing passes.
        passed: bytes that went through.
    """

    def __init__(self) -> None:
        self.delay_s = 0.0
        self.bytes_per_s = 0.0
        self.held = False
        self.passed = 0

    def like(self, other: Way) -> None:
        """Take over another way's faults."""
        self.delay_s, self.bytes_per_s, self.held = other.delay_s, other.bytes_per_s, other.held


class Link:
    """One connection that passes.

    Attributes:
        peer: address of the process that opened it.
        opening: the first bytes that it said.
        up: from the process to the server.
        down: from the server to the process.
    """

    def __init__(self, peer: tuple[str, int]) -> None:
        self.peer = peer
        self.opening = b""
        self.up, self.down = Way(), Way()
        self.transports: list[asyncio.WriteTransport] = []

    def ways(self, ways: Ways) -> list[Way]:
        """Those of its ways that are meant."""
        return [way for name, way in (("up", self.up), ("down", self.down)) if ways in {name, "both"}]


class Cutting:
    """See the module.

    Args:
        port: the server's port.
        host: the server's address.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._server = (host, port)
        self._usual = Link(("", 0))
        self._links: list[Link] = []
        self._loop = asyncio.new_event_loop()
        self._listener: socket.socket | None = None
        self._pumps: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cutting", daemon=True)
        self.port = 0

    def __enter__(self) -> Cutting:
        self._thread.start()
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._do(self._end_pumps())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # -- faults

    @property
    def links(self) -> list[Link]:
        """The connections that are open now."""
        return list(self._links)

    def delay(self, seconds: float, *, ways: Ways = "both", only: Callable[[Link], bool] | None = None) -> None:
        """Let each byte take longer."""
        for way in self._meant(ways, only):
            way.delay_s = seconds

    def throttle(self, bytes_per_s: float, *, ways: Ways = "both", only: Callable[[Link], bool] | None = None) -> None:
        """Let no more bytes a second pass on each connection."""
        for way in self._meant(ways, only):
            way.bytes_per_s = bytes_per_s

    def hold(self, *, ways: Ways = "both", only: Callable[[Link], bool] | None = None) -> None:
        """Let nothing pass: a network without a route. Connections still open; nobody is told anything."""
        for way in self._meant(ways, only):
            way.held = True

    def heal(self) -> None:
        """End all faults; what was held back goes on its way."""
        for link in [self._usual, *self._links]:
            for way in (link.up, link.down):
                way.like(Way())

    def cut(self, only: Callable[[Link], bool] | None = None) -> int:
        """Reset connections, with all that is under way on them; says how many."""
        return self._do(self._cut(only))

    def shut(self) -> None:
        """Reset all connections and refuse new ones."""
        self._do(self._shut())

    def open(self) -> None:
        """Listen; after :meth:`shut` on the same port as before."""
        self._do(self._open())

    # -- within

    def _meant(self, ways: Ways, only: Callable[[Link], bool] | None) -> list[Way]:
        links = [link for link in self._links if only(link)] if only else [self._usual, *self._links]
        return [way for link in links for way in link.ways(ways)]

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _open(self) -> None:
        # Not asyncio's server: that leaves connections open and forgotten which come in as it closes (CPython 3.11).
        listener = socket.create_server(("127.0.0.1", self.port))
        listener.setblocking(False)
        self._loop.add_reader(listener, self._accept, listener)
        self._listener, self.port = listener, listener.getsockname()[1]

    async def _shut(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        await self._cut(None)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):  # gone before it was looked at
            connection, _ = listener.accept()
            pump = self._loop.create_task(self._serve(connection, listener))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _cut(self, only: Callable[[Link], bool] | None) -> int:
        gone = [link for link in self._links if only is None or only(link)]
        for link in gone:
            for transport in link.transports:
                await self._reset(transport)
        self._links = [link for link in self._links if link not in gone]
        return len(gone)

    @staticmethod
    async def _reset(transport: asyncio.WriteTransport) -> None:
        # Linger of 0: the other side sees a reset, not an orderly end.
        with contextlib.suppress(OSError):  # closed already
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await asyncio.sleep(0)

    async def _end_pumps(self) -> None:
        await asyncio.sleep(0.01)  # connections that are just coming in
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _serve(self, connection: socket.socket, listener: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        if self._listener is not listener:  # shut while this one was coming in
            await self._reset(writer.transport)
            return
        link = Link(writer.get_extra_info("peername")[:2])
        link.up.like(self._usual.up)
        link.down.like(self._usual.down)
        link.transports.append(writer.transport)
        self._links.append(link)
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._server)
        except OSError:
            await self._cut(lambda other: other is link)
            return
        link.transports.append(server_writer.transport)
        if link not in self._links:  # cut while its other half was opened
            await self._reset(server_writer.transport)
        try:
            await asyncio.gather(
                self._pump(link, link.up, reader, server_writer), self._pump(link, link.down, server_reader, writer)
            )
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for transport in link.transports:
                transport.abort()
            self._links = [other for other in self._links if other is not link]

    async def _pump(self, link: Link, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One way: what comes in waits in a line, so that a delay takes nothing from the rate."""
        line: deque[tuple[float, bytes]] = deque()
        more = asyncio.Event()

        async def take() -> None:
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(CHUNK_BYTES):
                    if way is link.up and len(link.opening) < OPENING_BYTES:
                        link.opening = (link.opening + data)[:OPENING_BYTES]
                    line.append((self._loop.time(), data))
                    more.set()
            line.append((self._loop.time(), b""))
            more.set()

        taking = asyncio.create_task(take())
        try:
            while True:
                while not line:
                    more.clear()
                    await more.wait()
                came_at, data = line[0]
                while way.held or self._loop.time() < came_at + way.delay_s:
                    await asyncio.sleep(LOOK_S)
                line.popleft()
                if not data:
                    break
                await self._pass_on(way, data, writer)
        finally:
            taking.cancel()
        if writer.can_write_eof():
            writer.write_eof()

    async def _pass_on(self, way: Way, data: bytes, writer: asyncio.StreamWriter) -> None:
        while data:
            size = len(data) if not way.bytes_per_s else max(1, int(way.bytes_per_s * 0.05))
            part, data = data[:size], data[size:]
            writer.write(part)
            await writer.drain()
            way.passed += len(part)
            if way.bytes_per_s:
                await asyncio.sleep(len(part) / way.bytes_per_s)
