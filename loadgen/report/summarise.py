"""Make the summary of a run from its record, its plan and its sealed seconds.

The one place where a report's numbers are computed. It takes a run at any time: of one that goes on, thresholds are
judged as they stand and there is no outcome yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime

from loadgen import __version__
from loadgen.endings import Validity
from loadgen.messages import RunRecord, WorkerTotals
from loadgen.plan.conditions import Guard, Threshold
from loadgen.plan.model import Plan
from loadgen.report import breakdown
from loadgen.report.business import business
from loadgen.report.capacity import capacity_of
from loadgen.report.devices import counted, devices
from loadgen.report.part import Latency
from loadgen.report.slowness import slowness
from loadgen.report.spans import WINDOW_S, span_for, spans
from loadgen.report.story import headline, story
from loadgen.report.summary import (
    Arrivals,
    GuardFigures,
    Lag,
    Span,
    Summary,
    ThresholdFigures,
    Totals,
    WorkerFigures,
)
from loadgen.report.wording import figure
from loadgen.stats import RunStats, Tally
from loadgen.verdict import (
    GeneratorFacts,
    GeneratorSeconds,
    GuardResult,
    ThresholdResult,
    ValidityResult,
    assess,
    broken,
    judge,
)

_STOPS = ("stop_asked", "guard", "failure")
"""Kinds of events after which no load is applied any more."""


def summarise(record: RunRecord, plan: Plan, stats: RunStats) -> Summary:
    """Decide every number of a report.

    Args:
        record: how the run stands, with its verdict when it has ended.
        plan: as submitted; references to secrets are in it as written, never their values.
        stats: the run's sealed seconds, all of them.
    """
    rows = stats.timeline()
    total = stats.total
    verdict = record.verdict
    duration_s = _duration_s(record, stats)
    load_s = _load_s(record, plan, duration_s)
    validity = verdict.validity if verdict else record.validity or _validity_so_far(record, plan, stats)
    second_by_second = spans(rows, 1)
    totals = _totals(total, record.workers.values(), second_by_second, load_s)
    arrivals = _arrivals(stats)
    capacity = None if validity.verdict is Validity.INVALID else capacity_of(plan, rows)
    counters = breakdown.counters(total)
    errors = breakdown.errors(total, stats.samples)
    steps = breakdown.steps(total, rows, plan.users, plan.apdex)
    cost = slowness(total, steps)
    chart_span_s = span_for(rows)
    return Summary(
        run=record.run,
        name=record.name,
        state=record.state,
        outcome=verdict.outcome if verdict else None,
        exit_code=verdict.exit_code if verdict else None,
        reason=verdict.reason if verdict else record.detail,
        validity=validity,
        headline=headline(record.state, verdict, load_s),
        story=story(verdict, capacity, arrivals, totals, counters.total, errors, cost),
        loadgen_version=__version__,
        started_at=_iso(record.started_at),
        ended_at=_iso(record.ended_at),
        duration_s=round(duration_s, 3),
        load_s=round(load_s, 3),
        totals=totals,
        arrivals=arrivals,
        latency_s=Latency.of(total.service()),
        latency_since_due_s=Latency.of(total.since_due()),
        capacity=capacity,
        steps=steps,
        requests=breakdown.requests(total, load_s),
        slowest=breakdown.slowest(total),
        journeys=breakdown.journeys(total, plan.users),
        counters=counters,
        business=business(counters, counted(total, tuple(plan.devices))),
        devices=devices(total, steps, tuple(plan.devices)),
        slowness=cost,
        errors=errors,
        thresholds=threshold_figures(
            plan.thresholds, verdict.thresholds if verdict else judge(plan.thresholds, stats, load_s)
        ),
        guards=_guards(plan.guards, verdict.guards if verdict else ()),
        violations=verdict.violations if verdict else broken(plan.commerce, stats),
        workers=tuple(worker_figures(worker) for _, worker in sorted(record.workers.items())),
        events=tuple(record.events),
        plan=plan.model_dump(mode="json"),
        windows=spans(rows, span_for(rows, WINDOW_S)),
        seconds=second_by_second,
        charted=second_by_second if chart_span_s == 1 else spans(rows, chart_span_s),
    )


def _duration_s(record: RunRecord, stats: RunStats) -> float:
    if record.started_at is not None and record.ended_at is not None:
        return max(record.ended_at - record.started_at, 0.0)
    return float(stats.last_second + 1)


def _load_s(record: RunRecord, plan: Plan, duration_s: float) -> float:
    stopped_s = [event.at_s for event in record.events if event.kind in _STOPS]
    return max(min(plan.duration, duration_s, *stopped_s), 0.0)


def _validity_so_far(record: RunRecord, plan: Plan, stats: RunStats) -> ValidityResult:
    facts = GeneratorFacts(
        quarantined=record.quarantined,
        clock_error_us=max((worker.clock_error_us for worker in record.workers.values()), default=0),
        balances=tuple(worker.balance for worker in record.workers.values()),
    )
    return assess(plan, stats, GeneratorSeconds.of(plan, stats.timeline()), facts)


def _totals(total: Tally, workers: Iterable[WorkerTotals], seconds: Sequence[Span], load_s: float) -> Totals:
    requests, failures = total.requests, total.failures
    return Totals(
        requests=requests,
        failures=failures,
        response_bytes=total.response_bytes,
        error_rate=failures / requests if requests else None,
        requests_per_s=requests / load_s if load_s else None,
        sent=total.sent,
        in_flight_at_end=sum(worker.in_flight for worker in workers),
        peak_requests_per_s=max((second.requests for second in seconds), default=0),
        peak_shoppers=max((second.shoppers for second in seconds), default=0),
        coloured_requests=sum(second.coloured_requests for second in seconds),
        lengthened_requests=round(sum(second.lengthened_requests for second in seconds), 3),
    )


def _arrivals(stats: RunStats) -> Arrivals:
    counts = stats.total.arrivals_total()
    lag = Latency.of(counts.lag)
    return Arrivals(
        planned=stats.planned,
        started=counts.started,
        late=counts.late,
        dropped=counts.dropped,
        missed=counts.missed,
        lag_s=Lag(p50=lag.p50, p99=lag.p99, max=lag.max),
    )


def threshold_figures(written: Iterable[Threshold], results: Iterable[ThresholdResult]) -> tuple[ThresholdFigures, ...]:
    """Thresholds as judged, with what was measured in words."""
    by_text = {str(threshold): threshold for threshold in written}
    return tuple(
        ThresholdFigures(
            text=result.text,
            value=result.value,
            ok=result.ok,
            measured=figure(by_text[result.text], result.value) if result.text in by_text else str(result.value),
        )
        for result in results
    )


def _guards(written: Iterable[Guard], results: Iterable[GuardResult]) -> tuple[GuardFigures, ...]:
    stood = {result.text: result for result in results}
    figures = []
    for guard in written:
        result = stood.get(str(guard), GuardResult(text=str(guard)))
        measured = tuple(figure(guard.condition, value) for value in result.values)
        figures.append(GuardFigures(**result.model_dump(), measured=measured))
    return tuple(figures)


def worker_figures(totals: WorkerTotals) -> WorkerFigures:
    """One worker process from what it did so far."""
    seconds = totals.last_second - totals.first_second + 1 if totals.first_second >= 0 else 0
    same = {part.name: getattr(totals, part.name) for part in fields(totals) if part.name in WorkerFigures.model_fields}
    return WorkerFigures(
        **same,
        seconds=seconds,
        cpu_mean=totals.cpu_sum / seconds if seconds else None,
        unaccounted=totals.balance.gap,
        loop_lag_max_s=totals.loop_lag_max_us / 1e6,
        clock_error_s=totals.clock_error_us / 1e6,
    )


def _iso(instant_s: float | None) -> str | None:
    """ISO 8601 in UTC, to the millisecond."""
    if instant_s is None:
        return None
    return datetime.fromtimestamp(instant_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
