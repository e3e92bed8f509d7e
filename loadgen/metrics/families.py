"""Every metric family there is: its name, type, labels and what it means.

What is not in this table is not exported, and ``docs/metrics.md`` has the same families in the same order.
Durations are in seconds, sizes in bytes. Every label has a closed or capped set of values: never a URL, an error's
text or an id, but for the run's id and, on the generator's health alone, the name of a worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram", "summary", "info"]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family.

    Attributes:
        name: as Prometheus shows it; a counter's ends in ``_total``, an info's in ``_info``.
        kind: its type.
        labels: names of its labels, in the order in which values are given.
        text: what it means, one or two sentences.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    text: str

    @property
    def stem(self) -> str:
        """The name without the suffix of its type: what OpenMetrics calls the family."""
        return self.name.removesuffix({"counter": "_total", "info": "_info"}.get(self.kind, ""))

    @property
    def of_run(self) -> bool:
        """Whether its series belong to a run, and go on whoever leads."""
        return "run" in self.labels or self in OF_RUN

    @property
    def series(self) -> frozenset[str]:
        """Names of the series it may have, its own included."""
        suffixes = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("_count", "_sum")}.get(self.kind, ())
        return frozenset((self.name, *(self.name + suffix for suffix in suffixes)))


_REQUEST: Final = ("journey", "step", "name", "method")

CLUSTER_INFO: Final = Family("loadgen_cluster_info", "info", ("coordinator", "version"), "This coordinator. Always 1.")
LEADER: Final = Family(
    "loadgen_leader", "gauge", ("coordinator",), "1 on the coordinator that leads, 0 on one that stands by."
)
LED_BY_INFO: Final = Family(
    "loadgen_led_by_info",
    "info",
    ("coordinator", "leader"),
    "Who leads, as this coordinator has heard within a lease. Always 1; absent while it does not know.",
)
LEADER_FENCE: Final = Family(
    "loadgen_leader_fence", "gauge", (), "Fencing number of the leader; it rises when another one takes over."
)
WORKERS: Final = Family("loadgen_workers", "gauge", ("state",), "Workers of the cluster with a live lease.")
RUNS_QUEUED: Final = Family("loadgen_runs_queued", "gauge", (), "Runs that wait for their turn.")
PUSHES: Final = Family(
    "loadgen_pushes_total",
    "counter",
    ("receiver", "outcome"),
    "How often metrics were sent to a receiver, and how often that failed; only where it was asked for.",
)
RUN_INFO: Final = Family(
    "loadgen_run_info", "info", ("run", "plan", "state", "version"), "A run, its plan and where it stands. Always 1."
)

RUN_STATE: Final = Family(
    "loadgen_run_state", "gauge", ("state",), "1 for the state in which the run is, 0 for others."
)
RUN_STARTED: Final = Family(
    "loadgen_run_started_timestamp_seconds", "gauge", (), "Start of the run, since the Unix epoch; absent before it."
)
RUN_WORKERS: Final = Family("loadgen_run_workers", "gauge", ("place",), "Workers by where they stand in the run.")
RUN_VALIDITY: Final = Family(
    "loadgen_run_validity",
    "gauge",
    ("verdict",),
    "1 for the verdict on the generator so far, 0 for others, at the end for good; absent before a second is sealed.",
)
RUN_VALIDITY_REASON: Final = Family(
    "loadgen_run_validity_reason",
    "gauge",
    ("reason",),
    "What a reason makes of the verdict on the generator: 0 nothing, 1 DEGRADED, 2 INVALID.",
)
THRESHOLD_OK: Final = Family(
    "loadgen_threshold_ok",
    "gauge",
    ("threshold",),
    "Whether the threshold holds over the run so far, at its end for good; NaN while there is nothing to measure.",
)
GUARD_TRIPPED: Final = Family("loadgen_guard_tripped", "gauge", ("guard",), "1 once the guard has stopped the run.")
GUARD_HELD: Final = Family(
    "loadgen_guard_held_seconds",
    "gauge",
    ("guard",),
    "For how many sealed seconds in a row the guard's condition has held, up to its window.",
)
GUARD_WINDOW: Final = Family(
    "loadgen_guard_window_seconds", "gauge", ("guard",), "For how many seconds in a row it must hold to stop the run."
)
FRAMES_QUARANTINED: Final = Family(
    "loadgen_frames_quarantined_total", "counter", (), "Frames of workers that were refused as malformed or impossible."
)

ARRIVALS_PLANNED: Final = Family(
    "loadgen_arrivals_planned_total", "counter", (), "Arrivals that the plan asked for so far, all open streams."
)
ARRIVALS: Final = Family(
    "loadgen_arrivals_total",
    "counter",
    ("stream", "outcome"),
    "What became of planned arrivals: started + dropped + missed; late ones are a part of started, do not add them.",
)
ARRIVAL_LAG: Final = Family(
    "loadgen_arrival_lag_seconds",
    "summary",
    ("stream",),
    "How long after they were due shoppers were started, in seconds: quantiles of the last ten sealed seconds.",
)
LOAD_PLANNED: Final = Family(
    "loadgen_load_planned",
    "gauge",
    ("stream", "model"),
    "What the plan asks for: arrivals per second over the seconds of loadgen_load_actual (open), shoppers (closed).",
)
LOAD_ACTUAL: Final = Family(
    "loadgen_load_actual",
    "gauge",
    ("stream", "model"),
    "What there is: shoppers started per second over the last five sealed seconds (open), shoppers active (closed).",
)
SHOPPERS: Final = Family(
    "loadgen_shoppers", "gauge", ("stream",), "Shoppers active at the end of the last sealed second."
)

REQUESTS: Final = Family("loadgen_requests_total", "counter", (*_REQUEST, "result"), "Finished requests, ok or failed.")
FAILURES: Final = Family("loadgen_failures_total", "counter", (*_REQUEST, "reason"), "Failed requests by reason.")
RESPONSE_BYTES: Final = Family("loadgen_response_bytes_total", "counter", (), "Size of all response bodies, in bytes.")
REQUESTS_RENAMED: Final = Family(
    "loadgen_requests_renamed_total",
    "counter",
    (),
    "Requests whose name was counted as __other__, beyond the plan's cap.",
)
REQUEST_DURATION: Final = Family(
    "loadgen_request_duration_seconds",
    "histogram",
    (*_REQUEST, "result"),
    "Time from the send to the end of the response, in seconds.",
)
REQUEST_LATENCY: Final = Family(
    "loadgen_request_latency_seconds",
    "summary",
    (),
    "Request duration in seconds: quantiles of the last ten sealed seconds, all workers merged; totals of the run.",
)
STEP_REQUEST_LATENCY: Final = Family(
    "loadgen_step_request_latency_seconds",
    "summary",
    ("step",),
    "The same as loadgen_request_latency_seconds for each step; step is empty for requests outside of steps.",
)
REQUEST_SERIES_FOLDED: Final = Family(
    "loadgen_request_series_folded",
    "gauge",
    (),
    "Request series beyond the number shown here; they are counted as name __other__.",
)

JOURNEYS: Final = Family(
    "loadgen_journeys_total",
    "counter",
    ("journey", "outcome"),
    "Journeys: started, and of those completed, failed (an error ended it) or interrupted (by the generator).",
)
STEPS: Final = Family(
    "loadgen_steps_total", "counter", ("journey", "step", "outcome"), "Shoppers that entered and completed a step."
)
ABANDONMENTS: Final = Family(
    "loadgen_abandonments_total", "counter", ("journey", "step", "reason"), "Shoppers that gave up in a step."
)
STEP_TIME: Final = Family(
    "loadgen_step_time_seconds",
    "summary",
    ("journey", "step"),
    "Time from entering a step to completing it, in seconds: quantiles of the whole run so far, all workers merged.",
)
STEP_DURATION: Final = Family(
    "loadgen_step_duration_seconds",
    "histogram",
    ("journey", "step"),
    "Time from entering a step to completing it, in seconds.",
)
STEP_APDEX: Final = Family(
    "loadgen_step_apdex",
    "gauge",
    ("journey", "step"),
    "Apdex of the run so far, 0 to 1, for the target that the plan gives; NaN while nobody is through the step.",
)
BUSINESS: Final = Family(
    "loadgen_business_total", "counter", ("journey", "name"), "What journeys count themselves: carts, orders, revenue."
)

DEVICE_STEPS: Final = Family(
    "loadgen_device_steps_total",
    "counter",
    ("journey", "device", "step", "outcome"),
    "Shoppers by device that entered a step, completed it or gave up; only where the plan names devices.",
)
DEVICE_BUSINESS: Final = Family(
    "loadgen_device_business_total",
    "counter",
    ("journey", "device", "name"),
    "Business counts by device; only where the plan names devices.",
)

WORKER_REQUESTS: Final = Family(
    "loadgen_worker_requests_total", "counter", ("worker",), "Requests finished by a worker."
)
WORKER_LATE: Final = Family(
    "loadgen_worker_late_arrivals_total", "counter", ("worker",), "Shoppers that a worker started too late."
)
WORKER_LAST_FRAME: Final = Family(
    "loadgen_worker_last_frame_timestamp_seconds",
    "gauge",
    ("worker",),
    "End of the last second that a worker has told of, since the Unix epoch; absent once it has left the run.",
)
WORKER_CPU: Final = Family(
    "loadgen_worker_cpu_max", "gauge", ("worker",), "Highest share of its core in one second of the run, 1 = all of it."
)
WORKER_LOOP_LAG: Final = Family(
    "loadgen_worker_loop_lag_max_seconds", "gauge", ("worker",), "Longest wait of its event loop in the run."
)
WORKER_COLOURED: Final = Family(
    "loadgen_worker_coloured_seconds_total",
    "counter",
    ("worker",),
    "Seconds in which a worker's own lateness coloured the latencies that it measured.",
)
WORKER_COLOURED_REQUESTS: Final = Family(
    "loadgen_worker_coloured_requests_total", "counter", ("worker",), "Requests that a worker measured in such seconds."
)
WORKER_CLOCK_ERROR: Final = Family(
    "loadgen_worker_clock_error_max_seconds", "gauge", ("worker",), "Largest bound of its clock's error in the run."
)
WORKER_RSS: Final = Family(
    "loadgen_worker_rss_max_bytes", "gauge", ("worker",), "Highest resident memory in the run, in bytes."
)
WORKERS_UNLISTED: Final = Family(
    "loadgen_run_workers_unlisted", "gauge", (), "Workers of the run without series of their own: there are too many."
)

OF_STANDBY: Final = (CLUSTER_INFO, LEADER, LED_BY_INFO)
"""All that a coordinator shows which does not lead."""

OF_CLUSTER: Final = (*OF_STANDBY, LEADER_FENCE, WORKERS, RUNS_QUEUED, PUSHES, RUN_INFO)
"""Families without the label ``run``, or which always have it."""

OF_RUN: Final = (
    RUN_STATE,
    RUN_STARTED,
    RUN_WORKERS,
    RUN_VALIDITY,
    RUN_VALIDITY_REASON,
    THRESHOLD_OK,
    GUARD_TRIPPED,
    GUARD_HELD,
    GUARD_WINDOW,
    FRAMES_QUARANTINED,
    ARRIVALS_PLANNED,
    ARRIVALS,
    ARRIVAL_LAG,
    LOAD_PLANNED,
    LOAD_ACTUAL,
    SHOPPERS,
    REQUESTS,
    FAILURES,
    RESPONSE_BYTES,
    REQUESTS_RENAMED,
    REQUEST_DURATION,
    REQUEST_LATENCY,
    STEP_REQUEST_LATENCY,
    REQUEST_SERIES_FOLDED,
    JOURNEYS,
    STEPS,
    ABANDONMENTS,
    STEP_TIME,
    STEP_DURATION,
    STEP_APDEX,
    BUSINESS,
    DEVICE_STEPS,
    DEVICE_BUSINESS,
    WORKER_REQUESTS,
    WORKER_LATE,
    WORKER_LAST_FRAME,
    WORKER_CPU,
    WORKER_LOOP_LAG,
    WORKER_COLOURED,
    WORKER_COLOURED_REQUESTS,
    WORKER_CLOCK_ERROR,
    WORKER_RSS,
    WORKERS_UNLISTED,
)
"""Families of a run; beside their own labels they carry ``run``."""

ALL: Final = (*OF_CLUSTER, *OF_RUN)
