"""Where the shop's capacity comes from: one queue per step, in pure arithmetic.

A station has ``c`` servers. A request takes the server that is free first, is answered one service time
later, and keeps that server for one occupancy::

    arrives        start = max(arrival, earliest free server)
       ├── wait ─────┤
                     ├── service ──┤ answered
                     ├── occupancy ────┤ server free again

    capacity λ = knee · requests per visitor · headroom      requests per second
    servers  c = ⌈λ · service⌉
    occupancy  = c / λ  ≥ service                             so that c servers give exactly λ

Occupancy exceeds service only by the rounding of ``c``; without it a small knee would need service times of
seconds. A wait longer than the limit is refused at once, as a shop's front would. Service and occupancy share
one noise factor (log-normal, mean 1), which leaves λ as it is.

Payment has headroom 1: it saturates first, at the knee. Times are seconds of any monotonic clock, given by the
caller; nothing here reads a clock.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_MAX_WAIT_S = 3.0
"""A shop front gives up on a queue after about as long as a visitor would."""


class Step(StrEnum):
    """What a request is for; each step is one station."""

    HOME = "home"
    CATEGORY = "category"
    SEARCH = "search"
    PRODUCT = "product"
    CART = "cart"
    CHECKOUT = "checkout"
    PAYMENT = "payment"
    LOGIN = "login"
    STATIC = "static"


@dataclass(frozen=True, slots=True)
class StationSpec:
    """What one station is built from.

    Attributes:
        service_s: time to answer one request, without waiting, in seconds.
        requests_per_visitor: how often a visitor of the usual mix comes here.
        headroom: capacity as a multiple of what the knee needs; 1 saturates at the knee.
    """

    service_s: float
    requests_per_visitor: float
    headroom: float

    def capacity(self, knee_per_s: float) -> float:
        """Requests per second that the station can answer for good when the knee is ``knee_per_s`` visitors/s."""
        return knee_per_s * self.requests_per_visitor * self.headroom


SPECS: dict[Step, StationSpec] = {
    # The usual mix, of 100 visitors: 60 look around (2 categories, 2.5 products, half of them search), 10 leave a
    # cart behind, 30 buy (10 of them after a login). A redirect's two requests are two requests.
    Step.HOME: StationSpec(0.012, 1.0, 1.5),
    Step.CATEGORY: StationSpec(0.018, 1.6, 1.4),
    Step.SEARCH: StationSpec(0.035, 0.7, 1.3),
    Step.PRODUCT: StationSpec(0.015, 2.3, 1.4),
    Step.CART: StationSpec(0.020, 0.8, 1.3),
    Step.CHECKOUT: StationSpec(0.030, 0.9, 1.2),
    Step.PAYMENT: StationSpec(0.080, 0.6, 1.0),
    Step.LOGIN: StationSpec(0.060, 0.2, 1.3),
    Step.STATIC: StationSpec(0.001, 8.0, 2.0),
}


@dataclass(frozen=True, slots=True)
class Admission:
    """A request's place in the queue.

    Attributes:
        wait_s: seconds until a server takes it.
        answer_at: instant of its answer; None when the wait is too long and it is refused.
    """

    wait_s: float
    answer_at: float | None


class Station:
    """A virtual queue: keeps when each server will be free, and nothing else.

    Args:
        spec: service time, visits and headroom.
        knee_per_s: new visitors per second at which the shop shall saturate, above 0.
        max_wait_s: longest wait before a request is refused.
    """

    __slots__ = ("_free_at", "_max_wait_s", "_occupancy_s", "_service_s")

    def __init__(self, spec: StationSpec, knee_per_s: float, max_wait_s: float = DEFAULT_MAX_WAIT_S) -> None:
        capacity = spec.capacity(knee_per_s)
        servers = max(1, math.ceil(capacity * spec.service_s))
        self._service_s = spec.service_s
        self._occupancy_s = servers / capacity
        self._max_wait_s = max_wait_s
        self._free_at = [-math.inf] * servers

    @property
    def servers(self) -> int:
        """The number of requests it works on at once."""
        return len(self._free_at)

    @property
    def capacity_per_s(self) -> float:
        """Requests per second it can answer for good."""
        return self.servers / self._occupancy_s

    def admit(self, now_s: float, noise: float = 1.0) -> Admission:
        """Queue a request that arrives at ``now_s``.

        Args:
            now_s: arrival; must not go back between calls.
            noise: factor on this request's service time and occupancy.
        """
        start = max(now_s, self._free_at[0])
        wait = start - now_s
        if wait > self._max_wait_s:
            return Admission(wait, None)
        heapq.heapreplace(self._free_at, start + self._occupancy_s * noise)
        return Admission(wait, start + self._service_s * noise)


def build(knee_per_s: float, max_wait_s: float = DEFAULT_MAX_WAIT_S) -> dict[Step, Station]:
    """Build every station of a shop that saturates at ``knee_per_s`` new visitors per second."""
    return {step: Station(spec, knee_per_s, max_wait_s) for step, spec in SPECS.items()}
