"""Whom this worker may aim at.

Its operator names hosts; loopback is always allowed, as is what the worker itself needs (Redis). Journey code may ask
for any host, so this is enforced where every connection passes: names when gevent resolves them, addresses by an audit
hook when a socket connects. A refused connection is a ``PermissionError`` in the journey, counted as a failure.

Patterns: ``shop.example``, ``shop.example:443``, ``*.shop.example`` (any subdomain), ``192.0.2.7``, ``*`` (anything).
"""

from __future__ import annotations

import errno
import ipaddress
import sys
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

import gevent
from gevent.hub import Hub

from loadgen.errors import TargetError


class AllowedTargets:
    """The hosts a worker may aim at.

    Args:
        patterns: see the module.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [_split(pattern) for pattern in patterns]
        self._addresses: set[str] = set()

    def allows(self, host: str, port: int | None = None) -> bool:
        """Whether a host name or literal address may be aimed at.

        Args:
            host: a name or an address.
            port: None asks whether any port is allowed.
        """
        name = host.strip("[]").rstrip(".").lower()
        if is_loopback(name) or name in self._addresses:
            return True
        return any(
            fnmatchcase(name, pattern) and (wanted is None or port is None or wanted == port)
            for pattern, wanted in self._patterns
        )

    def check(self, host: str, port: int | None) -> None:
        """Refuse a plan's target.

        Raises:
            TargetError: it is not allowed.
        """
        if not self.allows(host, port):
            raise TargetError(
                f"this worker may not send to {host}",
                hint=f"its operator must allow it: loadgen worker --allow-target {host}",
            )

    def resolved(self, addresses: Iterable[str]) -> None:
        """These addresses belong to an allowed name."""
        self._addresses.update(addresses)


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def enforce(targets: AllowedTargets) -> None:
    """Let this process connect to nothing else, from now on until it ends."""
    hub: Hub = gevent.get_hub()
    hub.resolver = _Resolver(hub.resolver, targets)

    def on_event(event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            address = args[1]
            if isinstance(address, tuple) and not targets.allows(str(address[0]), int(address[1])):
                raise _refusal(str(address[0]))

    sys.addaudithook(on_event)


class _Resolver:
    """gevent's resolver, for allowed names only; remembers what they resolve to."""

    def __init__(self, inner: Any, targets: AllowedTargets) -> None:
        self._inner, self._targets = inner, targets

    def getaddrinfo(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and not self._targets.allows(name):
            raise _refusal(name)
        found = self._inner.getaddrinfo(host, port, *args, **kwargs)
        self._targets.resolved(str(entry[4][0]) for entry in found)
        return found

    def gethostbyname(self, hostname: Any, *args: Any) -> Any:
        if not self._targets.allows(hostname):
            raise _refusal(hostname)
        found = self._inner.gethostbyname(hostname, *args)
        self._targets.resolved([found])
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _refusal(host: str) -> PermissionError:
    return PermissionError(errno.EACCES, f"this worker may not send to {host}: it is no allowed target")


def _split(pattern: str) -> tuple[str, int | None]:
    name = pattern.lower()
    if name.startswith("["):
        address, _, port = name[1:].partition("]")
        return address, int(port[1:]) if port[1:].isdigit() else None
    host, separator, port = name.rpartition(":")
    if separator and port.isdigit() and ":" not in host:
        return host, int(port)
    return name, None
