import io
from collections.abc import Callable

import pytest
from rich.console import Console

from loadgen.messages.record import RunEvent, RunRecord, RunState
from loadgen.plan.model import Plan
from loadgen.report.live import LiveView
from loadgen.report.live_screen import History, Screen
from loadgen.report.now import Now
from loadgen.stats import RunStats, SecondRow
from loadgen.verdict import GuardWatch, ValidityResult


@pytest.fixture
def running(record: RunRecord) -> RunRecord:
    events = record.events[:-1]
    reasons = [
        {"code": "missed", "severity": "DEGRADED", "text": "3 of 1,200 planned arrivals (0.25%) were missed"},
        {"code": "clock", "severity": "DEGRADED", "text": "a worker's clock may be off by up to 80 ms"},
    ]
    so_far = ValidityResult.model_validate({"verdict": "DEGRADED", "reasons": reasons})
    changes = {"state": RunState.RUNNING, "verdict": None, "events": events, "validity": so_far}
    return record.model_copy(update=changes)


def console_of(width: int, *, height: int = 24, terminal: bool) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=terminal, color_system=None, highlight=False)
    return console, out


def drawn(plan: Plan, record: RunRecord, rows: list[SecondRow], width: int, height: int = 24) -> str:
    stats, history, guards = RunStats(), History(), GuardWatch(plan.guards)
    for row in rows:
        stats.add(row)
        history.take(row)
        guards.observe(row)
    console, out = console_of(width, height=height, terminal=True)
    console.print(Screen(plan, record, stats, Now.of(stats), history, guards.standing()))
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_the_screen_of_a_run_past_its_knee(
    plan: Plan, running: RunRecord, rows: list[SecondRow], width: int, same_as_golden: Callable[[str, str], None]
) -> None:
    same_as_golden(f"live_{width}.txt", drawn(plan, running, rows[:78], width))


def test_the_screen_before_the_first_second(
    plan: Plan, running: RunRecord, same_as_golden: Callable[[str, str], None]
) -> None:
    waiting = running.model_copy(
        update={"state": RunState.WAITING, "detail": "waits for 2 workers, 1 free now", "validity": None}
    )
    same_as_golden("live_waiting.txt", drawn(plan, waiting, [], 80))


def test_the_screen_fits_a_terminal_of_24_lines(plan: Plan, running: RunRecord, rows: list[SecondRow]) -> None:
    raw = plan.model_dump(mode="json")
    texts = [f"p({q}) < 1ms" for q in range(50, 60)]
    crowded = Plan.model_validate({**raw, "thresholds": texts, "guards": [f"{text} for 5s: stop" for text in texts]})
    text = drawn(crowded, running, rows[:60], 80)
    assert len(text.splitlines()) <= 24
    assert "and 7 more" in text


def test_a_log_gets_a_line_every_five_seconds_and_one_for_each_event(
    plan: Plan, running: RunRecord, rows: list[SecondRow], same_as_golden: Callable[[str, str], None]
) -> None:
    console, out = console_of(80, terminal=False)
    stats = RunStats()
    waiting = running.model_copy(update={"state": RunState.WAITING, "detail": "waits for 2 workers", "events": []})
    with LiveView(plan, console) as view:
        view.update(waiting, stats)
        view.update(waiting, stats)
        for row in rows[:17]:
            stats.add(row)
            shown = [event for event in running.events if event.at_s <= row.second]
            view.update(running.model_copy(update={"events": shown}), stats)
    same_as_golden("live_lines.txt", out.getvalue())


def test_lags_that_colour_the_latencies_stand_out(plan: Plan, running: RunRecord, rows: list[SecondRow]) -> None:
    console, out = console_of(80, terminal=False)
    stats = RunStats()
    for row in rows[:95]:
        stats.add(row)
    with LiveView(plan, console) as view:
        view.update(running, stats)

    assert "loop lag 6.44 ms !" in drawn(plan, running, rows[:95], 80)
    assert "loop lag 5.84 ms  " in drawn(plan, running, rows[:85], 80)
    assert "coloured 2 s of 5" in out.getvalue()


def test_a_generator_that_does_what_the_plan_asked_is_called_valid(
    plan: Plan, running: RunRecord, rows: list[SecondRow]
) -> None:
    well = running.model_copy(update={"validity": ValidityResult()})
    assert "generator  ✓ VALID" in drawn(plan, well, rows[:10], 80)
    console, out = console_of(80, terminal=False)
    stats = RunStats()
    stats.add(rows[0])
    with LiveView(plan, console) as view:
        view.update(well, stats)
    assert "generator" not in out.getvalue()


def test_a_terminal_is_left_clean(plan: Plan, running: RunRecord, rows: list[SecondRow]) -> None:
    console, out = console_of(80, terminal=True)
    stats = RunStats()
    with LiveView(plan, console) as view:
        for row in rows[:3]:
            stats.add(row)
            view.update(running, stats)
    assert "RUNNING" in out.getvalue()
    assert out.getvalue().endswith("\x1b[2K"), "the last thing done is to erase the screen's first line"


def test_a_view_that_comes_late_and_sees_only_the_latest_seconds_works(
    plan: Plan, running: RunRecord, rows: list[SecondRow]
) -> None:
    console, out = console_of(80, terminal=False)
    stats = RunStats(keep_s=30)
    for row in rows[:90]:
        stats.add(row)
    with LiveView(plan, console) as view:
        view.update(running, stats)
    assert "  1:30  arrivals" in out.getvalue()


def test_a_strangers_text_cannot_steer_the_terminal(plan: Plan, running: RunRecord) -> None:
    hostile = running.model_copy(update={"events": [RunEvent(at_s=1, kind="x", text="\x1b[2J[red]")]})
    console, out = console_of(80, terminal=False)
    with LiveView(plan, console) as view:
        view.update(hostile, RunStats())
    assert "x:  [2J[red]" in out.getvalue()


def test_figures_are_of_the_last_five_seconds_merged(stats: RunStats) -> None:
    short = RunStats()
    for row in stats.timeline()[:60]:
        short.add(row)
    now = Now.of(short)
    rows = short.window(5)
    assert now.elapsed_s == 60
    assert now.requests_per_s == sum(row.tally.requests for row in rows) / 5
    assert now.latency.p95 == pytest.approx(short.service_of(rows).quantile_us(0.95) / 1e6)


def test_before_the_first_second_all_is_zero() -> None:
    now = Now.of(RunStats())
    assert (now.elapsed_s, now.requests_per_s, now.error_rate, now.latency.p95) == (0, 0, None, None)
