"""``constant: {at: 200/s, for: 10m}``: one level, held.

::

    at ┤████████████
       └────────────
            for
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field

from loadgen.shapes.fields import Level, PositiveDuration
from loadgen.shapes.segments import Piece, PiecewiseShape


class Constant(PiecewiseShape):
    """One level, held for a while. A level of 0 is a pause inside a sequence."""

    kind: ClassVar[str] = "constant"

    at: Level = Field(description="the level")
    for_: PositiveDuration = Field(alias="for", description="how long")

    def pieces(self) -> Iterable[Piece]:
        """One level piece."""
        return [Piece(0.0, self.for_, self.at, self.at)]

    @property
    def start_level(self) -> float:
        """The level."""
        return self.at

    @property
    def end_level(self) -> float:
        """The level."""
        return self.at
