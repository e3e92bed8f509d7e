"""The seconds of a run as CSV, for spreadsheets and notebooks: one line a second, times in seconds."""

from __future__ import annotations

import csv
import io
from typing import Final

from loadgen.report.summary import Summary

COLUMNS: Final = (
    "second",
    "planned",
    "users_planned",
    "shoppers",
    "started",
    "late",
    "dropped",
    "missed",
    "requests",
    "failures",
    "p50",
    "p95",
    "p99",
    "workers",
    "cpu_max",
    "arrival_lag_p99_s",
    "loop_lag_p99_s",
    "loop_lag_max_s",
    "coloured_workers",
    "coloured_requests",
    "lengthened_requests",
)
"""The columns, named as in the JSON."""


def render_csv(summary: Summary) -> str:
    """The table, with a header line; what is not known is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(second.model_dump() for second in summary.seconds)
    return text.getvalue()
