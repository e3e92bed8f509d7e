"""What a plan will ask for, before anyone has run it: sessions, requests, workers.

Only arrivals and levels are known from a plan. How many requests a session makes depends on its journey, and how
long it takes on the shop, so everything here that goes beyond arrivals is an estimate and is shown as one. With
``q`` requests per session::

              sessions                       requests               peak requests per second
    open      arrivals                       sessions · q · tasks   arrival rate · q · tasks
    closed    shopper-seconds / SESSION_S    sessions · q           shoppers · q / SESSION_S
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from loadgen.plan.model import Plan
from loadgen.plan.stream import LoadModel, Stream
from loadgen.shapes.preview import levels

REQUESTS_PER_SESSION = 8.0
"""Home, search, two products, cart, checkout, payment, confirmation: a whole visit without a page's assets."""

SESSION_S = 60.0
"""Eight pages with some seconds of thinking between them: what a closed shopper takes before the next visit."""

REQUESTS_PER_WORKER = 1000.0
"""Per second and worker process. Locust's documentation gives 4,000/s on one core for its slower client in the best
case; a quarter of that leaves room for journeys that parse pages."""

_SLICES = 500


@dataclass(frozen=True)
class Estimate:
    """What is to be expected of a plan.

    Attributes:
        sessions: by user, over all streams.
        requests: in the whole run.
        peak_requests: per second, at the planned peak.
        workers: worker processes needed for that, at least 1.
    """

    sessions: dict[str, float]
    requests: float
    peak_requests: float
    workers: int


def estimate(plan: Plan, requests_per_session: Mapping[str, float] | None = None) -> Estimate:
    """Estimate what a plan asks for.

    Args:
        plan: the plan.
        requests_per_session: by user, where it is known; :data:`REQUESTS_PER_SESSION` for the others.
    """
    known = requests_per_session or {}
    per_session = {user: known.get(user, REQUESTS_PER_SESSION) for user in plan.users}
    sessions = dict.fromkeys(plan.users, 0.0)
    requests = 0.0
    per_level = []
    for stream in plan.load:
        mean = stream.session * sum(share * per_session[user] for user, share in plan.mix(stream).items())
        visits = sessions_of(stream)
        for user, share in plan.mix(stream).items():
            sessions[user] += visits * share
        requests += visits * mean
        per_level.append(mean if stream.model is LoadModel.OPEN else mean / SESSION_S)
    peak = _peak_requests(plan, per_level)
    return Estimate(sessions, requests, peak, max(1, math.ceil(peak / REQUESTS_PER_WORKER)))


def sessions_of(stream: Stream) -> float:
    """How many sessions a stream starts: known for the open model, an estimate for the closed one."""
    return stream.shape.total if stream.model is LoadModel.OPEN else stream.shape.total / SESSION_S


def _peak_requests(plan: Plan, per_level: list[float]) -> float:
    each = [levels([(stream.shape, stream.start)], plan.duration, _SLICES) for stream in plan.load]
    peak = 0.0
    for slice_levels in zip(*each, strict=True):
        peak = max(peak, sum(level * factor for level, factor in zip(slice_levels, per_level, strict=True)))
    return peak
