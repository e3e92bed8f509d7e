"""Cluster time: the clock of the Redis server, as seen from one process.

Each process keeps an offset between its own monotonic clock and the server's ``TIME``. It is estimated from the
round trip with the least delay of a small batch (the error of one estimate is at most half its round trip), and
after the first estimate it is slewed, never stepped, so that time never runs backwards and no arrival is skipped.

All instants are float seconds since the Unix epoch by the server's clock; durations are monotonic.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

SLEW: Final = 0.002
"""Largest correction, seconds per second. 2 ms/s mends what quartz drifts (≤ 0.1 ms/s) twenty times over."""


@dataclass(frozen=True, slots=True)
class TimeSample:
    """One question to the server's clock.

    Attributes:
        sent_s: own monotonic clock when the question left.
        server_s: the server's answer, seconds since the Unix epoch.
        received_s: own monotonic clock when the answer came.
    """

    sent_s: float
    server_s: float
    received_s: float

    @property
    def round_trip_s(self) -> float:
        """How long question and answer took."""
        return self.received_s - self.sent_s

    @property
    def offset_s(self) -> float:
        """Server clock minus own monotonic clock, if both ways took the same time."""
        return self.server_s - (self.sent_s + self.received_s) / 2


class ClusterClock:
    """Cluster time for one process.

    Args:
        monotonic: the process's own clock, seconds; given by tests to run in virtual time.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset_s: float | None = None
        self._target_s = 0.0
        self._since_s = 0.0
        self._estimate_error_s = math.inf

    def update(self, samples: Iterable[TimeSample]) -> None:
        """Take a batch of samples; the one with the shortest round trip counts.

        Raises:
            ValueError: the batch is empty.
        """
        best = min(samples, key=lambda sample: sample.round_trip_s)
        at_s = self._monotonic()
        self._offset_s = best.offset_s if self._offset_s is None else self._slewed(at_s)
        self._target_s = best.offset_s
        self._since_s = at_s
        self._estimate_error_s = best.round_trip_s / 2

    @property
    def error_s(self) -> float:
        """Bound of this clock's error, seconds: that of the last estimate and what is not slewed yet."""
        if self._offset_s is None:
            return math.inf
        return self._estimate_error_s + abs(self._target_s - self._slewed(self._monotonic()))

    def now(self) -> float:
        """Cluster time, seconds since the Unix epoch.

        Raises:
            RuntimeError: no sample has been taken yet.
        """
        at_s = self._monotonic()
        return at_s + self._slewed(at_s)

    def until(self, instant_s: float) -> float:
        """Seconds from now to an instant of cluster time; negative when it is past."""
        return instant_s - self.now()

    def _slewed(self, at_s: float) -> float:
        if self._offset_s is None:
            raise RuntimeError("cluster time was asked for before the first sample of the server's clock")
        allowed = SLEW * (at_s - self._since_s)
        return self._offset_s + max(-allowed, min(allowed, self._target_s - self._offset_s))
