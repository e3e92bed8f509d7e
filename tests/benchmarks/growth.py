"""Whether something grows: a robust slope of samples, and limits that say how much growth is none."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from loadgen.report.sparkline import sparkline

MARKS = 40
"""Characters of a course."""


@dataclass(frozen=True)
class Limit:
    """Growth over the time that is judged which counts as none: whichever is more.

    Attributes:
        share: of the median.
        least: in the unit of what is measured.
    """

    share: float
    least: float


@dataclass(frozen=True)
class Course:
    """How one figure went.

    Attributes:
        what: in words.
        samples: instants in seconds, and figures.
        limit: what counts as no growth.
        warm_s: what came before this instant is not judged.
        unit: for people.
        scale: figures are divided by this for people.
    """

    what: str
    samples: Sequence[tuple[float, float]]
    limit: Limit
    warm_s: float
    unit: str = ""
    scale: float = 1.0

    @property
    def judged(self) -> list[tuple[float, float]]:
        """The samples that are judged."""
        return [sample for sample in self.samples if sample[0] >= self.warm_s]

    @property
    def slope(self) -> float:
        """Theil–Sen: the median of the slopes between all pairs of samples, so that single peaks do not count."""
        pairs = combinations(self.judged, 2)
        return statistics.median((there[1] - here[1]) / (there[0] - here[0]) for here, there in pairs)

    @property
    def growth(self) -> float:
        """By how much it grew over the time that is judged."""
        return self.slope * (self.judged[-1][0] - self.judged[0][0])

    @property
    def allowed(self) -> float:
        """How much growth counts as none."""
        return max(self.limit.share * statistics.median(value for _, value in self.judged), self.limit.least)

    @property
    def grows(self) -> bool:
        """Whether it grew by more than that."""
        return self.growth > self.allowed

    def cells(self) -> list[str]:
        """One row: what, its course, at the start and the end of what is judged, growth, limit, verdict."""
        values = [value for _, value in self.samples]
        step = max(1, -(-len(values) // MARKS))
        means = [statistics.mean(values[at : at + step]) for at in range(0, len(values), step)]
        first, last = self.judged[0][1], self.judged[-1][1]
        numbers = (self._write(number) for number in (first, last))
        grown = f"{self.growth / self.scale:+,.1f}{self.unit}"
        return [
            self.what,
            f"`{sparkline(means, max([*means, 1e-9]))}`",
            *numbers,
            grown,
            f"{self.allowed / self.scale:,.1f}{self.unit}",
            "grows" if self.grows else "no",
        ]

    def _write(self, value: float) -> str:
        return f"{value / self.scale:,.1f}{self.unit}" if self.scale != 1 else f"{value:,.0f}{self.unit}"
