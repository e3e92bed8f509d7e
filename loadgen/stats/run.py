"""A run, followed second by second.

Sealed seconds go in, in any order and as often as late frames amend them; out come the totals, the timeline, and
windows for guards and live views. The same object serves the coordinator, the live view and the report, so they
cannot disagree.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from loadgen.latency import Histogram
from loadgen.stats.tally import ErrorSample, Tally

SAMPLES_PER_KIND: Final = 5
"""Error samples kept for each (name, reason): the sixth says nothing new."""


@dataclass(slots=True)
class SecondRow:
    """One second of the whole cluster.

    Attributes:
        second: seconds since the run's start; this row covers [second, second + 1).
        planned: arrivals that the plan asked for in it (open streams).
        users_planned: shoppers the plan asked for at its end (closed streams).
        tally: what happened, all workers.
        workers: workers that reported.
        cpu_max: highest CPU share of one worker process, 1.0 = one core.
        loop_lag_p99_us: in all but the worst hundredth of the second, the latest event loop was no later than this.
        loop_lag_max_us: longest wait of an event loop, microseconds.
        coloured: workers whose own lateness coloured the latencies they measured in it.
        coloured_requests: requests that these workers measured in it.
        lengthened_requests: about how many requests of all workers were measured too long.
        sealed_after_s: how long after its end the second was sealed.
    """

    second: int
    planned: int = 0
    users_planned: int = 0
    tally: Tally = field(default_factory=Tally)
    workers: int = 0
    cpu_max: float = 0.0
    loop_lag_p99_us: int = 0
    loop_lag_max_us: int = 0
    coloured: int = 0
    coloured_requests: int = 0
    lengthened_requests: float = 0.0
    sealed_after_s: float = 0.0

    def amended(self, late: SecondRow) -> SecondRow:
        """This second with what came late added to it."""
        tally = Tally.merged([self.tally, late.tally])
        return SecondRow(
            self.second,
            self.planned + late.planned,
            max(self.users_planned, late.users_planned),
            tally,
            self.workers + late.workers,
            max(self.cpu_max, late.cpu_max),
            max(self.loop_lag_p99_us, late.loop_lag_p99_us),
            max(self.loop_lag_max_us, late.loop_lag_max_us),
            self.coloured + late.coloured,
            self.coloured_requests + late.coloured_requests,
            self.lengthened_requests + late.lengthened_requests,
            max(self.sealed_after_s, late.sealed_after_s),
        )


class RunStats:
    """Totals and timeline of a run.

    Args:
        keep_s: how many of the latest seconds to hold in full; ``None`` holds all (for a report).
    """

    def __init__(self, keep_s: int | None = None) -> None:
        self._keep_s = keep_s
        self.total = Tally()
        self.planned = 0
        self.rows: dict[int, SecondRow] = {}
        self.samples: list[ErrorSample] = []
        self.last_second = -1
        """The latest second seen, -1 before the first."""
        self.earlier: SecondRow | None = None
        """All seconds that are not held in full any more, added up as the last of them; None when there is none."""
        self._sampled: Counter[tuple[str, str]] = Counter()

    def add(self, row: SecondRow) -> None:
        """Take one sealed second, or an amendment to one."""
        newest = row.second > self.last_second
        self.last_second = max(self.last_second, row.second)
        known = self.rows.get(row.second)
        self.rows[row.second] = known.amended(row) if known else row
        self.total = self.total.then(row.tally)
        latest = self.rows[self.last_second].tally
        self.total.shoppers, self.total.in_flight = latest.shoppers, latest.in_flight
        self.planned += row.planned
        self._sample(row.tally.samples)
        if self._keep_s is not None and newest:
            for second in sorted(s for s in self.rows if s <= row.second - self._keep_s):
                self._let_go(self.rows.pop(second))

    def _let_go(self, row: SecondRow) -> None:
        before = self.earlier
        if before is not None:
            row = replace(row, planned=before.planned + row.planned, tally=before.tally.then(row.tally))
        self.earlier = row

    def timeline(self) -> list[SecondRow]:
        """The seconds held, in order."""
        return [self.rows[second] for second in sorted(self.rows)]

    def window(self, seconds: int, until: int | None = None) -> list[SecondRow]:
        """The last full seconds up to and including ``until`` (the latest one by default)."""
        end = self.last_second if until is None else until
        return [self.rows[s] for s in range(end - seconds + 1, end + 1) if s in self.rows]

    def service_of(self, rows: list[SecondRow]) -> Histogram:
        """Merged service times of some seconds."""
        return Histogram.merged([row.tally.service() for row in rows])

    def _sample(self, samples: list[ErrorSample]) -> None:
        for sample in samples:
            kind = (sample.name, sample.reason)
            if self._sampled[kind] < SAMPLES_PER_KIND:
                self._sampled[kind] += 1
                self.samples.append(sample)
