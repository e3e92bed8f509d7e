"""CPU time and memory of other processes of this machine."""

from __future__ import annotations

import psutil


class Gauge:
    """Watches one process.

    Args:
        pid: its id.
    """

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._cpu_s = 0.0
        self._rss_bytes = 0

    @property
    def cpu_s(self) -> float:
        """CPU time it has used; the last that was known, when it has ended."""
        self._look()
        return self._cpu_s

    @property
    def rss_bytes(self) -> int:
        """Resident memory; the last that was known, when it has ended."""
        self._look()
        return self._rss_bytes

    def _look(self) -> None:
        try:
            with self._process.oneshot():
                times = self._process.cpu_times()
                self._cpu_s = times.user + times.system
                self._rss_bytes = self._process.memory_info().rss
        except psutil.NoSuchProcess:
            return
