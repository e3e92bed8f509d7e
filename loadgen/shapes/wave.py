"""``wave: {low: 20/s, high: 200/s, period: 24h, for: 48h, peak_at: 20h}``: day and night.

::

    high ┤    ▄██▄            ▄██▄
         │  ▄██████▄        ▄██████▄
     low ┤▄██████████▄▄▄▄▄▄██████████▄     starts at low, or so that the first peak is at peak_at
         └──────────────────────────────
          ├──── period ────┤

With m the mean level, e = (high − low) / (high + low) and the phase θ = 2π (t − t_bottom) / period::

    rate_at     = m (1 − e cos θ)
    arrivals_by = m period/2π (θ − e sin θ)      minus its value at the start

The inverse is :mod:`Kepler's equation <loadgen.shapes.kepler>`, solved within one period.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import ClassVar, Self

from pydantic import Field, model_validator

from loadgen.shapes.fields import Duration, Level, PositiveDuration
from loadgen.shapes.kepler import TURN, mean_anomaly, phase_at
from loadgen.shapes.shape import Shape

MAX_PERIODS = 10_000
"""A wave every minute for a week; faster ones are noise, not load."""


class Wave(Shape):
    """A sine between two levels."""

    kind: ClassVar[str] = "wave"

    low: Level = Field(description="the level at the bottom")
    high: Level = Field(description="the level at the top")
    period: PositiveDuration = Field(description="from one peak to the next")
    for_: PositiveDuration = Field(alias="for", description="how long in all")
    peak_at: Duration | None = Field(default=None, description="time of the first peak; default: it starts at low")

    @model_validator(mode="after")
    def _is_a_wave(self) -> Self:
        if self.for_ > MAX_PERIODS * self.period:
            raise ValueError(f"more than {MAX_PERIODS} periods: is 'period' meant to be so short?")
        if self.high < self.low:
            raise ValueError("'high' is below 'low'")
        if self.peak_at is not None and self.peak_at >= self.period:
            raise ValueError("'peak_at' is the time of the first peak: it must be less than 'period'")
        return self

    @property
    def duration(self) -> float:
        """How long in all, in seconds."""
        return self.for_

    @property
    def corners(self) -> tuple[float, ...]:
        """The start, every bottom and peak, and the end."""
        halves = (self._bottom_s + i * self.period / 2 for i in range(math.ceil(2 * self.for_ / self.period) + 3))
        return (0.0, *(t_s for t_s in halves if 0 < t_s < self.for_), self.for_)

    @property
    def start_level(self) -> float:
        """The level at the start."""
        return self.rate_at(0.0)

    @property
    def end_level(self) -> float:
        """The level at the end."""
        return self.rate_at(self.for_)

    @property
    def peak(self) -> float:
        """``high`` where the shape lasts long enough to reach it."""
        first_peak = self.period / 2 if self.peak_at is None else self.peak_at
        return self.high if first_peak <= self.for_ else max(self.start_level, self.end_level)

    def rate_at(self, t_s: float) -> float:
        """The level at ``t_s``; 0 outside the shape."""
        if not 0 <= t_s <= self.for_:
            return 0.0
        # (1 − cos θ)/2 = sin²(θ/2) keeps the digits near the bottom.
        return self.low + (self.high - self.low) * math.sin(self._phase(t_s) / 2) ** 2

    def arrivals_by(self, t_s: float) -> float:
        """The integral of the level from 0 to ``t_s``."""
        if t_s <= 0:
            return 0.0
        return max(self._primitive(min(t_s, self.for_)) - self._primitive(0.0), 0.0)

    def due(self, n: float) -> float:
        """The earliest instant by which ``n`` have arrived; infinite beyond the total."""
        if n <= 0:
            return 0.0
        if n > self._total:
            return math.inf
        turns, rest = divmod(n + self._primitive(0.0), self._mean * self.period)
        phase = phase_at(rest / (self._mean * self.period) * TURN, self._flatness)
        t_s = (turns + phase / TURN) * self.period + self._bottom_s
        return min(max(t_s, 0.0), self.for_)

    @cached_property
    def _mean(self) -> float:
        return (self.low + self.high) / 2

    @cached_property
    def _flatness(self) -> float:
        """1 − e: from 0 (down to nothing) to 1 (level)."""
        return self.low / self._mean if self._mean else 1.0

    @cached_property
    def _bottom_s(self) -> float:
        """The last bottom at or before the start: 0 or negative."""
        if self.peak_at is None:
            return 0.0
        bottom_s = self.peak_at - self.period / 2
        return bottom_s - self.period if bottom_s > 0 else bottom_s

    @cached_property
    def _total(self) -> float:
        return self.arrivals_by(self.for_)

    def _phase(self, t_s: float) -> float:
        return math.fmod(t_s - self._bottom_s, self.period) / self.period * TURN

    def _primitive(self, t_s: float) -> float:
        """Arrivals since the bottom before the start."""
        turns = (t_s - self._bottom_s) // self.period
        return self._mean * self.period * (turns + mean_anomaly(self._phase(t_s), self._flatness) / TURN)
