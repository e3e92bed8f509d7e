"""Overview: how the run stands, what it asks of the shop, what the shop does with it, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards import queries as q
from dashboards.business import business_row
from dashboards.frame import OVERVIEW, framed, to_step
from dashboards.panels import (
    BAD,
    CALM,
    COUNT,
    GOOD,
    HALF,
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

VERDICTS = {"^VALID$": Look(colour=GOOD), "^DEGRADED$": Look(colour=WARN), "^INVALID$": Look(colour=BAD)}
FAILED = 'result="failed"'
IN_STEPS = 'step!=""'


def overview() -> Dashboard:
    """The first dashboard to look at."""
    return framed(
        OVERVIEW,
        "loadgen / Overview",
        "A run of the load generator: planned and actual load, what the shop answers and sells, step by step.",
        {
            "The run": _standing(),
            "Business": business_row(),
            "Load and errors": _load(),
            "Latency": _latency(),
            "Steps": [_steps()],
            "Conditions of the plan": _conditions(),
        },
    )


def _standing() -> Sequence[Builder[Panel]]:
    failed, all_ = q.so_far("loadgen_requests_total", FAILED), q.so_far("loadgen_requests_total")
    return [
        figure(
            "State",
            "Where the run stands: queued, waiting for workers, preparing, running, draining (the last shoppers "
            "finish), finished.",
            COUNT,
            Query(f"{q.shown('loadgen_run_state', by=['state'])} == 1", "{{state}}"),
            by_name=True,
        ),
        figure(
            "Validity",
            "Whether the generator itself did what the plan asked. Do not decide by a run that is INVALID; Generator "
            "health has the reasons.",
            COUNT,
            Query(f"{q.shown('loadgen_run_validity', by=['verdict'])} == 1", "{{verdict}}"),
            looks=VERDICTS,
            by_name=True,
        ),
        figure(
            "Requests",
            "Finished requests of the run so far, counted exactly.",
            "locale",
            Query(all_),
        ),
        figure(
            "Failed",
            "The share of all requests so far that failed, for whatever reason.",
            SHARE,
            Query(q.share(failed, all_)),
            steps={0.001: WARN, 0.01: BAD},
        ),
        figure(
            "Shoppers",
            "Shoppers who are in the shop at this moment, all streams of the plan.",
            "locale",
            Query(f"sum({q.shown('loadgen_shoppers', by=['stream'])})"),
        ),
        figure(
            "Thresholds broken",
            "How many of the plan's thresholds do not hold over the run so far.",
            COUNT,
            Query(f"count({q.shown('loadgen_threshold_ok', by=['threshold'])} == 0) or vector(0)"),
            steps={0: GOOD, 1: BAD},
        ),
    ]


def _load() -> Sequence[Builder[Panel]]:
    reasons = q.rate("loadgen_failures_total", by=["reason"])
    happened = q.so_far("loadgen_failures_total", by=["reason"])
    return [
        lines(
            "Planned and actual load",
            "What the plan asks for (dashed) and what there is. Open streams: shoppers started per second; closed "
            "ones: shoppers active. The two should be one line; where they part, look at Generator health.",
            COUNT,
            Query(q.shown("loadgen_load_planned", by=["stream", "model"]), "planned {{stream}} ({{model}})"),
            Query(q.shown("loadgen_load_actual", by=["stream", "model"]), "actual {{stream}} ({{model}})"),
            looks={"^planned": Look(dashed=True)},
        ),
        lines(
            "Requests per second",
            "Finished requests by result, all steps.",
            REQUESTS_PER_SECOND,
            Query(q.rate("loadgen_requests_total", by=["result"]), "{{result}}"),
            looks={"^ok$": Look(colour=GOOD), "^failed$": Look(colour=BAD)},
            stacked=True,
        ),
        lines(
            "Errors by reason",
            "Failed requests per second by reason, of the reasons that occurred in this run: how the connection, the "
            "answer or an assertion of the journey failed.",
            REQUESTS_PER_SECOND,
            Query(f"{reasons} and on (reason) ({happened} > 0)", "{{reason}}"),
            stacked=True,
        ),
        lines(
            "Errors by step",
            "The share of each step's requests that failed. Click a line to open the step.",
            SHARE,
            Query(
                q.share(
                    q.rate("loadgen_requests_total", FAILED, by=["step"]), q.rate("loadgen_requests_total", by=["step"])
                ),
                "{{step}}",
            ),
            to=to_step("Open this step", "${__field.labels.step}"),
        ),
    ]


def _latency() -> Sequence[Builder[Panel]]:
    return [
        lines(
            "Percentiles",
            "True percentiles of all requests of the last ten seconds, all workers merged before they are taken: "
            "within 0.5 %. No averages of percentiles anywhere.",
            SECONDS,
            *(
                Query(q.shown("loadgen_request_latency_seconds", f'quantile="{value}"'), text)
                for value, text in q.QUANTILES.items()
            ),
        ),
        heat_map(
            "Latency heatmap",
            "How many requests took how long. Two bands mean two kinds of answers (a cache that hits and misses); a "
            "band that rises with the planned load is a queue.",
            Query(q.heat()),
        ),
    ]


def _steps() -> Builder[Panel]:
    by = ("step",)
    requests = q.so_far("loadgen_requests_total", IN_STEPS, by=by)
    failed = q.so_far("loadgen_requests_total", IN_STEPS, FAILED, by=by)
    return rows(
        "Steps",
        "The steps of the journeys over the run so far: who came, who got through, who left, how fast and with how "
        "many errors. Click a step to open it. Percentiles are of the histogram, to the width of its buckets.",
        "step",
        Query(q.so_far("loadgen_steps_total", 'outcome="entered"', by=by), column="Entered"),
        Query(q.so_far("loadgen_steps_total", 'outcome="completed"', by=by), column="Completed"),
        Query(q.so_far("loadgen_abandonments_total", by=by), column="Left"),
        Query(requests, column="Requests"),
        Query(q.rate("loadgen_requests_total", IN_STEPS, by=by), column="Requests/s"),
        Query(q.share(failed, requests), column="Failed"),
        Query(q.quantile_over("0.5", IN_STEPS, by=by, over=""), column="p50"),
        Query(q.quantile_over("0.95", IN_STEPS, by=by, over=""), column="p95"),
        Query(q.quantile_over("0.99", IN_STEPS, by=by, over=""), column="p99"),
        key_title="Step",
        looks={
            "Step": Look(link=to_step("Open this step", "${__value.raw}")),
            "Requests/s": Look(unit=REQUESTS_PER_SECOND),
            "Failed": Look(unit=SHARE),
            **{name: Look(unit=SECONDS) for name in ("p50", "p95", "p99")},
        },
        sort_by="p95",
        height=11,
    )


def _conditions() -> Sequence[Builder[Panel]]:
    return [
        rows(
            "Thresholds",
            "What decides at the end whether the run passes, as it would be judged now.",
            "threshold",
            Query(q.shown("loadgen_threshold_ok", by=["threshold"]), column="Now"),
            key_title="Threshold",
            span=HALF,
            height=6,
            words={"1": ("holds", GOOD), "0": ("broken", BAD), "NaN": ("nothing measured", CALM)},
        ),
        rows(
            "Guards",
            "What stops the run while it goes on, and whether it has.",
            "guard",
            Query(q.shown("loadgen_guard_tripped", by=["guard"]), column="Now"),
            key_title="Guard",
            span=HALF,
            height=6,
            words={"0": ("on watch", GOOD), "1": ("stopped the run", BAD)},
        ),
    ]
