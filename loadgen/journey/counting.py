"""The mutable counters behind a recorder: what was counted since the last take.

Each holds the same as its frozen form in :mod:`loadgen.stats`, with a :class:`~loadgen.latency.LatencyCounter` where
that has a histogram. What was idle for :data:`IDLE_TAKES` takes is forgotten: a take looks only at what is alive.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, Literal

from loadgen.latency import LatencyCounter
from loadgen.stats import ArrivalCounts, Series, StepCounts

JourneyHow = Literal["completed", "failed", "interrupted"]
"""How a journey ended."""

IDLE_TAKES: Final = 60
"""After a minute (of one take a second) without a count, a counter's memory is freed."""


class SeriesCounter:
    """Requests of one key since the last take."""

    __slots__ = ("_idle", "reasons", "response_bytes", "service", "since_due")

    def __init__(self) -> None:
        self.service = LatencyCounter()
        self.since_due = LatencyCounter()
        self.response_bytes = 0
        self.reasons: Counter[str] = Counter()
        self._idle = 0

    @property
    def moved(self) -> bool:
        """Whether anything was counted."""
        return self.service.count > 0

    def take(self) -> Series:
        """What was counted; the counter starts again at zero."""
        taken = Series(self.service.take(), self.since_due.take(), self.response_bytes, self.reasons)
        self.response_bytes, self.reasons = 0, Counter()
        self._idle = -1
        return taken

    def forgotten(self) -> bool:
        """Whether it has been idle for :data:`IDLE_TAKES` takes; to be asked once after each take."""
        self._idle += 1
        return self._idle >= IDLE_TAKES


class StepCounter:
    """The funnel at one step since the last take."""

    __slots__ = ("_idle", "abandoned", "completed", "entered", "time")

    def __init__(self) -> None:
        self.entered = 0
        self.completed = 0
        self.abandoned: Counter[str] = Counter()
        self.time = LatencyCounter()
        self._idle = 0

    @property
    def moved(self) -> bool:
        """Whether anything was counted."""
        return bool(self.entered or self.completed or self.abandoned)

    def take(self) -> StepCounts:
        """What was counted; the counter starts again at zero."""
        taken = StepCounts(self.entered, self.completed, self.abandoned, self.time.take())
        self.entered = self.completed = 0
        self.abandoned = Counter()
        self._idle = -1
        return taken

    def forgotten(self) -> bool:
        """Whether it has been idle for :data:`IDLE_TAKES` takes; to be asked once after each take."""
        self._idle += 1
        return self._idle >= IDLE_TAKES


class StreamCounter:
    """Arrivals of one stream since the last take."""

    __slots__ = ("dropped", "lag", "late", "missed", "started")

    def __init__(self) -> None:
        self.started = 0
        self.late = 0
        self.dropped = 0
        self.missed = 0
        self.lag = LatencyCounter()

    @property
    def moved(self) -> bool:
        """Whether anything was counted."""
        return bool(self.started or self.dropped or self.missed)

    def start(self, lag_us: int, late: bool) -> None:
        """One arrival was started, this long after it was due."""
        self.started += 1
        self.late += late
        self.lag.record(lag_us)

    def take(self) -> ArrivalCounts:
        """What was counted; the counter starts again at zero."""
        taken = ArrivalCounts(self.started, self.late, self.dropped, self.missed, self.lag.take())
        self.started = self.late = self.dropped = self.missed = 0
        return taken
