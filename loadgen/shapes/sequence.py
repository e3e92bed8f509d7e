"""A list of shapes, one after another: the written form of a whole sales day.

::

    shape:
      - ramp: {to: 200/s, over: 5m}        from 0, because it is the first
      - constant: {at: 200/s, for: 10m}
      - spike: {to: 600/s, for: 60s}       from 200/s, where the one before ended
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property
from itertools import accumulate
from typing import Any, ClassVar

from pydantic import InstanceOf, ValidationError, field_validator, model_serializer
from pydantic_core import InitErrorDetails, PydanticCustomError

from loadgen.shapes.shape import Shape
from loadgen.units import MAX_DURATION_S


def in_turn(shapes: Iterable[Shape]) -> tuple[Shape, ...]:
    """Fill in every ``from`` that was left out: the end level of the shape before, 0 at the start.

    Raises:
        ValueError: no shapes, more than a month of them, or one that cannot start where the one before ended (then a
            pydantic ``ValidationError`` located at its index and kind).
    """
    level = 0.0
    resolved: list[Shape] = []
    for i, shape in enumerate(shapes):
        resolved.append(started(shape, level, i))
        level = resolved[-1].end_level
    if not resolved:
        raise ValueError("a list of shapes cannot be empty")
    if math.fsum(shape.duration for shape in resolved) > MAX_DURATION_S:
        raise ValueError("all shapes together cannot last longer than 31 days")
    return tuple(resolved)


def started(shape: Shape, level: float, *place: int) -> Shape:
    """The shape with its ``from`` filled in; an error is located at ``place`` and the shape's kind."""
    try:
        return shape.starting_at(level)
    except ValidationError as error:
        raise ValidationError.from_exception_data(shape.kind, _located(error, *place, shape.kind)) from error


def _located(error: ValidationError, *place: int | str) -> list[InitErrorDetails]:
    return [
        {
            "type": PydanticCustomError("value_error", detail["msg"]),
            "loc": (*place, *detail["loc"]),
            "input": detail["input"],
        }
        for detail in error.errors()
    ]


class Sequence(Shape):
    """Shapes one after another. A ``from`` that was left out is filled in from the shape before."""

    kind: ClassVar[str] = "sequence"

    shapes: tuple[InstanceOf[Shape], ...]

    @field_validator("shapes")
    @classmethod
    def _in_turn(cls, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return in_turn(shapes)

    @property
    def duration(self) -> float:
        """The sum of all durations, in seconds."""
        return self._starts_s[-1]

    @property
    def peak(self) -> float:
        """The highest level of all."""
        return max(shape.peak for shape in self.shapes)

    @property
    def corners(self) -> tuple[float, ...]:
        """Those of all shapes; a seam stands here once."""
        inner = (
            start_s + corner_s
            for start_s, shape in zip(self._starts_s, self.shapes, strict=False)
            for corner_s in shape.corners[:-1]
        )
        return (*inner, self.duration)

    @property
    def start_level(self) -> float:
        """The level the first shape starts from."""
        return self.shapes[0].start_level

    @property
    def end_level(self) -> float:
        """The level the last shape ends at."""
        return self.shapes[-1].end_level

    def rate_at(self, t_s: float) -> float:
        """The level at ``t_s``; at a seam that of the following shape; 0 outside."""
        if not 0 <= t_s <= self.duration:
            return 0.0
        i = self._shape_at(t_s)
        return self.shapes[i].rate_at(min(t_s - self._starts_s[i], self.shapes[i].duration))

    def arrivals_by(self, t_s: float) -> float:
        """The integral of the level from 0 to ``t_s``."""
        if t_s <= 0:
            return 0.0
        i = self._shape_at(t_s)
        return self._before[i] + self.shapes[i].arrivals_by(t_s - self._starts_s[i])

    def due(self, n: float) -> float:
        """The earliest instant by which ``n`` have arrived; infinite beyond the total."""
        if n <= 0:
            return 0.0
        if n > self._before[-1]:
            return math.inf
        i = bisect_left(self._before, n) - 1
        shape = self.shapes[i]
        return self._starts_s[i] + shape.due(min(n - self._before[i], shape.total))

    @model_serializer(mode="plain")
    def written(self) -> Any:
        """The canonical written form: a list."""
        return [shape.written() for shape in self.shapes]

    @cached_property
    def _starts_s(self) -> tuple[float, ...]:
        return tuple(accumulate((shape.duration for shape in self.shapes), initial=0.0))

    @cached_property
    def _before(self) -> tuple[float, ...]:
        return tuple(accumulate((shape.total for shape in self.shapes), initial=0.0))

    def _shape_at(self, t_s: float) -> int:
        return min(bisect_right(self._starts_s, t_s), len(self.shapes)) - 1
