"""What slowness cost: the orders and the revenue of shoppers who left because the shop was too slow.

It is estimated for each journey against the same shoppers with patience without end. Those who left a step for
slowness had got as far as those who completed it, so each of them is taken to have been worth as many orders as one of
the latter was in the mean. Of steps in the order in which shoppers come to them, from the last one backwards::

    worth(s)  =  (O + Σ left(t) · worth(t) over the steps t behind s) / passed(s)
    lost      =  Σ left(s) · worth(s)                          orders, and times the mean basket: revenue

    O           orders that were made
    left(s)     shoppers who left s for slowness
    passed(s)   shoppers who completed s; where it is done more than once by each, at most as many as started

The sum in ``worth`` adds what those who passed s would have ordered had they not left a later step for slowness. In a
straight line in which patience has nothing to do with the wish to buy, this is exact in the mean (the estimator of
Kaplan and Meier, with those who left for slowness as censored). In graphs with ways back ``passed`` may be too large:
then the estimate is too small. Where nobody passed, worth is not known: the estimate is then not complete, and says so.

The interval is of 95 %, lost ± 1.96 σ and never below 0. Orders of one shopper are taken to vary as a Poisson number,
and the errors of the steps to go together, as they come from the same orders::

    σ²  =  (Σ left(s) · √(worth(s) / passed(s)))²  +  Σ left(s) · worth(s)
             how well worth is known                   what these shoppers would happen to do
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from loadgen.report.visitors import Slowness, SlowStep, StepFigures
from loadgen.stats import Tally

ORDERS: Final = "orders"
REVENUE: Final = "revenue_cents"
"""Names of the business counters that are looked at."""

SLOW: Final = "slow"
"""The reason of those who left for slowness."""

_Z95: Final = 1.96


def slowness(total: Tally, steps: Sequence[StepFigures]) -> Slowness | None:
    """What slowness cost a run.

    Args:
        total: the whole run.
        steps: of all journeys, in the order in which shoppers come to them.

    Returns:
        The estimate; None when nobody left for slowness.
    """
    slow_steps: list[SlowStep] = []
    variance = revenue_variance = 0.0
    known = True
    for journey, group in groupby(steps, key=lambda step: step.journey):
        orders = total.counters[journey, ORDERS]
        basket_cents = total.counters[journey, REVENUE] / orders if orders > 0 else 0.0
        own = list(_of_journey(total, list(group), orders, basket_cents))
        own_variance = _variance(own)
        variance += own_variance
        revenue_variance += own_variance * basket_cents**2
        known = known and all(step.orders_lost is not None for step in own)
        slow_steps += own
    if not slow_steps:
        return None
    lost = sum(step.orders_lost or 0.0 for step in slow_steps)
    revenue = sum(step.revenue_cents_lost or 0.0 for step in slow_steps)
    made = sum(amount for (_, name), amount in total.counters.items() if name == ORDERS)
    earned = sum(amount for (_, name), amount in total.counters.items() if name == REVENUE)
    started = sum(counts.started for counts in total.journeys.values())
    margin, revenue_margin = _Z95 * math.sqrt(variance), _Z95 * math.sqrt(revenue_variance)
    return Slowness(
        left=sum(step.left for step in slow_steps),
        is_complete=known,
        orders=made,
        orders_lost=round(lost, 3),
        orders_lost_low=round(max(lost - margin, 0.0), 3),
        orders_lost_high=round(lost + margin, 3),
        revenue_cents=earned,
        revenue_cents_lost=round(revenue, 1),
        revenue_cents_lost_low=round(max(revenue - revenue_margin, 0.0), 1),
        revenue_cents_lost_high=round(revenue + revenue_margin, 1),
        conversion=made / started if started else None,
        conversion_without=(made + lost) / started if started else None,
        steps=tuple(slow_steps),
    )


def _of_journey(total: Tally, steps: Sequence[StepFigures], orders: int, basket_cents: float) -> Iterable[SlowStep]:
    """The steps that somebody left for slowness; in the order of the journey."""
    behind, found = 0.0, []
    for step in reversed(steps):
        left = step.abandoned.get(SLOW, 0)
        if not left:
            continue
        passed = _passed(total, step)
        worth = (orders + behind) / passed if passed else None
        lost = None if worth is None else left * worth
        behind += lost or 0.0
        found.append(
            SlowStep(
                journey=step.journey,
                step=step.step,
                left=left,
                passed=passed,
                orders_each=None if worth is None else round(worth, 6),
                orders_lost=None if lost is None else round(lost, 3),
                revenue_cents_lost=None if lost is None else round(lost * basket_cents, 1),
            )
        )
    return reversed(found)


def _passed(total: Tally, step: StepFigures) -> int:
    """Shoppers who completed a step, as far as counts can tell: each may have done so more than once."""
    journey = total.journeys.get(step.journey)
    return min(step.completed, journey.started) if journey and journey.started else step.completed


def _variance(steps: Sequence[SlowStep]) -> float:
    known = [(step.left, step.orders_each, step.passed) for step in steps if step.orders_each]
    of_worth = sum(left * math.sqrt(worth / passed) for left, worth, passed in known)
    return of_worth**2 + sum(left * worth for left, worth, _ in known)
