"""The highest sum of several shapes that start at different times.

One shape knows its own peak. A sum of shapes can only peak where one of them has a corner, or
in between where a wave bends; so all corners are looked at, both sides of each, and a fine grid besides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadgen import shapes
from loadgen.shapes import Shape

GRID = 2_000
"""Instants looked at besides the corners: a wave moves less than 0.001 % of its height in half a step."""

_JUST_BEFORE_S = 1e-6


def peak(placed: Sequence[tuple[Shape, float]]) -> float:
    """The highest level of the sum.

    Args:
        placed: each shape with its start in seconds.

    Returns:
        The level in the shapes' own unit; 0 without shapes.
    """
    if len(placed) == 1:
        return placed[0][0].peak
    return max((_level(placed, t_s) for t_s in _instants(placed)), default=0.0)


def _level(placed: Sequence[tuple[Shape, float]], t_s: float) -> float:
    return sum(shape.rate_at(t_s - start_s) for shape, start_s in placed)


def _instants(placed: Sequence[tuple[Shape, float]]) -> Iterator[float]:
    if not placed:
        return
    end_s = max(start_s + shape.duration for shape, start_s in placed)
    yield from (end_s * step / GRID for step in range(GRID + 1))
    for shape, start_s in placed:
        for corner_s in _corners(shape):
            yield start_s + corner_s - _JUST_BEFORE_S
            yield start_s + corner_s


def _corners(shape: Shape) -> Iterator[float]:
    parts = shape.shapes if isinstance(shape, shapes.Sequence) else (shape,)
    begin_s = 0.0
    for part in parts:
        yield begin_s
        if isinstance(part, shapes.Spike):
            yield begin_s + part.rise
            yield begin_s + part.for_ - part.rise
        elif isinstance(part, shapes.Curve):
            yield from (begin_s + t_s for t_s, _ in part.points)
        elif isinstance(part, shapes.Step):
            yield from (begin_s + part.every * step for step in range(part.steps))
        begin_s += part.duration
    yield begin_s
