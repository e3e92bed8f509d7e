"""The contract of a shape: the wanted load as a function of time.

A shape is a frozen value that carries its own mathematics. Three functions say all there is to say::

    level │        ╭──────╮            rate_at(t)      the level at t
      r(t)│      ╱ ·······│            arrivals_by(t)  ∫ r from 0 to t: the area left of t
          │    ╱ ·········│            due(n)          the earliest t with arrivals_by(t) ≥ n
          │  ╱ ···········│
          └──────────┼────┼── t
          0          t    duration

A level is arrivals per second in the open model and shoppers at once in the closed one; a shape does not
care which. Time is in seconds from the shape's own start. Outside [0, duration] the level is 0.

Who reads it: the plan (checks, totals, previews), :mod:`~loadgen.shapes.arrivals` (which arrival is due when)
and the report (planned against actual).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_serializer


class Shape(BaseModel, ABC):
    """Base of all kinds. Shapes are immutable, compare by value, and refuse unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    kind: ClassVar[str]
    """The word people write for it in a plan; the key of the written form."""

    @property
    @abstractmethod
    def duration(self) -> float:
        """How long the shape lasts, in seconds; more than 0."""

    @abstractmethod
    def rate_at(self, t_s: float) -> float:
        """The level at ``t_s``; 0 outside [0, duration]. At a jump it is the level after it."""

    @abstractmethod
    def arrivals_by(self, t_s: float) -> float:
        """The integral of :meth:`rate_at` from 0 to ``t_s``: 0 before the start, :attr:`total` after the end."""

    @abstractmethod
    def due(self, n: float) -> float:
        """The earliest instant, in seconds, with ``arrivals_by(instant) >= n``.

        Returns:
            0 for ``n <= 0``; :data:`math.inf` beyond :attr:`total`; accurate to 1e-9 s where the level is not 0.
        """

    @property
    @abstractmethod
    def peak(self) -> float:
        """The highest level."""

    @property
    @abstractmethod
    def corners(self) -> tuple[float, ...]:
        """The instants, in seconds and in order, at which the level jumps, bends or turns, with 0 and the end.

        Between two of them the level only rises or only falls.
        """

    @property
    @abstractmethod
    def start_level(self) -> float:
        """The level it starts from."""

    @property
    @abstractmethod
    def end_level(self) -> float:
        """The level from which a following shape goes on."""

    @property
    def total(self) -> float:
        """The integral over the whole shape: all its arrivals, or shopper-seconds in the closed model."""
        return self.arrivals_by(self.duration)

    def starting_at(self, level: float) -> Self:  # noqa: ARG002 - the kinds that go on from a level use it
        """This shape, with a ``from`` that was left out filled in.

        Args:
            level: where the previous shape ended; 0 at the start.

        Raises:
            ValueError: the shape cannot start there, for example a step that would go below 0.
        """
        return self

    @model_serializer(mode="plain")
    def written(self) -> Any:
        """The canonical written form, ``{kind: {field: value}}``, with plain floats (seconds, per second)."""
        fields = {
            field.alias or name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if getattr(self, name) is not None
        }
        return {self.kind: fields}
