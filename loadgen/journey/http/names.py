"""Where hosts are: their addresses, asked for once in a while and kept for a process's shoppers together.

A thousand new shoppers a second must not be a thousand questions to the name server, and yet a shop that moves, or
adds addresses, must be followed. So a host's addresses are kept for a time; of those who need them then, one asks. The
others wait for it, or use the addresses from before, which go on being used when a question fails.

Questions go to the event loop's resolver, where a worker's operator guards whom it may aim at.

All instants are of ``time.monotonic``.
"""

from __future__ import annotations

import ipaddress
import math
import socket
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final, NamedTuple

import gevent
from gevent.greenlet import Greenlet

from loadgen.journey.http.failures import ConnectFailed, NameUnknown, RequestFailed

FAILURE_S: Final = 1.0
"""How long a failed question is not asked again: name servers in trouble get no flood on top."""

REST_S: Final = 10.0
"""How long an address that could not be connected to is tried last."""


class Address(NamedTuple):
    """One address of a host.

    Attributes:
        family: of sockets, ``AF_INET`` or ``AF_INET6``.
        ip: as text.
        scope: flow and scope of an IPv6 address, nothing for IPv4.
    """

    family: int
    ip: str
    scope: tuple[int, ...] = ()


class Host:
    """What is known of one host.

    Args:
        name: or a literal address.
    """

    __slots__ = ("_addresses", "_asked_s", "_failed_s", "_failure", "_question", "_resting", "_turn", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._addresses: Sequence[Address] = ()
        self._asked_s = self._failed_s = -math.inf
        self._failure: RequestFailed = NameUnknown(f"the name {name} was never looked up")
        self._question: Greenlet | None = None
        self._resting: dict[Address, float] = {}
        self._turn = 0

    def turn(self, ttl_s: float, deadline_s: float) -> tuple[int, list[Address]]:
        """The addresses for one connection, in the order to try them.

        Each connection begins with the next address, so that all of them are used. Those that rest come last.

        Args:
            ttl_s: how long addresses are kept.
            deadline_s: how long to wait for an answer.

        Returns:
            How many times all addresses have been begun with, and the addresses.

        Raises:
            RequestFailed: it has none: ``NameUnknown``, or ``ConnectFailed`` if the worker's operator forbids it.
        """
        now_s = monotonic()
        if now_s - self._asked_s >= ttl_s and now_s - self._failed_s >= FAILURE_S:
            self._ask(now_s, deadline_s)
        if not self._addresses:
            raise type(self._failure)(*self._failure.args)
        rounds, first = divmod(self._turn, len(self._addresses))
        self._turn += 1
        order = [*self._addresses[first:], *self._addresses[:first]]
        if self._resting:
            order.sort(key=lambda address: self._resting.get(address, 0.0) > now_s)
        return rounds, order

    def rest(self, address: Address) -> None:
        """An address could not be connected to: others first, for a while."""
        self._resting[address] = monotonic() + REST_S

    def _ask(self, now_s: float, deadline_s: float) -> None:
        """Wait for an answer. With addresses from before at hand, one waits half of its time, the others not at all."""
        patience_s = deadline_s - now_s
        if self._addresses:
            if self._question is not None:
                return
            patience_s /= 2
        if self._question is None:
            self._question = gevent.spawn(self._look_up)
        self._question.join(max(0.0, patience_s))
        if self._question is not None and not self._addresses:
            raise NameUnknown(f"the name {self.name} did not resolve within {patience_s:.3g} s")

    def _look_up(self) -> None:
        try:
            found = gevent.get_hub().resolver.getaddrinfo(self.name, 0, 0, socket.SOCK_STREAM)
            self._addresses = tuple(dict.fromkeys(_address(entry) for entry in found))
            self._asked_s = math.inf if _is_literal(self.name) else monotonic()
            self._resting = {}
        except PermissionError as error:
            self._fail(ConnectFailed(error.strerror or str(error)))
        except OSError as error:
            self._fail(NameUnknown(f"the name {self.name} does not resolve: {error.strerror or error}"))
        except ValueError:  # also of IDNA
            self._fail(NameUnknown(f"{self.name} is no name of a host"))
        finally:
            self._question = None

    def _fail(self, failure: RequestFailed) -> None:
        self._failure, self._failed_s = failure, monotonic()


class Names:
    """The hosts that a process has asked for."""

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}

    def host(self, name: str) -> Host:
        """What is known of a host, perhaps nothing yet."""
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name)
        return host


NAMES: Final = Names()
"""Those of this process."""


def _address(entry: Any) -> Address:
    family, _, _, _, place = entry
    return Address(family, place[0], tuple(place[2:]))


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
