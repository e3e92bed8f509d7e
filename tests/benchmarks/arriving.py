"""When which worker process sent its requests, as nginx notes it: the load as the target sees it."""

from __future__ import annotations

import time
from bisect import bisect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.nginx import nginx
from benchmarks.spread import nearest_rank

WINDOW_S = 0.1
LOOK_S = 0.5
STEP_S = 0.02

_LOCATION = 'location / {{ access_log {log} instant; return 200 "ok"; }}'


class Arriving:
    """What came to one nginx, by its own clock, which is that of this machine.

    Attributes:
        url: where it is.
    """

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log.open(encoding="ascii")
        self._rest = ""
        self._came: list[tuple[float, int]] = []

    def came(self) -> list[tuple[float, int]]:
        """Instants and process ids of all requests so far, in order."""
        *lines, self._rest = (self._rest + self._log.read()).split("\n")
        words = (line.split() for line in lines)
        self._came += [(float(instant), int(worker)) for instant, worker in words]
        return self._came

    def senders(self, within_s: float) -> set[int]:
        """The processes that sent anything within the last so many seconds."""
        since_s = time.time() - within_s
        return {worker for instant, worker in self.came() if instant >= since_s}

    def counts(self, from_s: float, to_s: float) -> list[int]:
        """Requests in each whole window of :data:`WINDOW_S` between two instants."""
        counts = [0] * int((to_s - from_s) / WINDOW_S + 1e-6)
        for instant, _ in self.came():
            window = int((instant - from_s) // WINDOW_S)
            if 0 <= window < len(counts):
                counts[window] += 1
        return counts

    def dent(self, rate: float, from_s: float, to_s: float) -> float:
        """By which share of the load the weakest window between two instants fell short of it."""
        return max(0.0, 1 - min(self.counts(from_s, to_s)) / (rate * WINDOW_S))

    def back_after(self, rate: float, from_s: float, to_s: float, least: float) -> float:
        """How long after an instant the middle lay of the last :data:`LOOK_S` with too little of the load, seconds.

        Where the load comes back from half to all of it and the share lies between, that is when it came back.
        """
        instants = sorted(instant for instant, _ in self.came())
        middle_s = to_s - LOOK_S / 2
        while middle_s > from_s:
            first, last = (bisect(instants, middle_s + side * LOOK_S / 2) for side in (-1, 1))
            if last - first < least * rate * LOOK_S:
                return middle_s - from_s
            middle_s -= STEP_S
        return 0.0

    def last_by_worker(self, from_s: float) -> dict[int, float]:
        """The last request of each process that sent one in the second before an instant, or after it."""
        return {worker: instant for instant, worker in self.came() if instant >= from_s - 1}


@contextmanager
def arriving(folder: Path) -> Iterator[Arriving]:
    """An nginx that notes every request; stopped at the end of the block."""
    log = folder / "all.log"
    with nginx(folder, _LOCATION.format(log=log), ["all"]) as server:
        yield Arriving(server.url("all"), log)


def spread_cells(values: list[float], digits: int = 1, unit: str = " s") -> list[str]:
    """Two cells of a table: the median, and from where to where."""
    least, median, most = (nearest_rank(values, q) for q in (0.0, 0.5, 1.0))
    return [f"{median:.{digits}f}{unit}", f"{least:.{digits}f} to {most:.{digits}f}{unit}"]
