"""What the plan asks of each second, for the whole cluster or one share of it. Pure."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import pairwise
from typing import Final

from loadgen.plan.model import Plan
from loadgen.plan.stream import LoadModel
from loadgen.shapes.arrivals import FULL, Arrivals, Share

_BESIDE_S: Final = 1e-6
"""How near to a corner the level is taken: beside it, as shapes may jump there."""

_LEVEL: Final = 1e-3
"""A level that changes by less between two corners stays the same."""


def users_at(level: float) -> int:
    """How many shoppers a closed stream wants at a level: the nearest whole number."""
    return math.floor(level + 0.5)


def arrivals_of(plan: Plan) -> dict[int, Arrivals]:
    """The arrivals of each open stream, by its index in the plan.

    Every process of the cluster makes the same ones: they follow from the plan alone.
    """
    return {
        index: Arrivals(
            stream.shape,
            stream.arrivals.value,
            seed=plan.seed,
            stream=index,
            weights=list(plan.mix(stream).values()),
        )
        for index, stream in enumerate(plan.load)
        if stream.model is LoadModel.OPEN
    }


def levels_reached(plan: Plan) -> list[tuple[float, int]]:
    """When the closed streams come to a level that they then keep, and how many shoppers that is.

    Returns:
        Seconds from the run's start, and shoppers of the whole cluster; for a plan without closed streams its start.
    """
    closed = plan.streams(LoadModel.CLOSED)
    if not closed:
        return [(0.0, 0)]
    corners = sorted({stream.start + corner_s for stream in closed for corner_s in stream.shape.corners})
    reached: list[tuple[float, int]] = []
    for from_s, to_s in pairwise(corners):
        near_s = min(_BESIDE_S, (to_s - from_s) / 4)
        first, last = (sum(stream.level_at(at_s) for stream in closed) for at_s in (from_s + near_s, to_s - near_s))
        users = users_at(last)
        if abs(first - last) < _LEVEL and (not reached or reached[-1][1] != users):
            reached.append((from_s, users))
    return reached


class PlannedLoad:
    """A plan's load by the second.

    Args:
        plan: the plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._ends_s = plan.duration

    @cached_property
    def _arrivals(self) -> dict[int, Arrivals]:
        return arrivals_of(self._plan)

    def end_at(self, at_s: float) -> None:
        """Ask for nothing from an instant on, seconds since the run's start: the run was stopped then."""
        self._ends_s = min(self._ends_s, max(at_s, 0.0))

    @property
    def ends_s(self) -> float:
        """When the load ends, seconds since the run's start."""
        return self._ends_s

    @property
    def is_cut(self) -> bool:
        """Whether the load ends before its time."""
        return self._ends_s < self._plan.duration

    def due(self, from_s: float, to_s: float, share: Share = FULL) -> dict[int, int]:
        """How many arrivals each open stream has in [from, to), seconds since the run's start, by the plan alone."""
        counts = {}
        for index, arrivals in self._arrivals.items():
            start_s = self._plan.load[index].start
            counts[index] = arrivals.count(from_s - start_s, to_s - start_s, share) if to_s > from_s else 0
        return counts

    def arrivals(self, from_s: float, to_s: float, share: Share = FULL) -> dict[int, int]:
        """The same, but for those after the end of the load: nobody asks for them."""
        return self.due(from_s, min(to_s, self._ends_s), share)

    def planned(self, second: int) -> int:
        """Arrivals due in [second, second + 1) over all open streams."""
        return sum(self.arrivals(second, second + 1).values())

    def users(self, second: int) -> int:
        """Shoppers that the closed streams want just before the end of a second."""
        at_s = second + 1 - 1e-6
        if at_s >= self._ends_s:
            return 0
        return sum(users_at(stream.level_at(at_s)) for stream in self._plan.streams(LoadModel.CLOSED))
