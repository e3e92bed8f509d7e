from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.report.spans import spans
from loadgen.stats import RunStats, SecondRow, Series, SeriesKey, Tally
from loadgen.web.timeline import AGAIN_S, HEAT_BOUNDS_S, HEAT_ROWS, POINTS, StepLines, span_of, timeline


def a_row(second: int, *times_us: int) -> SecondRow:
    key = SeriesKey("Browser", "home", "/", "GET", "ok")
    return SecondRow(second, planned=3, tally=Tally(series={key: Series(Histogram.of(times_us))}), workers=1)


def a_run(seconds: int) -> RunStats:
    stats = RunStats()
    for second in range(seconds):
        stats.add(a_row(second, 1000 + second))
    return stats


def shown(told: dict, kept: dict) -> dict:
    """What a page has after an event."""
    points = {point["second"]: point for point in told["points"]}
    return points if told["anew"] else kept | points


@given(st.integers(0, 200_000))
def test_a_chart_never_has_more_points_than_a_screen(last_second):
    assert (last_second + 1) / span_of(last_second) <= POINTS


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_a_page_that_takes_every_event_has_what_one_that_comes_late_gets(seconds):
    stats, kept, seen = RunStats(), {}, -1
    for more in seconds:
        for second in range(stats.last_second + 1, stats.last_second + 1 + more):
            stats.add(a_row(second, 500))
        kept = shown(timeline(stats, seen), kept)
        seen = stats.last_second

    assert kept == shown(timeline(stats), {})


def test_when_spans_double_the_page_gets_its_timeline_anew():
    stats = a_run(POINTS)
    assert timeline(stats, POINTS - 2)["anew"] is False
    stats.add(a_row(POINTS, 1))

    told = timeline(stats, POINTS - 1)

    assert (told["anew"], told["span_s"], len(told["points"])) == (True, 2, POINTS // 2 + 1)


def test_a_second_that_was_amended_is_sent_again():
    stats = a_run(30)
    stats.add(a_row(29 - AGAIN_S + 1, 7, 8))

    told = timeline(stats, 29)

    points = {point["second"]: point for point in told["points"]}
    assert points[29 - AGAIN_S + 1]["requests"] == 3


def test_percentiles_are_those_of_the_reports():
    stats = a_run(40)
    of_report = spans(stats.timeline(), 1)

    assert [point["p95"] for point in timeline(stats)["points"]] == [span.p95 for span in of_report]


@given(st.lists(st.integers(0, 200_000_000), max_size=30))
def test_every_request_is_in_one_row_of_the_heatmap(times_us):
    stats = RunStats()
    stats.add(a_row(0, *times_us))

    (point,) = timeline(stats)["points"]

    assert len(point["heat"]) == HEAT_ROWS + 1 == len(HEAT_BOUNDS_S) + 1
    assert sum(point["heat"]) == len(times_us)
    assert min(point["heat"]) >= 0


def test_before_the_first_second_there_is_nothing():
    assert timeline(RunStats()) == {"anew": True, "span_s": 1, "points": []}


def test_a_steps_line_is_its_last_minute():
    stats, lines = a_run(90), StepLines()
    lines.take(stats)
    stats.add(SecondRow(90))
    lines.take(stats)

    line = lines.line("Browser", "home")

    assert len(line) == StepLines.LENGTH_S
    assert line[-1] is None
    assert line[-2] == 0.00109
    assert lines.line("Browser", "nowhere") == [None] * StepLines.LENGTH_S
