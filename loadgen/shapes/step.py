"""``step: {from: 50/s, by: 50/s, every: 1m, steps: 5}``: a staircase.

::

                      ▄▄▄▄
                  ▄▄▄▄████
      by {    ▄▄▄▄████████
    from ┤████████████████       steps = 4 levels in all
         └────────────────
          every
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from loadgen.shapes.continuing import ContinuingShape
from loadgen.shapes.fields import PositiveDuration, SignedLevel
from loadgen.shapes.segments import Piece
from loadgen.units import MAX_DURATION_S, MAX_RATE

MAX_STEPS = 10_000
"""More levels than this is a ramp."""


class Step(ContinuingShape):
    """A staircase: the first level, then ``by`` more at each ``every``, ``steps`` levels in all."""

    kind: ClassVar[str] = "step"

    by: SignedLevel = Field(description="the height of one step; negative goes down")
    every: PositiveDuration = Field(description="how long each level is held")
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS, description="how many levels in all")]

    @model_validator(mode="after")
    def _stays_in_bounds(self) -> Self:
        # Where the first level is still unknown it is checked again when the sequence fills it in.
        if self.from_ is not None and self.end_level < 0:
            raise ValueError(f"the last of {self.steps} steps would be at {self.end_level:g}, below 0")
        if self.end_level > MAX_RATE:
            raise ValueError("the last step would be above 100 million")
        if self.duration > MAX_DURATION_S:
            raise ValueError("all steps together cannot last longer than 31 days")
        return self

    def pieces(self) -> Iterable[Piece]:
        """One level piece a step."""
        return [Piece(self.every * i, self.every * (i + 1), self._level(i), self._level(i)) for i in range(self.steps)]

    @property
    def end_level(self) -> float:
        """The last level."""
        return self._level(self.steps - 1)

    def _level(self, i: int) -> float:
        return self.start_level + self.by * i
