"""``ramp: {from: 0/s, to: 200/s, over: 5m}``: a straight way from one level to another, up or down.

::

      to ┤        ▗▟█
         │    ▗▟████
    from ┤▗▟███████
         └───────────
             over
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field

from loadgen.shapes.continuing import ContinuingShape
from loadgen.shapes.fields import Level, PositiveDuration
from loadgen.shapes.segments import Piece


class Ramp(ContinuingShape):
    """A straight way from one level to another."""

    kind: ClassVar[str] = "ramp"

    to: Level = Field(description="the level at the end")
    over: PositiveDuration = Field(description="how long the way takes")

    def pieces(self) -> Iterable[Piece]:
        """One straight piece."""
        return [Piece(0.0, self.over, self.start_level, self.to)]

    @property
    def end_level(self) -> float:
        """The level it arrives at."""
        return self.to
