"""The process watches itself: CPU, event loop, memory.

A worker whose loop is late measures its own lateness as the shop's latency, so these figures go into every frame.
"""

from __future__ import annotations

import time
from typing import Final

import gevent
import psutil

from loadgen.messages import Health

PROBE_S: Final = 0.02
"""How often the loop is probed: a stall of more than this is seen in full."""


class HealthMeter:
    """Measures this process between one look and the next."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._cpu_s = time.process_time()
        self._wall_s = time.monotonic()
        self._lag_s = 0.0
        self._probe = gevent.spawn(self._watch_loop)

    def take(self, clock_error_s: float) -> Health:
        """How the process fared since the last take."""
        cpu_s, wall_s = time.process_time(), time.monotonic()
        health = Health(
            cpu=(cpu_s - self._cpu_s) / max(wall_s - self._wall_s, 1e-6),
            loop_lag_us=round(self._lag_s * 1e6),
            rss_bytes=self._process.memory_info().rss,
            clock_error_us=round(clock_error_s * 1e6),
        )
        self._cpu_s, self._wall_s, self._lag_s = cpu_s, wall_s, 0.0
        return health

    def stop(self) -> None:
        """Stop watching."""
        self._probe.kill()

    def _watch_loop(self) -> None:
        while True:
            due_s = time.monotonic() + PROBE_S
            gevent.sleep(PROBE_S)
            self._lag_s = max(self._lag_s, time.monotonic() - due_s)
