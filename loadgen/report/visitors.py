"""What a summary says of visitors: their steps, their journeys, what they brought, and what slowness cost.

Times in seconds, money in cents of the shop's currency, shares of one.
"""

from __future__ import annotations

from loadgen.report.part import Latency, Part
from loadgen.stats.evidence import VIOLATION


class StepFigures(Part):
    """One step of one journey: its place in the funnel, and its requests.

    entered = completed + abandoned (by reason: ``will``, ``slow``, ``error``) + those whom the generator ended in it.
    ``time_s`` is the time from entering to completing, ``latency_s`` that of its requests.
    ``apdex`` is 0 (all frustrated) to 1 (all satisfied) for the plan's target: :mod:`loadgen.stats.apdex`.
    """

    journey: str
    step: str
    entered: int
    completed: int
    abandoned: dict[str, int]
    time_s: Latency
    apdex: float | None
    requests: int
    failures: int
    error_rate: float | None
    latency_s: Latency


class JourneyFigures(Part):
    """All shoppers of one journey. ``completion`` is the share of the started that came to their own end."""

    journey: str
    started: int
    completed: int
    failed: int
    interrupted: int
    completion: float | None


class Counters(Part):
    """Business figures that journeys counted, such as orders: over all journeys, and by journey."""

    total: dict[str, int]
    by_journey: dict[str, dict[str, int]]

    @property
    def figures(self) -> dict[str, int]:
        """Of the total what is a figure of the business: broken rules are counted too, and told elsewhere."""
        return {name: number for name, number in self.total.items() if not name.startswith(VIOLATION)}


class BusinessFigures(Part):
    """What visits brought, as counted and derived; see :mod:`loadgen.report.business`.

    Attributes:
        carts: visits that put something into their cart.
        basket_cents: mean value of an order; null without one.
        conversion: orders for each visit; null without visits.
        cart_abandonment: share of the carts that were not ordered; null without carts, or if more was ordered.
    """

    visits: int
    product_views: int
    carts: int
    checkouts: int
    orders: int
    revenue_cents: int
    basket_cents: float | None
    conversion: float | None
    cart_abandonment: float | None


class Business(Part):
    """Business figures of the run: over all journeys, by journey, and by device where the plan names devices."""

    total: BusinessFigures
    by_journey: dict[str, BusinessFigures]
    by_device: dict[str, BusinessFigures]


class DeviceStep(Part):
    """One step of one journey, for shoppers with one device; as in :class:`StepFigures`."""

    step: str
    entered: int
    completed: int
    abandoned: dict[str, int]


class DeviceFigures(Part):
    """One journey, for shoppers with one device."""

    journey: str
    device: str
    business: BusinessFigures
    steps: tuple[DeviceStep, ...]


class SlowStep(Part):
    """What slowness cost at one step. Estimates are null where nobody completed it.

    Attributes:
        left: shoppers who left it for slowness.
        passed: shoppers who completed it.
        orders_each: orders that one of these was worth.
        orders_lost, revenue_cents_lost: with those who left.
    """

    journey: str
    step: str
    left: int
    passed: int
    orders_each: float | None
    orders_lost: float | None
    revenue_cents_lost: float | None


class Slowness(Part):
    """What slowness cost, against the same mix without impatience: :mod:`loadgen.report.slowness`.

    Attributes:
        left: shoppers who left a step because it was too slow.
        is_complete: whether it could be estimated for every step; otherwise it cost more.
        orders, revenue_cents: as they were made.
        orders_lost, revenue_cents_lost: the estimate; ``…_low`` and ``…_high`` bound its interval of 95 %.
        conversion: orders for each shopper that started.
        conversion_without: the same, had nobody left for slowness.
        steps: where, in the order of the journeys.
    """

    left: int
    is_complete: bool
    orders: int
    orders_lost: float
    orders_lost_low: float
    orders_lost_high: float
    revenue_cents: int
    revenue_cents_lost: float
    revenue_cents_lost_low: float
    revenue_cents_lost_high: float
    conversion: float | None
    conversion_without: float | None
    steps: tuple[SlowStep, ...]
