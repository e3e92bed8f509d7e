"""What the page shows of a run beside its charts: figures in words, by the code that writes the reports. Pure.

The browser formats nothing: what is a number here is drawn, what is text is shown as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from loadgen.messages import RunRecord, WorkerTotals
from loadgen.plan.model import Plan
from loadgen.plan.stream import LoadModel
from loadgen.report import breakdown
from loadgen.report.funnel import funnels_of
from loadgen.report.in_words import business_in_words
from loadgen.report.now import RECENT_S, Now
from loadgen.report.part import Latency
from loadgen.report.summarise import threshold_figures, worker_figures
from loadgen.report.visitors import StepFigures
from loadgen.report.wording import UNKNOWN, clock, count, figure, percent, rate, score, seconds
from loadgen.stats import RunStats
from loadgen.verdict import judge
from loadgen.verdict.guards import GuardStanding
from loadgen.web.timeline import StepLines

STEPS_ORDERED_S: Final = 300
"""The first minutes tell in which order shoppers come to the steps."""

ERRORS_SHOWN: Final = 50
EVENTS_SHOWN: Final = 200
WORKERS_SHOWN: Final = 200
"""Rows of tables; how many there are in all is said."""

HOT: Final = 0.9
"""CPU share of a worker process from which it is marked."""


@dataclass(frozen=True)
class Seen:
    """All that is known of a run at one moment.

    Attributes:
        plan: as submitted.
        record: how it stands.
        stats: its sealed seconds.
        guards: as they stand.
        lines: the steps' sparklines.
    """

    plan: Plan
    record: RunRecord
    stats: RunStats
    guards: Sequence[GuardStanding]
    lines: StepLines


def board(seen: Seen) -> dict[str, Any]:
    """Everything in words."""
    now, record, verdict = Now.of(seen.stats), seen.record, seen.record.verdict
    order = list(islice(seen.stats.rows.values(), STEPS_ORDERED_S))
    steps = breakdown.steps(seen.stats.total, order, seen.plan.users, seen.plan.apdex)
    return {
        "run": record.run,
        "name": record.name,
        "state": record.state.value,
        "detail": record.detail,
        "outcome": verdict.outcome.value.replace("_", " ") if verdict else None,
        "reason": verdict.reason if verdict else "",
        "second": seen.stats.last_second,
        "clock": f"{clock(now.elapsed_s)} of {clock(seen.plan.duration)}",
        "progress": min(now.elapsed_s / seen.plan.duration, 1.0),
        "tiles": _tiles(seen, now),
        "business": [_card(*card) for card in business_in_words(now.business)] if now.business else [],
        "validity": _validity(record),
        "thresholds": _thresholds(seen, now),
        "guards": [_guard(standing) for standing in seen.guards],
        "steps": [_step(step, seen.lines) for step in steps],
        "funnels": _funnels(seen, steps),
        **_errors(seen),
        **_workers(record),
        "events": [
            {"at": clock(event.at_s), "kind": event.kind.replace("_", " "), "text": event.text}
            for event in reversed(record.events[-EVENTS_SHOWN:])
        ],
        "events_in_all": len(record.events),
    }


def _card(label: str, value: str, note: str, *, bad: bool = False) -> dict[str, Any]:
    return {"label": label, "value": value, "note": note, "bad": bad}


def _tiles(seen: Seen, now: Now) -> list[dict[str, Any]]:
    recent = f"last {RECENT_S} s"
    tiles = []
    if seen.plan.streams(LoadModel.OPEN):
        tiles.append(_card("Arrivals", rate(now.started_per_s), f"planned {rate(now.planned_per_s)}"))
    planned = f"planned {count(now.users_planned)}" if seen.plan.streams(LoadModel.CLOSED) else "active now"
    tiles += [
        _card("Shoppers", count(now.shoppers), planned),
        _card("Requests", rate(now.requests_per_s), recent),
        _card("Failed", percent(now.error_rate), recent, bad=bool(now.error_rate)),
        _card("p50", seconds(now.latency.p50), recent),
        _card("p95", seconds(now.latency.p95), recent),
        _card("p99", seconds(now.latency.p99), recent),
        _card("Workers", count(now.workers), f"CPU {percent(now.cpu_max)} at most", bad=now.cpu_max > HOT),
    ]
    if seen.record.verdict is not None:
        tiles = _tiles_of_all(seen, now)
    not_done = ", ".join(
        f"{count(number)} {name}"
        for name, number in (("late", now.late), ("dropped", now.dropped), ("missed", now.missed))
        if number
    )
    if not_done:
        tiles.append(_card("Not as planned", not_done, "of the whole run", bad=True))
    if now.business and seen.record.verdict is None:
        tiles.append(_card("Orders", f"{now.orders_per_min:.0f}/min", "last minute"))
    return tiles


def _tiles_of_all(seen: Seen, now: Now) -> list[dict[str, Any]]:
    """A run that has ended is no longer asked how it is, but how it was."""
    total, whole = seen.stats.total, "whole run"
    times = Latency.of(total.service())
    return [
        _card("Requests", count(total.requests), whole),
        _card(
            "Failed",
            percent(total.failures / total.requests if total.requests else None),
            whole,
            bad=bool(total.failures),
        ),
        _card("Requests", rate(total.requests / max(now.elapsed_s, 1)), "in the mean"),
        _card("p50", seconds(times.p50), whole),
        _card("p95", seconds(times.p95), whole),
        _card("p99", seconds(times.p99), whole),
        _card("Workers", count(len(seen.record.workers)), "took part"),
    ]


def _validity(record: RunRecord) -> dict[str, Any] | None:
    judged = record.verdict.validity if record.verdict else record.validity
    if judged is None:
        return None
    reasons = [{"severity": reason.severity.value, "text": reason.text} for reason in judged.reasons]
    return {"verdict": judged.verdict.value, "reasons": reasons}


def _thresholds(seen: Seen, now: Now) -> list[dict[str, Any]]:
    """As judged at the end; before it as they would be judged now."""
    verdict = seen.record.verdict
    so_far = judge(seen.plan.thresholds, seen.stats, float(max(now.elapsed_s, 1)))
    return [
        {"text": of.text, "measured": of.measured, "well": None if of.value is None else of.ok}
        for of in threshold_figures(seen.plan.thresholds, verdict.thresholds if verdict else so_far)
    ]


def _guard(standing: GuardStanding) -> dict[str, Any]:
    guard, value = standing.guard, standing.figure
    held = f"held for {standing.held_s} of {guard.window_s} s" if standing.held_s else ""
    measured = UNKNOWN if value is None else figure(guard.condition, value)
    return {
        "text": str(guard),
        "measured": measured,
        "held": held,
        "well": None if value is None else not standing.held_s,
    }


def _step(step: StepFigures, lines: StepLines) -> dict[str, Any]:
    return {
        "journey": step.journey,
        "step": step.step or "outside of steps",
        "requests": count(step.requests),
        "failed": percent(step.error_rate),
        "bad": bool(step.failures),
        "p50": seconds(step.latency_s.p50),
        "p95": seconds(step.latency_s.p95),
        "p99": seconds(step.latency_s.p99),
        "apdex": score(step.apdex),
        "line": lines.line(step.journey, step.step),
    }


def _funnels(seen: Seen, steps: Sequence[StepFigures]) -> list[dict[str, Any]]:
    journeys = breakdown.journeys(seen.stats.total, seen.plan.users)
    return [
        {
            "journey": funnel.journey,
            "steps": [
                {
                    "step": step.figures.step,
                    "entered": count(step.figures.entered),
                    "share": percent(min(step.entered, 1.0)) if step.entered <= 1 else f"{step.entered:.2g}×",
                    "width": min(step.entered, 1.0),
                    "lost": percent(step.lost),
                    "why": step.why,
                }
                for step in funnel.steps
            ],
        }
        for funnel in funnels_of(steps, journeys)
    ]


def _errors(seen: Seen) -> dict[str, Any]:
    errors = breakdown.errors(seen.stats.total, seen.stats.samples)
    shown = [
        {
            "reason": error.reason,
            "request": f"{error.method} {error.name}",
            "count": count(error.count),
            "samples": [
                {"at": clock(sample.second), "worker": sample.worker, "text": sample.text} for sample in error.samples
            ],
        }
        for error in errors[:ERRORS_SHOWN]
    ]
    return {"errors": shown, "errors_in_all": len(errors)}


def _workers(record: RunRecord) -> dict[str, Any]:
    shown = [_worker(totals) for _, totals in sorted(record.workers.items())[:WORKERS_SHOWN]]
    return {"workers": shown, "workers_in_all": len(record.workers)}


def _worker(totals: WorkerTotals) -> dict[str, Any]:
    of = worker_figures(totals)
    return {
        "worker": of.worker,
        "node": of.node,
        "state": of.state,
        "requests": count(of.requests),
        "started": count(of.started),
        "late": count(of.late),
        "undone": count(of.dropped + of.missed),
        "cpu": f"{percent(of.cpu_mean)}, {percent(of.cpu_max)} at most",
        "lag": seconds(of.loop_lag_max_s),
        "coloured": f"{of.coloured_seconds} s",
        "memory": f"{of.rss_max_bytes / 2**20:.0f} MiB",
        "bad": {
            "state": of.state == "lost",
            "cpu": of.cpu_max > HOT,
            "coloured": bool(of.coloured_seconds),
            "undone": bool(of.dropped or of.missed),
        },
    }
