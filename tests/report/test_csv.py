import csv
import io

from loadgen.report import Summary, render_csv


def test_the_table_has_one_line_a_second(summary: Summary) -> None:
    lines = list(csv.DictReader(io.StringIO(render_csv(summary))))
    assert len(lines) == len(summary.seconds)
    assert sum(int(line["requests"]) for line in lines) == summary.totals.requests
    assert lines[70]["second"] == "70"
    assert float(lines[70]["p95"]) == summary.seconds[70].p95


def test_what_is_not_known_is_empty(summary: Summary) -> None:
    quiet = next(second for second in summary.seconds if not second.requests)
    lines = list(csv.DictReader(io.StringIO(render_csv(summary))))
    assert lines[quiet.second]["p95"] == ""


def test_a_run_that_never_started_has_only_a_header(never_started: Summary) -> None:
    assert render_csv(never_started).count("\n") == 1
