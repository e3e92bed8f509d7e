"""``curve: {points: [[0s, 0/s], [5m, 100/s], [1h, 80/s]]}``: lines through points, such as last year's traffic.

::

      ┤      ●╲
      │     ╱  ╲__●
      │  ●─●       ╲
      ┤●╱           ●
      └──────────────── time of each point, from 0
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from loadgen.shapes.fields import MIN_DURATION_S, Duration, Level
from loadgen.shapes.segments import Piece, PiecewiseShape


def _in_order_of_time(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if len(points) < 2:
        raise ValueError("a curve needs at least two points")
    if points[0][0] != 0:
        raise ValueError("the first point must be at 0s, when the shape starts")
    for i, ((before, _), (after, _)) in enumerate(pairwise(points), start=2):
        if after == before:
            raise ValueError(f"point {i} is at the same time as the one before it ({after:g}s)")
        if after < before:
            raise ValueError(f"point {i} at {after:g}s is before the previous one at {before:g}s")
        if after - before < MIN_DURATION_S:
            raise ValueError(f"point {i} is less than a millisecond after the one before it")
    return points


Points = Annotated[
    tuple[tuple[Duration, Level], ...],
    AfterValidator(_in_order_of_time),
    Field(json_schema_extra={"minItems": 2}),  # min_length would complain of points that are there but wrong
]


class Curve(PiecewiseShape):
    """Straight lines through points of (seconds, level), the first at 0, the times rising."""

    kind: ClassVar[str] = "curve"

    points: Points = Field(description="pairs of time and level, the first at 0s, the times rising")

    def pieces(self) -> Iterable[Piece]:
        """One straight piece between neighbours."""
        return [Piece(t0, t1, level0, level1) for (t0, level0), (t1, level1) in pairwise(self.points)]

    @property
    def start_level(self) -> float:
        """The level of the first point."""
        return self.points[0][1]

    @property
    def end_level(self) -> float:
        """The level of the last point."""
        return self.points[-1][1]
