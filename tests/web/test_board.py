from __future__ import annotations

import json
from random import Random

from drawn import a_tally
from web.conftest import PLAN

from loadgen.endings import Validity
from loadgen.messages import RunEvent, RunRecord, RunState, WorkerTotals
from loadgen.report import summarise
from loadgen.report.wording import count, seconds
from loadgen.stats import RunStats, SecondRow
from loadgen.verdict import GuardWatch
from loadgen.verdict.results import ValidityReason, ValidityResult
from loadgen.web.board import WORKERS_SHOWN, Seen, board
from loadgen.web.timeline import StepLines, outline

RECORD = RunRecord(run="demo-1", name="demo", submitted_at=1.0, state=RunState.RUNNING)


def seen(record: RunRecord = RECORD, length: int = 12) -> Seen:
    stats, guards, lines = RunStats(), GuardWatch(PLAN.guards, PLAN.duration), StepLines()
    for second in range(length):
        row = SecondRow(second, planned=5, tally=a_tally(Random(second)), workers=1)
        stats.add(row)
        guards.observe(row)
    lines.take(stats)
    return Seen(PLAN, record, stats, guards.standing(), lines)


def test_its_figures_are_those_of_the_report():
    known = seen()
    summary = summarise(known.record, known.plan, known.stats)

    told = board(known)

    assert [step["requests"] for step in told["steps"]] == [count(step.requests) for step in summary.steps]
    assert [step["p95"] for step in told["steps"]] == [seconds(step.latency_s.p95) for step in summary.steps]
    assert [(of["text"], of["measured"]) for of in told["thresholds"]] == [
        (of.text, of.measured) for of in summary.thresholds
    ]
    assert [error["count"] for error in told["errors"]] == [count(error.count) for error in summary.errors]
    assert told["errors_in_all"] == len(summary.errors)


def test_it_is_json_before_the_first_second_too():
    told = board(seen(length=0))

    json.dumps(told, allow_nan=False)
    assert told["second"] == -1
    assert told["validity"] is None
    assert told["thresholds"][0]["well"] is None


def test_it_says_what_speaks_against_the_generator():
    reason = ValidityReason(code="cpu", severity=Validity.DEGRADED, text="worker w1 was busy")
    validity = ValidityResult(verdict=Validity.DEGRADED, reasons=(reason,))

    told = board(seen(RECORD.model_copy(update={"validity": validity})))

    assert told["validity"] == {
        "verdict": Validity.DEGRADED.value,
        "reasons": [{"severity": Validity.DEGRADED.value, "text": "worker w1 was busy"}],
    }


def test_a_lost_worker_is_marked_and_many_are_counted():
    workers = {f"w{n:04}": WorkerTotals(f"w{n:04}", state="active") for n in range(WORKERS_SHOWN + 5)}
    workers["w0000"].state = "lost"

    told = board(seen(RECORD.model_copy(update={"workers": workers})))

    assert told["workers"][0]["bad"]["state"] is True
    assert told["workers"][1]["bad"]["state"] is False
    assert (len(told["workers"]), told["workers_in_all"]) == (WORKERS_SHOWN, WORKERS_SHOWN + 5)


def test_events_come_latest_first():
    events = [RunEvent(at_s=float(n), kind="worker_lost", text=f"event {n}") for n in range(3)]

    told = board(seen(RECORD.model_copy(update={"events": events})))

    assert [event["text"] for event in told["events"]] == ["event 2", "event 1", "event 0"]
    assert told["events"][0]["kind"] == "worker lost"


def test_the_outline_is_the_whole_plan():
    told = outline(PLAN)

    assert told["duration_s"] == 30
    assert set(told["arrivals"]) == {5.0}
    assert told["shoppers"] == []
