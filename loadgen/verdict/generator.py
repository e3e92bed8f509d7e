"""What is known about the generator itself: the evidence from which :mod:`loadgen.verdict.validity` judges.

:class:`GeneratorSeconds` is fed every sealed second, amendments too, in any order; it holds a few numbers a run, so a
coordinator that keeps only the latest seconds in full can still judge the whole. :class:`GeneratorFacts` is what
the seconds cannot say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from loadgen.plan.model import Plan
from loadgen.plan.stream import LoadModel
from loadgen.stats import SecondRow

CPU_HOT: Final = 0.9
"""Share of one core above which a worker process queues its own work, and latencies begin to be its own."""

HICCUP_SECONDS: Final = 2
"""So few busy seconds are a hiccup of the machine, whatever their share of a short run."""

SHOPPERS_SHORT_SHARE: Final = 0.9
"""A closed stream with fewer than this share of its shoppers is short of them in that second."""


@dataclass(frozen=True, slots=True)
class Unreported:
    """Seconds of one worker that nobody knows about: it died with frames it had not sent.

    Attributes:
        worker: its name.
        first_second: first second it did not report, since the run's start.
        last_second: last second in which it may still have sent requests.
    """

    worker: str
    first_second: int
    last_second: int

    @property
    def seconds(self) -> int:
        """How many seconds the window has."""
        return self.last_second - self.first_second + 1


class Balance(NamedTuple):
    """A worker's requests as its client and its recorder counted them, each by itself: sent = recorded + in flight.

    Attributes:
        worker: its name.
        sent: put on the wire.
        recorded: finished, and in the figures.
        in_flight: on the wire at its last frame; of a process that was killed, those that died with it.
    """

    worker: str
    sent: int
    recorded: int
    in_flight: int

    @property
    def gap(self) -> int:
        """Requests whose end was never counted; below 0, requests that were counted and not sent."""
        return self.sent - self.recorded - self.in_flight


@dataclass(frozen=True, slots=True)
class GeneratorFacts:
    """What is known beyond the sealed seconds.

    Attributes:
        quarantined: frames that were refused.
        emptied_at_s: when Redis lost the run, seconds since its start; None when it did not.
        unreported: windows that no frame covers.
        clock_error_us: largest bound of a worker's clock error, microseconds.
        balances: of the workers' requests.
    """

    quarantined: int = 0
    emptied_at_s: float | None = None
    unreported: tuple[Unreported, ...] = ()
    clock_error_us: int = 0
    balances: tuple[Balance, ...] = ()


class GeneratorSeconds:
    """The generator's health over a run, from its sealed seconds.

    Args:
        plan: tells which streams are closed, whose shoppers are compared with what was planned.
    """

    def __init__(self, plan: Plan) -> None:
        self._closed = [index for index, stream in enumerate(plan.load) if stream.model is LoadModel.CLOSED]
        self._seconds: set[int] = set()
        self._cpu_hot: set[int] = set()
        self._coloured: set[int] = set()
        self._shoppers: dict[int, tuple[int, int]] = {}
        self.worker_seconds = 0
        """Frames that were sealed: one for each second of each worker."""
        self.cpu_max = 0.0
        """Highest CPU share of one worker process in one second."""
        self.coloured_requests = 0
        """Requests measured by a worker whose own lateness coloured its second."""
        self.lengthened_requests = 0.0
        """About how many requests were measured too long."""
        self.workers_most = 0
        """Most workers that reported one second."""
        self.planned_most = 0
        """Most arrivals planned for one second."""

    @classmethod
    def of(cls, plan: Plan, rows: Iterable[SecondRow]) -> Self:
        """The health over some seconds."""
        health = cls(plan)
        for row in rows:
            health.add(row)
        return health

    def add(self, row: SecondRow) -> None:
        """Take one sealed second, or an amendment to one."""
        self._seconds.add(row.second)
        if row.cpu_max > CPU_HOT:
            self._cpu_hot.add(row.second)
        if row.coloured:
            self._coloured.add(row.second)
        self.worker_seconds += row.workers
        self.cpu_max = max(self.cpu_max, row.cpu_max)
        self.coloured_requests += row.coloured_requests
        self.lengthened_requests += row.lengthened_requests
        self.workers_most = max(self.workers_most, row.workers)
        self.planned_most = max(self.planned_most, row.planned)
        if self._closed:
            self._compare_shoppers(row)

    def _compare_shoppers(self, row: SecondRow) -> None:
        wanted, present = self._shoppers.get(row.second, (0, 0))
        wanted = max(wanted, row.users_planned)
        present += sum(row.tally.shoppers[stream] for stream in self._closed)
        self._shoppers[row.second] = wanted, present

    @property
    def seconds(self) -> int:
        """Seconds that were sealed."""
        return len(self._seconds)

    @property
    def cpu_hot_share(self) -> float:
        """Share of seconds in which a worker process used more than :data:`CPU_HOT` of its core."""
        return self._busy_share(len(self._cpu_hot))

    @property
    def coloured_seconds(self) -> int:
        """Seconds that some worker coloured by its own lateness."""
        return len(self._coloured)

    @property
    def short_of_shoppers_share(self) -> float:
        """Share of the seconds with closed load in which shoppers were missing.

        One shopper a worker is forgiven (between the end of one journey and the start of the next).
        """
        loaded = [(wanted, present) for wanted, present in self._shoppers.values() if wanted]
        short = sum(present + self.workers_most < SHOPPERS_SHORT_SHARE * wanted for wanted, present in loaded)
        return short / len(loaded) if loaded else 0.0

    def _busy_share(self, seconds: int) -> float:
        return seconds / len(self._seconds) if seconds > HICCUP_SECONDS else 0.0
