from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from loadgen.messages import RunEvent, RunState
from loadgen.plan import Plan
from loadgen.stats import FAILED, Tally
from loadgen.verdict import REASONS, GuardWatch, ValidityResult, Verdict

P95, ERRORS, RATE = "p(95) < 1s", "error_rate < 1%", "rate(requests) > 2/s"
GUARDS = ["unavailable for 5s: stop", "error_rate > 20% for 10s: stop"]


@pytest.fixture
def judged_plan(make: SimpleNamespace) -> Plan:
    return make.plan(thresholds=[P95, ERRORS, RATE, P95], guards=[*GUARDS, GUARDS[0]])


@pytest.mark.parametrize("state", list(RunState))
def test_exactly_one_state_is_true(make: SimpleNamespace, state: RunState) -> None:
    states = make.scrape(make.cluster(make.run(state=state))).all("loadgen_run_state")
    assert states == {(each.value,): float(each is state) for each in RunState}


def test_the_start_is_shown_once_it_is_known(make: SimpleNamespace) -> None:
    name = "loadgen_run_started_timestamp_seconds"
    assert make.scrape(make.cluster(make.run())).value(name) == 1002.5
    assert not make.scrape(make.cluster(make.run(record={"started_at": None}))).all(name)


def test_workers_are_counted_by_place(make: SimpleNamespace) -> None:
    places = make.scrape(make.cluster(make.busy_run())).all("loadgen_run_workers")
    assert places == {
        ("invited",): 0,
        ("ready",): 0,
        ("seated",): 1,
        ("leaving",): 0,
        ("refused",): 0,
        ("done",): 0,
        ("lost",): 1,
    }


def test_refused_frames_are_counted(make: SimpleNamespace) -> None:
    assert make.scrape(make.cluster(make.busy_run())).value("loadgen_frames_quarantined_total") == 6


def test_a_threshold_without_data_is_neither_held_nor_broken(make: SimpleNamespace, judged_plan: Plan) -> None:
    found = make.scrape(make.cluster(make.run(plan=judged_plan))).all("loadgen_threshold_ok")
    assert found.keys() == {(P95,), (ERRORS,), (RATE,)}
    assert all(math.isnan(value) for value in found.values())


def test_thresholds_are_judged_over_the_run_so_far(make: SimpleNamespace, judged_plan: Plan) -> None:
    tally = Tally(
        series={make.key(): make.series([10_000] * 8), make.key(result=FAILED): make.series([5_000_000], {"dns": 1})}
    )
    page = make.scrape(make.cluster(make.run([make.row(2, tally=tally)], plan=judged_plan)))
    # p95 of nine values is the ninth: 5 s. 1 of 9 failed. 9 requests in 3 s.
    assert page.all("loadgen_threshold_ok") == {(P95,): 0, (ERRORS,): 0, (RATE,): 1}


def test_thresholds_of_a_finished_run_are_those_of_its_verdict(make: SimpleNamespace, judged_plan: Plan) -> None:
    results = [{"text": P95, "value": None, "ok": False}, {"text": ERRORS, "value": 0.0, "ok": True}]
    verdict = Verdict.model_validate({"outcome": "thresholds_failed", "thresholds": results})
    finished = make.run(state=RunState.FINISHED, plan=judged_plan, record={"verdict": verdict})
    assert make.scrape(make.cluster(finished)).all("loadgen_threshold_ok") == {(P95,): 0, (ERRORS,): 1}


def test_guards_stand_at_zero_while_all_is_well(make: SimpleNamespace, judged_plan: Plan) -> None:
    page = make.scrape(make.cluster(make.run(plan=judged_plan)))
    assert page.all("loadgen_guard_tripped") == {(guard,): 0 for guard in GUARDS}


def test_a_guard_that_stopped_the_run_is_shown_while_it_drains(make: SimpleNamespace, judged_plan: Plan) -> None:
    event = RunEvent(at_s=12, kind="guard", text=f"stopped (now): {GUARDS[1]}")
    page = make.scrape(make.cluster(make.run(state=RunState.DRAINING, plan=judged_plan, record={"events": [event]})))
    assert page.all("loadgen_guard_tripped") == {(GUARDS[0],): 0, (GUARDS[1],): 1}


def test_guards_tell_how_near_they_are_to_stopping_the_run(make: SimpleNamespace, judged_plan: Plan) -> None:
    watch = GuardWatch(judged_plan.guards)
    failing = Tally(series={make.key(result=FAILED): make.series([1000] * 9, {"status_4xx": 9})})
    for second in range(3):
        watch.observe(make.row(second, tally=failing))
    run = replace(make.run(plan=judged_plan), guards=watch.standing())
    page = make.scrape(make.cluster(run))
    assert page.all("loadgen_guard_held_seconds") == {(GUARDS[0],): 0, (GUARDS[1],): 3}
    assert page.all("loadgen_guard_window_seconds") == {(GUARDS[0],): 5, (GUARDS[1],): 10}


def test_guards_of_a_finished_run_are_those_of_its_verdict(make: SimpleNamespace, judged_plan: Plan) -> None:
    guards = [{"text": GUARDS[0], "tripped": True, "at_s": 8}, {"text": GUARDS[1]}]
    verdict = Verdict.model_validate({"outcome": "guard", "guards": guards})
    finished = make.run(state=RunState.FINISHED, plan=judged_plan, record={"verdict": verdict})
    assert make.scrape(make.cluster(finished)).all("loadgen_guard_tripped") == {(GUARDS[0],): 1, (GUARDS[1],): 0}


def test_the_generator_is_judged_as_it_goes_and_at_the_end_for_good(make: SimpleNamespace) -> None:
    assert not make.scrape(make.cluster(make.run())).all("loadgen_run_validity")
    reasons = [
        {"code": "missed", "severity": "INVALID", "text": "10 of 100 planned arrivals (10%) were missed"},
        {"code": "clock", "severity": "DEGRADED", "text": "a worker's clock may be off by up to 80 ms"},
    ]
    so_far = ValidityResult.model_validate({"verdict": "INVALID", "reasons": reasons})
    page = make.scrape(make.cluster(make.run(record={"validity": so_far})))
    assert page.all("loadgen_run_validity") == {("VALID",): 0, ("DEGRADED",): 0, ("INVALID",): 1}
    weights = page.all("loadgen_run_validity_reason")
    assert {reason for (reason,) in weights} == set(REASONS)
    assert {reason: weight for (reason,), weight in weights.items() if weight} == {"missed": 2, "clock": 1}

    verdict = Verdict.model_validate({"outcome": "passed", "validity": {"verdict": "DEGRADED"}})
    finished = make.run(state=RunState.FINISHED, record={"verdict": verdict, "validity": so_far})
    page = make.scrape(make.cluster(finished))
    assert page.all("loadgen_run_validity") == {("VALID",): 0, ("DEGRADED",): 1, ("INVALID",): 0}
    assert page.all("loadgen_run_validity_reason") == {(reason,): 0 for reason in REASONS}
