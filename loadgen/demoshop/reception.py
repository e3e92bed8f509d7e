"""What awaits a request before it is answered: its fate and its delay, from waiting room, faults and stations."""

from __future__ import annotations

import math
import random
from http import HTTPStatus
from typing import NamedTuple

from loadgen.demoshop import stations
from loadgen.demoshop.answers import Answer, html
from loadgen.demoshop.config import ShopConfig
from loadgen.demoshop.faults import FaultKind, Faults
from loadgen.demoshop.refusals import FAILED, Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.stations import Step
from loadgen.demoshop.visits import refused, refused_json
from loadgen.demoshop.waiting_room import WaitingRoom

NOISE_SIGMA = 0.25
"""Of the logarithm of a service time: one request in six takes 25 % longer than the median, or more."""


_QUEUE_PAGE = b"""<!DOCTYPE html>
<title>One moment, please</title>
<h1>You are in the queue</h1>
<p class="message" data-code="queued" data-wait="%d">It is your turn in about %d s. This page asks again by itself.</p>
"""


class Ticket(NamedTuple):
    """What awaits a request.

    Attributes:
        fate: REFUSE, STALL or RESET; None: it is answered.
        delay_s: seconds until then.
        answer: the answer, when it is known already; None: its page.
    """

    fate: FaultKind | None
    delay_s: float
    answer: Answer | None


class Reception:
    """Sends each request through the faults and to its station.

    Args:
        config: waiting room, knee, longest wait and seed are taken from it.
        faults: those that are on; looked at anew for each request.
    """

    def __init__(self, config: ShopConfig, faults: Faults) -> None:
        self._faults = faults
        self._dice = random.Random(f"service {config.seed}")
        self._room = WaitingRoom(config.waiting_room_per_s) if config.waiting_room_per_s else None
        knee = config.knee_per_s
        self._stations = stations.build(knee, config.max_wait_s) if knee else {}

    def admit(self, request: Request, now_s: float) -> Ticket | None:
        """Decide on one request that arrived at ``now_s`` of the loop's clock; None: answer it at once."""
        route = request.route
        if route.control or not (self._faults or self._stations or self._room):
            return None
        if self._room and route.step is not Step.STATIC:
            queued = _queued(self._room, request, now_s)
            if queued is not None:
                return Ticket(None, 0.0, queued)
        fate, delay_s = self._faults.strike(route.step) if self._faults else (None, 0.0)
        if fate in (FaultKind.REFUSE, FaultKind.STALL):
            return Ticket(fate, 0.0, None)
        if fate is FaultKind.ERROR:
            return Ticket(None, delay_s, refused(request.path, FAILED))
        if route.step is not None and self._stations:
            admission = self._stations[route.step].admit(now_s, self._noise())
            if admission.answer_at is None:
                return Ticket(None, delay_s, _overloaded(request.path, admission.wait_s))
            delay_s += admission.answer_at - now_s
        return Ticket(fate, delay_s, None) if fate or delay_s else None

    def _noise(self) -> float:
        # exp(N(−σ²/2, σ)) has mean 1: noise leaves the capacity as it is.
        return self._dice.lognormvariate(-(NOISE_SIGMA**2) / 2, NOISE_SIGMA)


def _queued(room: WaitingRoom, request: Request, now_s: float) -> Answer | None:
    wait_s = room.wait_s(request.headers.get(b"cookie", b""), now_s)
    if wait_s is not None and wait_s <= 0:
        return None
    headers = b""
    if wait_s is None:
        ticket, wait_s = room.issue(now_s)
        headers = b"Set-Cookie: queue=%b; Path=/; HttpOnly; SameSite=Lax\r\n" % ticket
    wait = max(1, math.ceil(wait_s))
    headers += b"Retry-After: %d\r\nRefresh: %d\r\n" % (wait, wait)
    if request.path.startswith(b"/api/"):
        problem = f"It is your turn in about {wait} s."
        refusal = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "queued", problem)
        return refused_json(refusal).with_header(headers)
    return html(_QUEUE_PAGE % (wait, wait)).with_header(headers)


def _overloaded(path: bytes, wait_s: float) -> Answer:
    problem = "Too many visitors at once. Please come back in a moment."
    answer = refused(path, Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", problem))
    return answer.with_header(b"Retry-After: %d\r\n" % max(1, math.ceil(wait_s)))
