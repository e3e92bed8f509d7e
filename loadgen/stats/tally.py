"""The additive unit of everything that is counted.

A :class:`Tally` holds what happened in some span of time on some part of the cluster. Tallies add up exactly and in
any order: worker seconds to cluster seconds, cluster seconds to a run. All counts are whole numbers, all times whole
microseconds, so no sum depends on the order of its parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from loadgen.latency import Histogram
from loadgen.stats.slowest import SlowSample

OK: Final = "ok"
FAILED: Final = "failed"

SAMPLES_KEPT: Final = 20
"""Error samples one tally carries: enough to see what went wrong, little enough for any frame."""

ENTERED: Final = "entered"
COMPLETED: Final = "completed"
"""What became of a shopper in a step; otherwise the reason why it was abandoned."""

BY_DEVICE: Final = frozenset({"visits", "product_views", "carts", "checkouts", "orders", "revenue_cents"})
"""Business counters that are told apart by device; others would fill the frames and are asked for by nobody."""

K = TypeVar("K")


class SeriesKey(NamedTuple):
    """What a series of requests has in common. Every part is from a closed or capped set."""

    journey: str
    step: str
    name: str
    method: str
    result: str


@dataclass(slots=True)
class Series:
    """Requests of one key.

    Attributes:
        service: time from the send to the end of the response.
        since_due: the same plus how late the shopper was started: free of coordinated omission.
        response_bytes: size of the bodies.
        reasons: failures by reason; its sum is the count where the key's result is ``failed``.
    """

    service: Histogram = field(default_factory=Histogram)
    since_due: Histogram = field(default_factory=Histogram)
    response_bytes: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @classmethod
    def merged(cls, parts: list[Series]) -> Series:
        """The sum of some series."""
        return cls(
            Histogram.merged([part.service for part in parts]),
            Histogram.merged([part.since_due for part in parts]),
            sum(part.response_bytes for part in parts),
            _added(part.reasons for part in parts),
        )


@dataclass(slots=True)
class ArrivalCounts:
    """What became of the arrivals of one stream: planned = started + dropped + missed.

    Attributes:
        started: shoppers that were started, the late ones included.
        late: of those, the ones started too long after they were due.
        dropped: not started because too many shoppers were active already.
        missed: not started because their worker was dead, paused or without its lease.
        lag: how long after its due instant each was started.
    """

    started: int = 0
    late: int = 0
    dropped: int = 0
    missed: int = 0
    lag: Histogram = field(default_factory=Histogram)

    @property
    def in_all(self) -> int:
        """Arrivals of which it is known what became of them."""
        return self.started + self.dropped + self.missed

    @classmethod
    def merged(cls, parts: list[ArrivalCounts]) -> ArrivalCounts:
        """The sum of some counts."""
        return cls(
            sum(part.started for part in parts),
            sum(part.late for part in parts),
            sum(part.dropped for part in parts),
            sum(part.missed for part in parts),
            Histogram.merged([part.lag for part in parts]),
        )


@dataclass(slots=True)
class StepCounts:
    """The funnel at one step of one journey: entered = completed + abandoned + those still inside.

    Attributes:
        entered: shoppers that began the step.
        completed: shoppers that ended it well.
        abandoned: shoppers that gave up in it, by reason.
        time: time from entering to completing.
    """

    entered: int = 0
    completed: int = 0
    abandoned: Counter[str] = field(default_factory=Counter)
    time: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class JourneyCounts:
    """Journeys of one kind: started = completed + failed + interrupted + those still going.

    Attributes:
        started: shoppers that began.
        completed: shoppers that came to their own end.
        failed: shoppers whose journey raised an error.
        interrupted: shoppers ended by the generator (ramp-down, stop).
    """

    started: int = 0
    completed: int = 0
    failed: int = 0
    interrupted: int = 0


@dataclass(frozen=True, slots=True)
class ErrorSample:
    """One failure in its own words, to look at; never a label.

    Attributes:
        second: when, seconds since the run's start.
        worker: which worker saw it.
        text: shortened message.
    """

    second: int
    worker: str
    journey: str
    step: str
    name: str
    method: str
    reason: str
    text: str


@dataclass(slots=True)
class Tally:
    """All that happened in a span of time on a part of the cluster.

    Attributes:
        series: requests by key.
        arrivals: by index of the plan's stream (open model).
        shoppers: active shoppers by stream at the end of the span. Adds over workers, not over time.
        steps: funnel by (journey, step).
        journeys: by journey.
        counters: business counts by (journey, name), e.g. orders, revenue_cents.
        devices: where the plan names devices: business counts (:data:`BY_DEVICE`) by (journey, device, "", name), and
            shoppers by (journey, device, step, what became of them). A part of the counters and steps, not more.
        sent: requests put on the wire, counted by the client apart from the series.
        in_flight: requests on the wire at the end of the span. Adds over workers, not over time.
        renamed: requests whose name was folded into ``__other__``.
        samples: some failures in words.
        slowest: some of the slowest requests, the slowest first.
    """

    series: dict[SeriesKey, Series] = field(default_factory=dict)
    arrivals: dict[int, ArrivalCounts] = field(default_factory=dict)
    shoppers: Counter[int] = field(default_factory=Counter)
    steps: dict[tuple[str, str], StepCounts] = field(default_factory=dict)
    journeys: dict[str, JourneyCounts] = field(default_factory=dict)
    counters: Counter[tuple[str, str]] = field(default_factory=Counter)
    devices: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    sent: int = 0
    in_flight: int = 0
    renamed: int = 0
    samples: list[ErrorSample] = field(default_factory=list)
    slowest: list[SlowSample] = field(default_factory=list)

    @classmethod
    def merged(cls, parts: Sequence[Tally]) -> Tally:
        """The sum over parts of the cluster for one span of time. Arguments are left alone."""
        from loadgen.stats.adding import added_up
        from loadgen.stats.columns import Columns

        if len(parts) <= 1:
            return parts[0] if parts else cls()
        return added_up([Columns.of(part) for part in parts]).tally()

    def then(self, later: Tally) -> Tally:
        """The sum over time: like :meth:`merged`, but what is a level, not a count, is the later one's."""
        both = Tally.merged([self, later])
        both.shoppers = later.shoppers
        both.in_flight = later.in_flight
        both.samples = []
        return both

    @property
    def requests(self) -> int:
        """Finished requests, failed ones included."""
        return sum(series.service.count for series in self.series.values())

    @property
    def failures(self) -> int:
        """Finished requests that failed."""
        return sum(series.service.count for key, series in self.series.items() if key.result == FAILED)

    @property
    def response_bytes(self) -> int:
        """Size of all response bodies."""
        return sum(series.response_bytes for series in self.series.values())

    def service(self, wanted: Callable[[SeriesKey], bool] = lambda _: True) -> Histogram:
        """Merged service times of the series whose key is wanted."""
        return Histogram.merged([series.service for key, series in self.series.items() if wanted(key)])

    def since_due(self, wanted: Callable[[SeriesKey], bool] = lambda _: True) -> Histogram:
        """Merged times since due of the series whose key is wanted."""
        return Histogram.merged([series.since_due for key, series in self.series.items() if wanted(key)])

    def arrivals_total(self) -> ArrivalCounts:
        """Arrivals over all streams."""
        return ArrivalCounts.merged(list(self.arrivals.values()))


def _added(counters: Iterable[Mapping[K, int]]) -> Counter[K]:
    total: Counter[K] = Counter()
    for counter in counters:
        total.update(counter)
    return total
