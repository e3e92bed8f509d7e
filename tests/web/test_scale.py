"""A thousand series on the page, without losing a second."""

from __future__ import annotations

import json
import time

from web.conftest import PLAN

from loadgen.latency import Histogram
from loadgen.messages import RunRecord, RunState
from loadgen.stats import RunStats, SecondRow, Series, SeriesKey, StepCounts, Tally
from loadgen.web.board import Seen, board
from loadgen.web.timeline import StepLines, timeline

SERIES = 1000
SECONDS = 30


def test_a_thousand_series_take_a_part_of_a_second():
    histogram = Histogram.of(range(1000, 60_000, 1500))
    keys = [SeriesKey("Browser", f"step-{n}", f"/page-{n}", "GET", "ok") for n in range(SERIES)]
    stats, lines = RunStats(), StepLines()
    for second in range(SECONDS):
        series = {key: Series(histogram, histogram) for key in keys}
        steps = {("Browser", key.step): StepCounts(entered=1) for key in keys}
        stats.add(SecondRow(second, tally=Tally(series=series, steps=steps), workers=1))
    record = RunRecord(run="demo-1", name="demo", submitted_at=1.0, state=RunState.RUNNING)
    lines.take(stats)
    stats.add(SecondRow(SECONDS, tally=Tally(series={key: Series(histogram, histogram) for key in keys}), workers=1))

    began_at_s = time.process_time()
    lines.take(stats)
    told = {"board": board(Seen(PLAN, record, stats, (), lines)), "timeline": timeline(stats, SECONDS - 1)}
    data = json.dumps(told)
    took_s = time.process_time() - began_at_s

    assert len(told["board"]["steps"]) == SERIES
    assert len(data) < 1_000_000
    assert took_s < 1.0, took_s
