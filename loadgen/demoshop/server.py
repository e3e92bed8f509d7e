"""Opens and closes the shop: the listening socket, the signals, the pace of the time limits."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import os
import resource
import signal
from collections.abc import Callable

from loadgen.demoshop.config import ShopConfig
from loadgen.demoshop.http import Connection, Desk
from loadgen.demoshop.reception import Reception
from loadgen.demoshop.shop import Shop
from loadgen.errors import PortError

BACKLOG = 4096
"""Connections that may wait to be accepted: a flash crowd arrives within one turn of the loop."""

PARENT_POLL_S = 0.5
CLOSING_S = 2.0
"""How long answers under way may take when the shop closes."""

TICKS_PER_LIMIT = 10
"""Time limits are kept to within a tenth of the shorter one."""


class ShopServer:
    """A shop that listens on the running event loop.

    Args:
        config: how it is built and where it listens.

    Attributes:
        shop: the shop behind it.
    """

    def __init__(self, config: ShopConfig) -> None:
        self._config = config
        self.shop = Shop(config)
        self._desk: Desk
        self._server: asyncio.Server
        self._pace: asyncio.Task[None]

    async def open(self) -> tuple[str, int]:
        """Start to listen.

        Returns:
            Host and port that it listens on.

        Raises:
            PortError: the address is taken, not allowed, or not one of this machine.
        """
        loop = asyncio.get_running_loop()
        host, port = self._config.host, self._config.port
        self._desk = desk = Desk(self.shop, Reception(self._config, self.shop.faults), loop)
        try:
            self._server = await loop.create_server(lambda: Connection(desk), host, port, backlog=BACKLOG)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host that no name can be, such as a..b
            raise PortError(f"cannot listen on {host}:{port}: {_reason(error)}", hint=_port_hint(port)) from error
        self._pace = loop.create_task(self._keep_limits())
        return host, self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop to listen, let answers under way be written, and end all connections."""
        self._pace.cancel()
        self._server.close()
        connections = self._desk.connections
        for connection in list(connections):
            connection.leave()
        deadline = self._desk.loop.time() + CLOSING_S
        while connections and self._desk.loop.time() < deadline:
            await asyncio.sleep(0.01)
        for connection in list(connections):
            connection.abort()
        while connections:
            await asyncio.sleep(0)
        await self._server.wait_closed()

    async def _keep_limits(self) -> None:
        config = self._config
        tick_s = min(config.request_timeout_s, config.idle_timeout_s) / TICKS_PER_LIMIT
        request_ticks = math.ceil(config.request_timeout_s / tick_s)
        idle_ticks = math.ceil(config.idle_timeout_s / tick_s)
        while True:
            await asyncio.sleep(tick_s)
            for connection in list(self._desk.connections):
                connection.tick(request_ticks, idle_ticks)


def serve(config: ShopConfig, *, ready: Callable[[str, int], None] | None = None) -> None:
    """Keep a shop open until SIGTERM or SIGINT; to be called in the main thread.

    Args:
        config: how it is built and where it listens.
        ready: called once with host and port when it listens.

    Raises:
        PortError: the address is taken, not allowed, or not one of this machine.
    """
    parent = os.getppid()
    _allow_many_connections()
    asyncio.run(_serve(config, ready, parent))


async def _serve(config: ShopConfig, ready: Callable[[str, int], None] | None, parent: int) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = ShopServer(config)
    host, port = await server.open()
    gc.collect()
    gc.freeze()  # the catalogue lives as long as the process: no collection need look at it
    watch = loop.create_task(_until_orphaned(parent, stopped)) if config.exit_with_parent else None
    try:
        if ready is not None:
            ready(host, port)
        await stopped.wait()
    finally:
        if watch is not None:
            watch.cancel()
        await server.close()


async def _until_orphaned(parent: int, stopped: asyncio.Event) -> None:
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_POLL_S)
    stopped.set()


def _allow_many_connections() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # some sandboxes refuse; the usual limit still serves
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "not a host name"
    # asyncio rewrites strerror; a failed look-up of the host has its own, negative, numbers.
    known = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return (known or str(error)).lower()


def _port_hint(port: int) -> str:
    if port and port < 1024:
        return "ports below 1024 need privileges; choose another with --port, or --port 0 for any free one"
    return "choose another with --port, or --port 0 for any free one; --host must be an address of this machine"
