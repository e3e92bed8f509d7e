"""The process watches itself: CPU, event loop, memory.

A worker whose loop is late measures its own lateness as the shop's latency, so these figures go into every frame.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import psutil

from loadgen.messages import Health
from loadgen.stats import Tally
from loadgen.verdict.colouring import Look, lengthened_share
from loadgen.worker.lag_probe import LagProbe


class HealthMeter:
    """Measures this process between one look and the next.

    Args:
        on_wire: tells how many requests are on the wire.
    """

    def __init__(self, on_wire: Callable[[], int]) -> None:
        self._process = psutil.Process()
        self._cpu_s = time.process_time()
        self._wall_s = time.monotonic()
        self._probe = LagProbe(on_wire)

    def take(self, tally: Tally, clock_error_s: float) -> Health:
        """How the process fared since the last take.

        Args:
            tally: what it counted since then.
            clock_error_s: bound of its clock's error, seconds.
        """
        cpu_s, wall_s = time.process_time(), time.monotonic()
        looks = self._probe.take()
        mean_us, p99_us, max_us = _figures_us(looks)
        health = Health(
            cpu=(cpu_s - self._cpu_s) / max(wall_s - self._wall_s, 1e-6),
            loop_lag_mean_us=mean_us,
            loop_lag_p99_us=p99_us,
            loop_lag_max_us=max_us,
            lengthened=_lengthened(looks, tally),
            rss_bytes=self._process.memory_info().rss,
            clock_error_us=round(clock_error_s * 1e6),
        )
        self._cpu_s, self._wall_s = cpu_s, wall_s
        return health

    def stop(self) -> None:
        """Stop watching."""
        self._probe.stop()


def _lengthened(looks: Sequence[Look], tally: Tally) -> float:
    service = tally.service()
    if not tally.sent:  # a client that does not count what it sends: nothing is known of what was on the wire
        looks = [Look(look.lags_ns) for look in looks]
    return lengthened_share(looks, service.count, service.quantile_us(0.5))


def _figures_us(looks: Sequence[Look]) -> tuple[int, int, int]:
    """Mean, p99 and longest lag."""
    lags_us = sorted(lag // 1000 for look in looks for lag in look.lags_ns)
    if not lags_us:
        return 0, 0, 0
    return sum(lags_us) // len(lags_us), lags_us[math.ceil(0.99 * len(lags_us)) - 1], lags_us[-1]
