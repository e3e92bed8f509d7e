"""Opens connections for the shoppers of one user class.

::

    open(origin) ──▶ names: addresses of the host, or of the proxy
                 ──▶ connect: one address after the other, from the next source address
                 ──▶ https: through a proxy by a tunnel; then the TLS handshake
                 ──▶ Wire

The sockets are the operating system's own, not gevent's: a wire waits by itself (:mod:`loadgen.journey.http.waiting`).
All instants are of ``time.monotonic``.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Final

from loadgen.errors import JourneyError
from loadgen.journey.http.certificates import context_of
from loadgen.journey.http.failures import ConnectFailed, NameUnknown, TimedOut
from loadgen.journey.http.names import NAMES, Address, Names
from loadgen.journey.http.proxies import open_tunnel, read_proxy
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.sockets import Socket
from loadgen.journey.http.tls import TlsSession, secure
from loadgen.journey.http.waiting import Waiter
from loadgen.journey.http.wires import Origin, PlainWire, Wire

_NOT_BLOCKING: Final[int] = getattr(socket, "SOCK_NONBLOCK", 0)
"""Asked for with the socket where that can be: one system call less. 0 elsewhere."""

_BIND_LATE: Final[int | None] = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", None)
"""Lets Linux choose the port when connecting, so that it is free for one destination, not for all (ip(7))."""

_REMOTE: Final = frozenset(
    {errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT}
)
"""Errors that are the address's own; others would meet any address."""

_UNDER_WAY: Final = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK})

_LOCAL: Final = {
    errno.EADDRNOTAVAIL: "no local port is left: use more source addresses, a wider net.ipv4.ip_local_port_range,"
    " or keep connections",
    errno.EMFILE: "too many open files: raise the worker's limit (ulimit -n)",
    errno.ENFILE: "too many open files on this machine: raise fs.file-max",
}


class Dialer:
    """Opens connections. Shared by all shoppers of one user class in a process.

    Args:
        settings: timeouts, proxy, certificates, source addresses.
        names: where hosts are.

    Raises:
        JourneyError: the proxy's address, a source address or a certificate's file cannot be used.
    """

    def __init__(self, settings: ClientSettings, names: Names = NAMES) -> None:
        self._settings = settings
        self._names = names
        self._proxy = read_proxy(settings.proxy) if settings.proxy else None
        self._sources = _by_family(settings.source_addresses)
        if settings.tls.ca_file or settings.tls.client_certificate:
            context_of(settings.tls, settings.http)  # a wrong path is known before the first shopper comes

    def open(self, origin: Origin, session: TlsSession | None) -> Wire:
        """Open a connection.

        Args:
            origin: where to.
            session: the shopper's, for TLS; None resumes nothing.

        Raises:
            RequestFailed: ``NameUnknown``, ``ConnectFailed``, ``TlsFailed``, ``TimedOut`` or ``ConnectionReset``.
        """
        settings, proxy = self._settings, self._proxy
        if not origin.host.isascii() or not origin.host.isprintable() or " " in origin.host:
            raise NameUnknown(f"{origin.host!r} is no name of a host")
        limit_s = settings.connect_timeout_s
        deadline_s = monotonic() + limit_s
        near = proxy or origin
        sock, waiter = self._connect(near.host, near.port, deadline_s)
        try:
            if proxy:
                _announce(sock, origin)
            if origin.scheme == "http":
                return PlainWire(sock, waiter, proxy.head if proxy else None)
            if proxy:
                tunnel = PlainWire(sock, waiter)
                open_tunnel(tunnel, proxy, origin, deadline_s, limit_s, settings.max_header_bytes)
            return secure(sock, waiter, origin, settings, session)
        except BaseException:
            waiter.close()
            sock.close()
            raise

    def _connect(self, name: str, port: int, deadline_s: float) -> tuple[Socket, Waiter]:
        """Try a host's addresses; each has its part of the time that is left."""
        host = self._names.host(name)
        rounds, addresses = host.turn(self._settings.dns_ttl_s, deadline_s)
        refusals: dict[str, str] = {}
        last: OSError | None = None
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            until_s = monotonic() + (deadline_s - monotonic()) / left
            try:
                return self._attempt(address, port, rounds, until_s)
            except TimedOut:
                host.rest(address)
            except OSError as error:
                if error.errno in _REMOTE:
                    host.rest(address)
                last = error
                refusals[address.ip] = _LOCAL.get(error.errno or 0) or error.strerror or str(error)
        if not refusals:
            raise TimedOut("connect", self._settings.connect_timeout_s)
        told = "; ".join(f"{refusals.get(address.ip, 'no answer')} ({address.ip})" for address in addresses)
        far_end = f"the proxy {name}:{port}" if self._proxy else f"{name}:{port}"
        raise ConnectFailed(f"no connection to {far_end}: {told}") from last

    def _attempt(self, address: Address, port: int, rounds: int, until_s: float) -> tuple[Socket, Waiter]:
        sock = Socket(address.family, socket.SOCK_STREAM | _NOT_BLOCKING)
        waiter = None
        try:
            if not _NOT_BLOCKING:
                sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._sources:
                _bind(sock, self._sources.get(address.family, ()), rounds)
            waiter = Waiter(sock.fileno())
            failed = sock.connect_ex((address.ip, port, *address.scope))
            if failed in _UNDER_WAY:
                failed = 0
                if not _is_connected(sock):
                    waiter.writable(until_s, self._settings.connect_timeout_s, "connect")
                    failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                raise OSError(failed, os.strerror(failed))  # noqa: TRY301 - as connect() would have raised it
        except BaseException:
            if waiter:
                waiter.close()
            sock.close()
            raise
        return sock, waiter


def _is_connected(sock: Socket) -> bool:
    """Whether it has connected already. A near host has, and a turn of the event loop is saved (11 of 59 µs)."""
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


def _bind(sock: Socket, sources: Sequence[str], rounds: int) -> None:
    """Send from the next source address: the next when all of the host's had their turn, so that each meets each."""
    if not sources:
        raise ConnectFailed("no source address of this family is set")
    source = sources[rounds % len(sources)]
    if _BIND_LATE is not None:
        sock.setsockopt(socket.IPPROTO_IP, _BIND_LATE, 1)
    try:
        sock.bind((source, 0))
    except OSError as error:
        raise ConnectFailed(f"cannot send from {source}: {error.strerror}") from error


def _announce(sock: Socket, origin: Origin) -> None:
    """Tell the process's audit hooks where a connection through a proxy leads: a worker's operator may forbid it.

    Raises:
        ConnectFailed: it is forbidden.
    """
    try:
        sys.audit("socket.connect", sock, (origin.host, origin.port))
    except PermissionError as error:
        raise ConnectFailed(error.strerror or str(error)) from error


def _by_family(sources: Sequence[str]) -> Mapping[int, Sequence[str]]:
    found: dict[int, list[str]] = {}
    for source in sources:
        try:
            version = ipaddress.ip_address(source).version
        except ValueError as error:
            raise JourneyError(
                f"the source address {source} is none", hint="write addresses of this machine, such as 192.0.2.7"
            ) from error
        found.setdefault(socket.AF_INET if version == 4 else socket.AF_INET6, []).append(source)
    return found
