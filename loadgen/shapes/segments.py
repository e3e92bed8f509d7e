"""The engine of all shapes made of straight pieces.

A level that is a straight line between corners has a parabola as its integral, so everything is in closed form.
Within one segment that starts at time t₀ with level r, slope s and U arrivals before it::

    arrivals_by(t) = U + x·(r + s·x/2)                  x = t − t₀
    due(n)         = t₀ + 2c / (r + √(r² + 2·s·c))      c = n − U

The second is the root of the quadratic in the form that loses no digits when the slope is near 0 (where it becomes
c / r) or the level starts at 0 (where it becomes √(2c / s)). A falling piece is solved backwards from its end, where it
is a rising one: so there is never a difference under the root.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from loadgen.shapes.shape import Shape


class Piece(NamedTuple):
    """A straight line of the level, from one instant to another, in seconds."""

    from_s: float
    to_s: float
    start: float
    end: float


class Segments:
    """Straight pieces one after another, with their prefix sums; levels may jump between pieces.

    Args:
        pieces: at least one, the first from 0, each from where the one before ends; those of no length are left out.
    """

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = tuple(piece for piece in pieces if piece.to_s > piece.from_s)
        self._slopes = tuple((piece.end - piece.start) / (piece.to_s - piece.from_s) for piece in self._pieces)
        areas = ((piece.to_s - piece.from_s) * (piece.start + piece.end) / 2 for piece in self._pieces)
        self._before = tuple(accumulate(areas, initial=0.0))
        self.corners_s = (0.0, *(piece.to_s for piece in self._pieces))
        self.duration_s = self.corners_s[-1]
        self.total = self._before[-1]
        self.peak = max(max(piece.start, piece.end) for piece in self._pieces)

    def rate_at(self, t_s: float) -> float:
        """The level at ``t_s``; after the jump where there is one; 0 outside."""
        if not 0 <= t_s <= self.duration_s:
            return 0.0
        i = self._piece_at(t_s)
        piece = self._pieces[i]
        level = piece.start + self._slopes[i] * (t_s - self.corners_s[i])
        low, high = sorted((piece.start, piece.end))
        return min(max(level, low), high)

    def arrivals_by(self, t_s: float) -> float:
        """The integral of the level from 0 to ``t_s``."""
        if t_s <= 0:
            return 0.0
        if t_s >= self.duration_s:
            return self.total
        i = self._piece_at(t_s)
        x = t_s - self.corners_s[i]
        area = x * (self._pieces[i].start + self._slopes[i] * x / 2)
        return min(self._before[i] + area, self._before[i + 1])

    def due(self, n: float) -> float:
        """The earliest instant by which ``n`` have arrived; infinite beyond the total."""
        if n <= 0:
            return 0.0
        if n > self.total:
            return math.inf
        i = bisect_left(self._before, n) - 1
        from_s, to_s, start, end = self._pieces[i]
        if end < start:
            return max(to_s - _crossing(self._before[i + 1] - n, end, -self._slopes[i]), from_s)
        return min(from_s + _crossing(n - self._before[i], start, self._slopes[i]), to_s)

    def _piece_at(self, t_s: float) -> int:
        return min(bisect_right(self.corners_s, t_s), len(self._pieces)) - 1


def _crossing(area: float, level: float, slope: float) -> float:
    """After how many seconds a level that does not fall has covered an area."""
    twice_mean = level + (math.sqrt(level * level + 2 * slope * area) if slope else level)
    return 2 * area / twice_mean if twice_mean else 0.0


class PiecewiseShape(Shape):
    """Base of the kinds whose level is made of straight pieces: they only say which."""

    @abstractmethod
    def pieces(self) -> Iterable[Piece]:
        """The straight pieces, in order of time."""

    @cached_property
    def _segments(self) -> Segments:
        return Segments(self.pieces())

    @property
    def duration(self) -> float:  # noqa: D102 - said in Shape
        return self._segments.duration_s

    @property
    def peak(self) -> float:  # noqa: D102 - said in Shape
        return self._segments.peak

    @property
    def corners(self) -> tuple[float, ...]:  # noqa: D102 - said in Shape
        return self._segments.corners_s

    def rate_at(self, t_s: float) -> float:  # noqa: D102 - said in Shape
        return self._segments.rate_at(t_s)

    def arrivals_by(self, t_s: float) -> float:  # noqa: D102 - said in Shape
        return self._segments.arrivals_by(t_s)

    def due(self, n: float) -> float:  # noqa: D102 - said in Shape
        return self._segments.due(n)
