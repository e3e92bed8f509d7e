"""Generator health: whether the figures of the other dashboards can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards import queries as q
from dashboards.frame import GENERATOR, framed
from dashboards.overview import VERDICTS
from dashboards.panels import (
    BAD,
    BYTES,
    COUNT,
    GOOD,
    HALF,
    PER_SECOND,
    REQUESTS_PER_SECOND,
    SECONDS,
    SHARE,
    THIRD,
    WARN,
    Look,
    Query,
    figure,
    lines,
    rows,
)

WORKER = ("worker",)
LAGS = ("0.5", "0.99", "0.999")
"""Quantiles of the arrival lag: how it mostly is, and how bad it gets."""
STILL_GOING = 'state=~"running|draining"'


def generator_health() -> Dashboard:
    """What to look at before a run is believed."""
    return framed(
        GENERATOR,
        "loadgen / Generator health",
        "Whether the generator did what the plan asked, and measured the shop and not itself: workers, arrivals, "
        "coordinators.",
        {
            "Can this run be trusted?": [*_trust(), *_validity()],
            "Arrivals": _arrivals(),
            "Workers": [*_workers(), _by_worker()],
            "Coordinators": _coordinators(),
        },
    )


def _trust() -> Sequence[Builder[Panel]]:
    coloured = q.so_far("loadgen_worker_coloured_requests_total")
    measured = q.so_far("loadgen_worker_requests_total")
    return [
        figure(
            "Validity",
            "The verdict on the generator so far. INVALID: the figures say nothing of the shop.",
            COUNT,
            Query(f"{q.shown('loadgen_run_validity', by=['verdict'])} == 1", "{{verdict}}"),
            looks=VERDICTS,
            by_name=True,
        ),
        figure(
            "Coloured requests",
            "The share of requests that were measured in seconds in which their worker took answers late.",
            SHARE,
            Query(q.share(coloured, measured)),
            steps={0: GOOD, 0.01: WARN, 0.1: BAD},
        ),
        figure(
            "Busiest worker",
            "The highest share of its core that a worker used in one second of the run. Beyond 90 % it has nothing to "
            "spare.",
            SHARE,
            Query(f"max({q.of_run('loadgen_worker_cpu_max')})"),
            steps={0: GOOD, 0.8: WARN, 0.9: BAD},
        ),
        figure(
            "Workers lost",
            "Workers of the run that have not renewed their lease; others carry their load.",
            COUNT,
            Query(q.shown("loadgen_run_workers", 'place="lost"', by=["place"])),
            steps={0: GOOD, 1: BAD},
        ),
        figure(
            "Largest clock error",
            "The largest bound of a worker's clock error; beyond 50 ms it speaks against the generator.",
            SECONDS,
            Query(f"max({q.of_run('loadgen_worker_clock_error_max_seconds')})"),
            steps={0: GOOD, 0.05: BAD},
        ),
        figure(
            "Frames refused",
            "Reports of workers that were malformed or impossible and were left out.",
            COUNT,
            Query(q.so_far("loadgen_frames_quarantined_total")),
            steps={0: GOOD, 1: BAD},
        ),
    ]


def _validity() -> Sequence[Builder[Panel]]:
    folded = q.shown("loadgen_request_series_folded", by=["run"])
    return [
        rows(
            "What speaks against the generator",
            "Each reason there can be, and what it makes of the run.",
            "reason",
            Query(q.shown("loadgen_run_validity_reason", by=["reason"]), column="Makes the run"),
            key_title="Reason",
            span=HALF,
            height=8,
            words={"0": ("–", GOOD), "1": ("DEGRADED", WARN), "2": ("INVALID", BAD)},
            sort_by="Makes the run",
        ),
        lines(
            "What is not shown by its name",
            "Requests counted as __other__ because the plan's cap on names was reached, request series beyond those "
            "shown, and workers without series of their own. All 0 for most runs; totals are exact all the same.",
            COUNT,
            Query(q.so_far("loadgen_requests_renamed_total"), "requests renamed"),
            Query(folded, "request series folded"),
            Query(q.shown("loadgen_run_workers_unlisted", by=["run"]), "workers unlisted"),
        ),
    ]


def _arrivals() -> Sequence[Builder[Panel]]:
    return [
        lines(
            "Planned and started",
            "Arrivals per second that the plan asks for (dashed) and that were started, open streams.",
            PER_SECOND,
            Query(q.rate("loadgen_arrivals_planned_total"), "planned"),
            Query(q.rate("loadgen_arrivals_total", 'outcome="started"', by=["stream"]), "started {{stream}}"),
            looks={"^planned$": Look(dashed=True)},
            span=THIRD,
        ),
        lines(
            "Late, dropped and missed",
            "Late: started over 50 ms after it was due. Dropped: too many shoppers at once. Missed: no worker was "
            "there.",
            PER_SECOND,
            Query(q.rate("loadgen_arrivals_total", 'outcome=~"late|dropped|missed"', by=["outcome"]), "{{outcome}}"),
            looks={"^late$": Look(colour=WARN), "^(dropped|missed)$": Look(colour=BAD)},
            span=THIRD,
        ),
        lines(
            "Arrival lag",
            "How long after they were due shoppers were started, in the last ten seconds: true percentiles, all "
            "workers merged. Beyond 50 ms an arrival is late.",
            SECONDS,
            *(
                Query(
                    q.shown("loadgen_arrival_lag_seconds", f'quantile="{value}"', by=["stream"]), text + " {{stream}}"
                )
                for value, text in q.QUANTILES.items()
                if value in LAGS
            ),
            span=THIRD,
        ),
    ]


def _workers() -> Sequence[Builder[Panel]]:
    def of_worker(title: str, text: str, unit: str, metric: str) -> Builder[Panel]:
        return lines(title, text, unit, Query(q.shown(metric, by=WORKER), "{{worker}}"), span=THIRD)

    coloured = q.rate("loadgen_worker_coloured_seconds_total", by=WORKER)
    places = q.shown("loadgen_run_workers", by=["place"])
    last_frame = q.shown("loadgen_worker_last_frame_timestamp_seconds", by=WORKER)
    going_on = f"{q.shown('loadgen_run_state', STILL_GOING)} == 1"
    return [
        lines(
            "Workers of the run",
            "By where they stand: seated ones carry load, lost ones have not renewed their lease.",
            COUNT,
            Query(places, "{{place}}"),
            looks={"^lost$": Look(colour=BAD)},
            span=THIRD,
        ),
        of_worker(
            "CPU", "The highest share of its core in one second of the run, by worker.", SHARE, "loadgen_worker_cpu_max"
        ),
        of_worker(
            "Loop lag",
            "The longest that a worker's event loop kept something waiting, in the run.",
            SECONDS,
            "loadgen_worker_loop_lag_max_seconds",
        ),
        lines(
            "Coloured seconds",
            "The share of the last seconds in which a worker was so late that it coloured the latencies it measured.",
            SHARE,
            Query(f"clamp_max({coloured}, 1)", "{{worker}}"),  # a rate may say a little more than happened
            span=THIRD,
        ),
        of_worker(
            "Memory", "The highest resident memory in the run, by worker.", BYTES, "loadgen_worker_rss_max_bytes"
        ),
        lines(
            "Requests per second",
            "By worker. Workers of the same weight should lie close together.",
            REQUESTS_PER_SECOND,
            Query(q.rate("loadgen_worker_requests_total", by=WORKER), "{{worker}}"),
            span=THIRD,
        ),
        lines(
            "Frame age",
            "How long ago the last second was over that a worker has told of. Some two seconds, as a second is told "
            "when it is over; a line that rises is a worker that is silent.",
            SECONDS,
            Query(f"time() - {last_frame} and on () ({going_on})", "{{worker}}"),
            span=THIRD,
        ),
        lines(
            "Late arrivals",
            "Shoppers that a worker started over 50 ms after they were due, per second.",
            PER_SECOND,
            Query(q.rate("loadgen_worker_late_arrivals_total", by=WORKER), "{{worker}}"),
            span=THIRD,
        ),
        of_worker(
            "Clock error",
            "The largest bound of a worker's clock error in the run; its seconds are others' by as much.",
            SECONDS,
            "loadgen_worker_clock_error_max_seconds",
        ),
    ]


def _by_worker() -> Builder[Panel]:
    return rows(
        "Workers",
        "Each worker's health over the run so far; the first 500 have series of their own.",
        "worker",
        Query(q.so_far("loadgen_worker_requests_total", by=WORKER), column="Requests"),
        Query(q.so_far("loadgen_worker_late_arrivals_total", by=WORKER), column="Late"),
        Query(q.shown("loadgen_worker_cpu_max", by=WORKER), column="CPU"),
        Query(q.shown("loadgen_worker_loop_lag_max_seconds", by=WORKER), column="Loop lag"),
        Query(q.so_far("loadgen_worker_coloured_seconds_total", by=WORKER), column="Coloured seconds"),
        Query(q.shown("loadgen_worker_clock_error_max_seconds", by=WORKER), column="Clock error"),
        Query(q.shown("loadgen_worker_rss_max_bytes", by=WORKER), column="Memory"),
        key_title="Worker",
        looks={
            "CPU": Look(unit=SHARE),
            "Loop lag": Look(unit=SECONDS),
            "Clock error": Look(unit=SECONDS),
            "Memory": Look(unit=BYTES),
        },
        sort_by="CPU",
    )


def _coordinators() -> Sequence[Builder[Panel]]:
    here = '{job="$job"}'
    return [
        lines(
            "Who leads",
            "1 for the coordinator that leads, 0 for those that stand by. A step from one to another is a failover.",
            COUNT,
            Query(f"max by (coordinator) (loadgen_leader{here})", "{{coordinator}}"),
            span=THIRD,
        ),
        lines(
            "Workers of the cluster",
            "Workers with a live lease, whichever run they serve.",
            COUNT,
            Query(f"max by (state) (loadgen_workers{here})", "{{state}}"),
            span=THIRD,
            stacked=True,
        ),
        lines(
            "Queue and failovers",
            "Runs that wait for their turn, and how often another coordinator took over in the last five minutes.",
            COUNT,
            Query(f"max by (job) (loadgen_runs_queued{here})", "runs queued"),
            Query(f"changes(max by (job) (loadgen_leader_fence{here})[5m:5s])", "failovers"),
            span=THIRD,
        ),
    ]
