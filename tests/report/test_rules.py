"""Every report tells which rules the shop broke, and who saw it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from loadgen.endings import Outcome
from loadgen.messages.record import RunRecord
from loadgen.plan import Plan
from loadgen.report import Summary, render_junit
from loadgen.report.html import render_html
from loadgen.report.summarise import summarise
from loadgen.report.terminal import print_summary
from loadgen.stats import RunStats
from loadgen.verdict import Evidence, ValidityResult, ViolationResult, decide

SEEN = Evidence(second=65, worker="node-1/0", journey="Buyer", step="delivery", text="<b>490</b> cents (arrival 17)")
FOUND = (
    ViolationResult(rule="stock", count=2, text="12 of lamp were sold, there were 10"),
    ViolationResult(rule="points", count=1, text="seen once", evidence=(SEEN,)),
)


@pytest.fixture
def accused(record: RunRecord, plan: Plan, stats: RunStats) -> Summary:
    verdict = decide(None, (), (), ValidityResult(), violations=FOUND)
    return summarise(record.model_copy(update={"verdict": verdict}), plan.model_copy(update=NO_CONDITIONS), stats)


NO_CONDITIONS = {"thresholds": (), "guards": ()}


def test_the_headline_and_the_json_say_so(accused: Summary) -> None:
    assert (accused.outcome, accused.exit_code) == (Outcome.THRESHOLDS_FAILED, 10)
    assert accused.headline == "The shop broke its own rules"
    assert "more was sold than there was: 12 of lamp were sold, there were 10; points: seen once" in " ".join(
        accused.story
    )
    assert accused.violations == FOUND
    assert '"text": "12 of lamp were sold, there were 10"' in accused.to_json()


def test_the_terminal_tells_who_saw_it(accused: Summary) -> None:
    console = Console(width=120)
    with console.capture() as capture:
        print_summary(accused, console)
    said = capture.get()
    assert "✗ more was sold than there was: 12 of lamp were sold, there were 10" in said
    assert "1:05 Buyer, delivery, node-1/0: <b>490</b> cents (arrival 17)" in said


def test_the_page_has_a_section_and_strangers_words_are_text(accused: Summary) -> None:
    page = render_html(accused)
    assert '<h2 id="rules">Rules that the shop broke</h2>' in page
    assert "&lt;b&gt;490&lt;/b&gt; cents (arrival 17)" in page


def test_a_ci_shows_each_broken_rule_as_a_failure(accused: Summary) -> None:
    suite = ET.fromstring(render_junit(accused))  # noqa: S314 -- our own text
    failed = {case.get("name"): case[0].get("message") for case in suite.iter("testcase") if len(case)}
    assert failed["stock"] == "more was sold than there was: 12 of lamp were sold, there were 10"
    assert failed["points"] == "points: seen once"


def test_a_run_that_goes_on_shows_what_was_seen_so_far(record: RunRecord, plan: Plan, stats: RunStats) -> None:
    going_on = record.model_copy(update={"verdict": None})
    assert summarise(going_on, plan, stats).violations == ()
