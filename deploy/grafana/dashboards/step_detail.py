"""Step detail: one step of the journeys, its requests, errors and shoppers."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards import queries as q
from dashboards.frame import STEP, framed
from dashboards.panels import (
    BAD,
    COUNT,
    GOOD,
    HALF,
    PER_MINUTE,
    REQUESTS_PER_SECOND,
    SECONDS,
    SHARE,
    WARN,
    Look,
    Query,
    figure,
    heat_map,
    lines,
    rows,
)

HERE = 'step="$step"'
FAILED = 'result="failed"'


def step_detail() -> Dashboard:
    """What the Overview's table of steps leads to."""
    return framed(
        STEP,
        "loadgen / Step detail",
        "One step of the journeys: its shoppers, its requests by name, how long they took and why they failed.",
        {
            "Shoppers in $step": [*_shoppers(), *_through()],
            "Latency of $step": _latency(),
            "Requests of $step": [*_requests(), _by_name()],
        },
    )


def _shoppers() -> Sequence[Builder[Panel]]:
    entered = q.so_far("loadgen_steps_total", HERE, 'outcome="entered"')
    completed = q.so_far("loadgen_steps_total", HERE, 'outcome="completed"')
    requests, failed = q.so_far("loadgen_requests_total", HERE), q.so_far("loadgen_requests_total", HERE, FAILED)
    return [
        figure("Entered", "Shoppers who entered this step in the run so far.", "locale", Query(entered)),
        figure("Completed", "Shoppers who got through this step.", "locale", Query(completed)),
        figure("Got through", "Completed divided by entered.", SHARE, Query(q.share(completed, entered))),
        figure(
            "Left",
            "Shoppers who gave up in this step: of their own will, for slowness, or by an error.",
            "locale",
            Query(q.so_far("loadgen_abandonments_total", HERE)),
        ),
        figure("Requests", "Requests of this step, counted exactly.", "locale", Query(requests)),
        figure(
            "Failed",
            "The share of this step's requests that failed.",
            SHARE,
            Query(q.share(failed, requests)),
            steps={0.001: WARN, 0.01: BAD},
        ),
    ]


def _through() -> Sequence[Builder[Panel]]:
    return [
        lines(
            "Shoppers per minute",
            "Who enters and who completes the step.",
            PER_MINUTE,
            Query(f"60 * {q.rate('loadgen_steps_total', HERE, by=['outcome'])}", "{{outcome}}"),
        ),
        lines(
            "Who leaves, and why",
            "Shoppers who give up in this step, per minute: slow is slower than they waited, will is of their own "
            "will.",
            PER_MINUTE,
            Query(f"60 * {q.rate('loadgen_abandonments_total', HERE, by=['reason'])}", "{{reason}}"),
            stacked=True,
        ),
        lines(
            "Time to get through",
            "From entering the step to completing it, with all its requests and thinking: the chosen percentile of "
            "the run so far, by journey.",
            SECONDS,
            Query(q.shown("loadgen_step_time_seconds", HERE, 'quantile="$quantile"', by=["journey"]), "{{journey}}"),
        ),
        lines(
            "Apdex",
            "How content shoppers are with the step's time, 0 to 1, for the plan's target; empty for plans without "
            "one.",
            SHARE,
            Query(q.shown("loadgen_step_apdex", HERE, by=["journey"]), "{{journey}}"),
        ),
    ]


def _latency() -> Sequence[Builder[Panel]]:
    return [
        lines(
            "Percentiles",
            "True percentiles of the step's requests of the last ten seconds, all workers merged before they are "
            "taken.",
            SECONDS,
            *(
                Query(q.shown("loadgen_step_request_latency_seconds", HERE, f'quantile="{value}"'), text)
                for value, text in q.QUANTILES.items()
            ),
        ),
        heat_map("Latency heatmap", "How many of the step's requests took how long.", Query(q.heat(HERE))),
    ]


def _requests() -> Sequence[Builder[Panel]]:
    reasons = q.rate("loadgen_failures_total", HERE, by=["reason"])
    happened = q.so_far("loadgen_failures_total", HERE, by=["reason"])
    return [
        lines(
            "Requests per second",
            "The step's requests by name.",
            REQUESTS_PER_SECOND,
            Query(q.rate("loadgen_requests_total", HERE, by=["name"]), "{{name}}"),
        ),
        lines(
            "Latency by name",
            "The chosen percentile of each name, from the histogram: to the width of its buckets.",
            SECONDS,
            Query(q.quantile_over("$quantile", HERE, by=("name",)), "{{name}}"),
        ),
        lines(
            "Errors by reason",
            "Failed requests of the step per second, of the reasons that occurred in it.",
            REQUESTS_PER_SECOND,
            Query(f"{reasons} and on (reason) ({happened} > 0)", "{{reason}}"),
            stacked=True,
        ),
        lines(
            "Results",
            "Requests of the step per second by result.",
            REQUESTS_PER_SECOND,
            Query(q.rate("loadgen_requests_total", HERE, by=["result"]), "{{result}}"),
            looks={"^ok$": Look(colour=GOOD), "^failed$": Look(colour=BAD)},
            span=HALF,
            stacked=True,
        ),
    ]


def _by_name() -> Builder[Panel]:
    by = ("name",)
    requests = q.so_far("loadgen_requests_total", HERE, by=by)
    failed = q.so_far("loadgen_requests_total", HERE, FAILED, by=by)
    return rows(
        "Names",
        "The step's requests by name over the run so far.",
        "name",
        Query(requests, column="Requests"),
        Query(q.share(failed, requests), column="Failed"),
        Query(q.quantile_over("0.5", HERE, by=by, over=""), column="p50"),
        Query(q.quantile_over("0.95", HERE, by=by, over=""), column="p95"),
        Query(q.quantile_over("0.99", HERE, by=by, over=""), column="p99"),
        key_title="Name",
        looks={
            "Requests": Look(unit=COUNT),
            "Failed": Look(unit=SHARE),
            **{name: Look(unit=SECONDS) for name in ("p50", "p95", "p99")},
        },
        sort_by="Requests",
    )
