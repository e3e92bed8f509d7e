"""What awaits a request before it is answered: its fate and its delay, from faults and stations."""

from __future__ import annotations

import math
import random
from http import HTTPStatus
from typing import NamedTuple

from loadgen.demoshop import stations
from loadgen.demoshop.answers import Answer
from loadgen.demoshop.config import ShopConfig
from loadgen.demoshop.faults import FaultKind, Faults
from loadgen.demoshop.refusals import FAILED, Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.visits import refused

NOISE_SIGMA = 0.25
"""Of the logarithm of a service time: one request in six takes 25 % longer than the median, or more."""


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
        config: knee, longest wait and seed are taken from it.
        faults: those that are on; looked at anew for each request.
    """

    def __init__(self, config: ShopConfig, faults: Faults) -> None:
        self._faults = faults
        self._dice = random.Random(f"service {config.seed}")
        knee = config.knee_per_s
        self._stations = stations.build(knee, config.max_wait_s) if knee else {}

    def admit(self, request: Request, now_s: float) -> Ticket | None:
        """Decide on one request that arrived at ``now_s`` of the loop's clock; None: answer it at once."""
        route = request.route
        if route.control or not (self._faults or self._stations):
            return None
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


def _overloaded(path: bytes, wait_s: float) -> Answer:
    problem = "Too many visitors at once. Please come back in a moment."
    answer = refused(path, Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", problem))
    return answer.with_header(b"Retry-After: %d\r\n" % max(1, math.ceil(wait_s)))
