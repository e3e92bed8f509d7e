"""``spike: {to: 600/s, for: 60s, rise: 5s}``: up from the base level, held, and back to it. A TV spot.

::

      to ┤   ▟██████▙
         │  ▟████████▙
    from ┤█▟██████████▙█
         └─┬──────────┬─
           ├─ for ────┤      rise and fall are within it; rise may be 0
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from pydantic import Field, model_validator

from loadgen.shapes.continuing import ContinuingShape
from loadgen.shapes.fields import MIN_DURATION_S, Duration, Level, PositiveDuration
from loadgen.shapes.segments import Piece


class Spike(ContinuingShape):
    """From the base level up to a peak (or down to a dip), held, and back to the base level."""

    kind: ClassVar[str] = "spike"

    to: Level = Field(description="the level of the peak")
    for_: PositiveDuration = Field(alias="for", description="how long in all, rise and fall included")
    rise: Duration = Field(default=0.0, description="how long the way up takes, and the way down")

    @model_validator(mode="after")
    def _has_time_to_rise(self) -> Self:
        if 0 < self.rise < MIN_DURATION_S:
            raise ValueError("'rise' must be 0, or at least 1ms")
        if 2 * self.rise > self.for_:
            raise ValueError("rise and fall together are longer than the spike: make 'for' at least twice 'rise'")
        return self

    def pieces(self) -> Iterable[Piece]:
        """The way up, the peak, the way down."""
        base, fall_s = self.start_level, self.for_ - self.rise
        return [
            Piece(0.0, self.rise, base, self.to),
            Piece(self.rise, fall_s, self.to, self.to),
            Piece(fall_s, self.for_, self.to, base),
        ]

    @property
    def end_level(self) -> float:
        """The base level, to which it falls back."""
        return self.start_level
