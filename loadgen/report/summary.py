"""The summary of a run: every number that any report shows, decided once.

JSON *is* this model; the terminal, HTML, JUnit and CSV are written from it and compute nothing of their own.

Units: seconds for latencies and durations, per second for rates, shares of one, bytes. What is not known is null, never
NaN. ``seconds`` has one entry for each second, ``windows`` one for every few seconds, merged, never averaged.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from loadgen.endings import Outcome
from loadgen.messages.record import RunEvent, RunState
from loadgen.report.part import Latency, Part
from loadgen.report.visitors import Business, Counters, DeviceFigures, JourneyFigures, Slowness, StepFigures
from loadgen.verdict import ValidityResult, ViolationResult


class Lag(Part):
    """How long after they were due shoppers started, seconds."""

    p50: float | None = None
    p99: float | None = None
    max: float | None = None


class Totals(Part):
    """The whole run. ``sent`` = ``requests`` + ``in_flight_at_end`` where every client counts what it sends.

    ``coloured_requests`` were measured in seconds that their worker coloured by its own lateness; about
    ``lengthened_requests`` of all were measured too long (:mod:`loadgen.verdict.colouring`).
    """

    requests: int
    failures: int
    response_bytes: int
    error_rate: float | None
    requests_per_s: float | None
    sent: int
    in_flight_at_end: int
    peak_requests_per_s: int
    peak_shoppers: int
    coloured_requests: int
    lengthened_requests: float


class Arrivals(Part):
    """Shoppers of the open streams: planned = started + dropped + missed."""

    planned: int
    started: int
    late: int
    dropped: int
    missed: int
    lag_s: Lag


class RequestFigures(Part):
    """All requests of one name and method."""

    name: str
    method: str
    count: int
    failures: int
    error_rate: float | None
    requests_per_s: float | None
    response_bytes: int
    latency_s: Latency


class SlowRequest(Part):
    """One of the slowest requests; of each name, method and outcome the slowest come first.

    Attributes:
        second: in which it ended.
        outcome: ``ok``, or the reason why it failed.
        trace_id: that it carried; null without one.
    """

    second: int
    worker: str
    journey: str
    step: str
    name: str
    method: str
    outcome: str
    latency_s: float
    trace_id: str | None


class Sample(Part):
    """One failure in its own words."""

    second: int
    worker: str
    journey: str
    step: str
    text: str


class ErrorFigures(Part):
    """Failures of one reason at one request name, with some in their own words."""

    reason: str
    name: str
    method: str
    count: int
    samples: tuple[Sample, ...]


class ThresholdFigures(Part):
    """A threshold as judged; ``measured`` is its value as people write it."""

    text: str
    value: float | None
    ok: bool
    measured: str


class GuardFigures(Part):
    """A guard as it stood; ``values`` and ``measured`` are those of the window that led to it, oldest first."""

    text: str
    tripped: bool
    at_s: int | None
    values: tuple[float | None, ...]
    measured: tuple[str, ...]


class WorkerFigures(Part):
    """One worker process: what it did, and how it fared. CPU as shares of one core.

    It reported ``seconds``; of these it coloured ``coloured_seconds`` by its own lateness. ``sent`` = ``requests`` +
    ``in_flight`` + ``unaccounted``, and the last should be 0.
    """

    worker: str
    node: str
    state: str
    first_second: int
    last_second: int
    seconds: int
    requests: int
    sent: int
    in_flight: int
    unaccounted: int
    started: int
    late: int
    dropped: int
    missed: int
    cpu_mean: float | None
    cpu_max: float
    loop_lag_max_s: float
    coloured_seconds: int
    coloured_requests: int
    rss_max_bytes: int
    clock_error_s: float


class Span(Part):
    """Some seconds in a row, merged.

    Attributes:
        second: the first of them, since the run's start.
        span_s: how many.
        planned: arrivals planned (open streams).
        users_planned: shoppers planned at its end (closed streams).
        shoppers: shoppers active at its end.
        p50, p95, p99: of the merged requests, seconds.
        reasons: failures by reason.
        workers: the fewest that reported one of its seconds.
        cpu_max: highest CPU share of one worker process.
        arrival_lag_p99_s: 99 % of the shoppers started within this after they were due; null without any.
        loop_lag_p99_s: in all but the worst hundredth of a second, the latest event loop was no later than this.
        loop_lag_max_s: longest wait of an event loop.
        coloured_seconds: how many of its seconds some worker coloured by its own lateness.
        coloured_workers: most workers that coloured one of them.
        coloured_requests: requests that these workers measured in them.
        lengthened_requests: about how many requests were measured too long.
    """

    second: int
    span_s: int = 1
    planned: int
    users_planned: int
    shoppers: int
    started: int
    late: int
    dropped: int
    missed: int
    requests: int
    failures: int
    p50: float | None
    p95: float | None
    p99: float | None
    reasons: dict[str, int]
    workers: int
    cpu_max: float
    arrival_lag_p99_s: float | None
    loop_lag_p99_s: float
    loop_lag_max_s: float
    coloured_seconds: int
    coloured_workers: int
    coloured_requests: int
    lengthened_requests: float


class Capacity(Part):
    """How much load the shop carried before it slowed down, as far as the run can tell.

    Attributes:
        kind: ``held``: it never slowed down; ``broke``: it did, from ``broke_at_s`` on; ``broke_late``: only as the
            load had ended and the last shoppers finished; ``never_held``: not even the lowest load was carried well.
        unit: what ``level`` counts: arrivals per second, or shoppers at once.
        level: the highest planned load before it slowed down; null with ``never_held``.
        p95_s: 95 % of requests were answered within this, near that load.
        broke_at_s: when it slowed down, seconds since the start.
        broke_level: the planned load at that moment.
        after_p95_s: 95 % of requests were answered within this, from then on, at that load or more.
        after_error_rate: share of requests that failed, likewise.
        by: what decided: the plan's thresholds, or a slow-down against the early run.
    """

    kind: Literal["held", "broke", "broke_late", "never_held"]
    unit: Literal["arrivals_per_s", "shoppers"]
    level: float | None = None
    p95_s: float | None = None
    broke_at_s: int | None = None
    broke_level: float | None = None
    after_p95_s: float | None = None
    after_error_rate: float | None = None
    by: Literal["thresholds", "slowdown"]


class Summary(Part):
    """One run, complete. While it goes on, ``outcome``, ``exit_code`` and ``ended_at`` are null.

    ``duration_s`` is from the start until the last shopper had left; ``load_s`` is how long load was applied, and what
    all rates divide by.
    """

    run: str
    name: str
    state: RunState
    outcome: Outcome | None
    exit_code: int | None
    reason: str
    validity: ValidityResult
    headline: str
    story: tuple[str, ...]
    loadgen_version: str
    started_at: str | None
    ended_at: str | None
    duration_s: float
    load_s: float
    totals: Totals
    arrivals: Arrivals
    latency_s: Latency
    latency_since_due_s: Latency
    capacity: Capacity | None
    steps: tuple[StepFigures, ...]
    requests: tuple[RequestFigures, ...]
    slowest: tuple[SlowRequest, ...]
    journeys: tuple[JourneyFigures, ...]
    counters: Counters
    business: Business | None
    devices: tuple[DeviceFigures, ...]
    slowness: Slowness | None
    errors: tuple[ErrorFigures, ...]
    thresholds: tuple[ThresholdFigures, ...]
    guards: tuple[GuardFigures, ...]
    violations: tuple[ViolationResult, ...]
    workers: tuple[WorkerFigures, ...]
    events: tuple[RunEvent, ...]
    plan: dict[str, Any]
    windows: tuple[Span, ...]
    seconds: tuple[Span, ...]
    charted: tuple[Span, ...] = Field(exclude=True)
    """What charts draw: the seconds, or, of a long run, spans of them. Not in the JSON, which has all seconds."""

    def to_json(self) -> str:
        """The JSON summary, indented."""
        return self.model_dump_json(indent=2) + "\n"
