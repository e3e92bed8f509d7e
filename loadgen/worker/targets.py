"""Whom this worker may aim at.

Its operator names hosts; loopback is always allowed, as is what the worker itself says to Redis. Journey code may ask
for any host, so this is enforced where every connection passes: names when gevent resolves them, addresses by an audit
hook when a socket connects or sends. A refused connection is a ``PermissionError`` in the journey, counted as a
failure.

Patterns: ``shop.example``, ``shop.example:443``, ``*.shop.example`` (any subdomain), ``192.0.2.7``, ``*`` (anything).
"""

from __future__ import annotations

import errno
import ipaddress
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final

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
        self._resolved: defaultdict[str, set[int | None]] = defaultdict(set)

    def allows(self, host: str, port: int | None = None) -> bool:
        """Whether a host name or literal address may be aimed at.

        Args:
            host: a name or an address.
            port: None asks whether any port is allowed.
        """
        name = host.strip("[]").rstrip(".").lower()
        if is_loopback(name):
            return True
        ports = self._ports_of(name) | self._resolved.get(name, set())
        return bool(ports) and (port is None or not ports.isdisjoint({None, port}))

    def _ports_of(self, name: str) -> set[int | None]:
        """The ports that patterns allow for a name; None stands for all of them."""
        return {port for pattern, port in self._patterns if fnmatchcase(name, pattern)}

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

    def resolved(self, host: str, addresses: Iterable[str]) -> None:
        """These addresses belong to an allowed name; the same ports are allowed there."""
        ports = self._ports_of(host.rstrip(".").lower())
        for address in addresses:
            self._resolved[address] |= ports


@lru_cache(maxsize=1024)  # asked for each connection
def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def enforce(targets: AllowedTargets, exempt: Callable[[], bool] = lambda: False) -> None:
    """Let this process connect to nothing else, from now on until it ends.

    Args:
        targets: whom it may aim at.
        exempt: whether the present greenlet may do as it likes.
    """
    hub: Hub = gevent.get_hub()
    hub.resolver = _Resolver(hub.resolver, targets, exempt)

    def on_event(event: str, args: tuple[Any, ...]) -> None:
        if event in _EVENTS and isinstance(args[1], tuple) and not exempt():
            host, port = args[1][:2]
            if not targets.allows(str(host), port):
                raise _refusal(str(host))

    sys.addaudithook(on_event)


_EVENTS: Final = {"socket.connect", "socket.sendto", "socket.sendmsg"}
"""Audit events of what may leave this machine; an address is their second argument."""


class _Resolver:
    """gevent's resolver, for allowed names only; remembers what they resolve to."""

    def __init__(self, inner: Any, targets: AllowedTargets, exempt: Callable[[], bool]) -> None:
        self._inner, self._targets, self._exempt = inner, targets, exempt

    def getaddrinfo(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = self._checked(host)
        found = self._inner.getaddrinfo(host, port, *args, **kwargs)
        self._targets.resolved(name, (str(entry[4][0]) for entry in found))
        return found

    def gethostbyname(self, hostname: Any, *args: Any) -> Any:
        name = self._checked(hostname)
        found = self._inner.gethostbyname(hostname, *args)
        self._targets.resolved(name, [found])
        return found

    def gethostbyname_ex(self, hostname: Any, *args: Any) -> Any:
        name = self._checked(hostname)
        found = self._inner.gethostbyname_ex(hostname, *args)
        self._targets.resolved(name, found[2])
        return found

    def _checked(self, host: Any) -> str:
        name = host.decode(errors="replace") if isinstance(host, bytes) else host or ""
        if name and not self._exempt() and not self._targets.allows(name):
            raise _refusal(name)
        return str(name)

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
