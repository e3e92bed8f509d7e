import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from loadgen.messages.record import RunRecord, RunState
from loadgen.plan.model import Plan
from loadgen.report import Summary, summarise
from loadgen.stats import RunStats, SecondRow, StepCounts, Tally


def test_the_json_has_every_figure_that_others_build_on(summary: Summary) -> None:
    read = json.loads(summary.to_json())
    assert {
        *("run", "name", "plan", "loadgen_version", "started_at", "ended_at", "duration_s", "outcome", "exit_code"),
        *("reason", "validity", "totals", "arrivals", "latency_s", "latency_since_due_s", "steps", "requests"),
        *("journeys", "counters", "errors", "thresholds", "guards", "workers", "events", "seconds", "windows"),
    } <= read.keys()
    assert {"requests", "failures", "response_bytes", "error_rate", "requests_per_s", "sent"} <= read["totals"].keys()
    assert {"planned", "started", "late", "dropped", "missed", "lag_s"} <= read["arrivals"].keys()
    assert {"p50", "p90", "p95", "p99", "p999", "max", "mean", "min"} == read["latency_s"].keys()
    assert {"name", "method", "count", "failures", "latency_s"} <= read["requests"][0].keys()
    assert {"second", "planned", "started", "requests", "failures", "p50", "p95", "p99"} <= read["seconds"][0].keys()
    assert "charted" not in read


def test_the_keys_of_the_json_change_only_on_purpose(
    stopped_by_guard: Summary, same_as_golden: Callable[[str, str], None]
) -> None:
    paths = sorted(set(_paths(json.loads(stopped_by_guard.to_json()), "")))
    same_as_golden("json_keys.txt", "\n".join(paths) + "\n")


def _paths(value: Any, at: str) -> Iterator[str]:
    if at in (".plan", ".counters", ".business.by_journey"):
        yield at
    elif isinstance(value, dict) and not at.endswith(("abandoned", "reasons")):
        for key, inner in value.items():
            yield from _paths(inner, f"{at}.{key}")
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _paths(inner, f"{at}[]")
    else:
        yield at


def test_the_slowest_requests_are_in_the_order_of_their_times(summary: Summary) -> None:
    times = [slow.latency_s for slow in summary.slowest]
    assert times == sorted(times, reverse=True)
    assert times[0] == summary.latency_s.max
    assert {slow.outcome for slow in summary.slowest} > {"ok", "timeout"}
    assert all(slow.second < len(summary.seconds) for slow in summary.slowest)


def test_the_json_reads_back_as_the_same_figures(summary: Summary) -> None:
    read = json.loads(summary.to_json())
    assert Summary.model_validate({**read, "charted": []}).model_dump() == summary.model_dump()


def test_what_is_not_known_is_null_and_never_nan(never_started: Summary) -> None:
    text = never_started.to_json()
    assert "NaN" not in text
    assert json.loads(text)["latency_s"]["p95"] is None
    assert json.loads(text)["totals"]["error_rate"] is None


def test_secrets_stay_references(summary: Summary) -> None:
    assert summary.plan["target"]["headers"] == {"Authorization": "Bearer ${env:SHOP_TOKEN}"}


def test_parts_add_up_to_the_whole(summary: Summary) -> None:
    totals, arrivals = summary.totals, summary.arrivals
    for parts in (summary.seconds, summary.windows, summary.charted):
        assert sum(part.requests for part in parts) == totals.requests
        assert sum(part.failures for part in parts) == totals.failures
        assert sum(part.started for part in parts) == arrivals.started
        assert sum(part.planned for part in parts) == arrivals.planned
        assert sum(sum(part.reasons.values()) for part in parts) == totals.failures
    assert sum(request.count for request in summary.requests) == totals.requests
    assert sum(step.requests for step in summary.steps) == totals.requests
    assert sum(error.count for error in summary.errors) == totals.failures
    assert sum(request.response_bytes for request in summary.requests) == totals.response_bytes
    assert sum(journey.started for journey in summary.journeys) == arrivals.started


def test_rates_divide_by_the_time_of_the_load_not_of_the_goodbyes(summary: Summary) -> None:
    assert (summary.load_s, summary.duration_s) == (120.0, 149.0)
    assert summary.totals.requests_per_s == pytest.approx(summary.totals.requests / 120)


def test_the_load_of_a_stopped_run_ends_with_the_stop(stopped_by_guard: Summary) -> None:
    assert stopped_by_guard.load_s == pytest.approx(101.3)


def test_latencies_are_seconds_and_those_since_due_are_longer(summary: Summary) -> None:
    assert summary.latency_s.mean is not None
    assert summary.latency_since_due_s.mean == pytest.approx(summary.latency_s.mean + 0.0009, abs=1e-5)
    assert summary.arrivals.lag_s.p50 == pytest.approx(0.0009, rel=0.005)


def test_steps_come_in_the_order_in_which_shoppers_come_to_them(summary: Summary) -> None:
    buyer = [step.step for step in summary.steps if step.journey == "GuestBuyer"]
    assert buyer == ["home", "search", "product", "add_to_cart", "checkout", "payment"]
    assert list(dict.fromkeys(step.journey for step in summary.steps)) == ["Browser", "GuestBuyer", "AbandonedCart"]


def test_the_order_of_steps_is_seen_even_when_all_begin_in_one_second(plan: Plan) -> None:
    def entered(second: int, **steps: int) -> SecondRow:
        counts = {("Browser", step): StepCounts(entered=number) for step, number in steps.items()}
        return SecondRow(second, tally=Tally(steps=counts))

    stats = RunStats()
    stats.add(entered(0, zoom=3, basket=2, apply=2))
    stats.add(entered(1, basket=1, zoom=2, apply=0))
    stats.add(entered(2, zoom=9, basket=9, apply=9))
    record = RunRecord(run="r", name="n", state=RunState.RUNNING, submitted_at=0.0, started_at=1.0)
    assert [step.step for step in summarise(record, plan, stats).steps] == ["zoom", "basket", "apply"]


def test_a_step_that_few_came_to_is_not_the_first(plan: Plan) -> None:
    counts = {("Browser", step): StepCounts(entered=number) for step, number in {"apply": 2, "zoom": 5}.items()}
    stats = RunStats()
    stats.add(SecondRow(0, tally=Tally(steps=counts)))
    record = RunRecord(run="r", name="n", state=RunState.RUNNING, submitted_at=0.0, started_at=1.0)
    assert [step.step for step in summarise(record, plan, stats).steps] == ["zoom", "apply"]


def test_the_funnel_adds_up(summary: Summary) -> None:
    for step in summary.steps:
        assert step.entered == step.completed + sum(step.abandoned.values())
    assert summary.counters.total["orders"] == next(s.completed for s in summary.steps if s.step == "payment")


def test_samples_are_kept_beside_their_reason(summary: Summary) -> None:
    hostile = next(error for error in summary.errors if error.reason == "assertion")
    assert (hostile.name, hostile.method) == ("/payment", "POST")
    assert "<script>" in hostile.samples[0].text


def test_workers_are_shown_in_seconds_and_shares(summary: Summary) -> None:
    worker = summary.workers[0]
    assert (worker.worker, worker.cpu_mean, worker.cpu_max) == ("node-1/0", pytest.approx(0.4), 0.74)
    assert (worker.loop_lag_max_s, worker.clock_error_s) == (0.00824, 0.00021)


def test_the_seconds_that_led_to_a_guard_are_kept(stopped_by_guard: Summary) -> None:
    (guard,) = stopped_by_guard.guards
    assert guard.tripped
    assert len(guard.values) == len(guard.measured) == 4
    assert all(value is not None and value > 0.1 for value in guard.values)


def test_a_run_under_way_has_figures_but_no_outcome(plan: Plan, rows: list[SecondRow]) -> None:
    stats = RunStats()
    for row in rows[:30]:
        stats.add(row)
    record = RunRecord(run="r", name="n", state=RunState.RUNNING, submitted_at=0.0, started_at=1.0)
    summary = summarise(record, plan, stats)
    assert (summary.outcome, summary.exit_code, summary.ended_at) == (None, None, None)
    assert summary.duration_s == 30
    assert [threshold.ok for threshold in summary.thresholds][:2] == [True, True]
    assert summary.headline == "The run goes on"


def test_instants_are_written_as_utc(summary: Summary) -> None:
    assert (summary.started_at, summary.ended_at) == ("2025-10-09T08:53:20.250Z", "2025-10-09T08:55:49.250Z")
