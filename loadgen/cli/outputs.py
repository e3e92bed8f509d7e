"""What is written when a run has ended: the table for the terminal, and the files that were asked for."""

from __future__ import annotations

from pathlib import Path

import click

from loadgen.messages import RunRecord
from loadgen.plan.model import Plan
from loadgen.stats import RunStats


def write_outputs(
    record: RunRecord,
    plan: Plan,
    stats: RunStats,
    *,
    json: Path | None = None,
    html: Path | None = None,
    junit: Path | None = None,
    csv: Path | None = None,
    table: bool = True,
) -> int:
    """Summarise a run once and render it everywhere.

    Returns:
        The exit code of the run's outcome.

    Raises:
        UsageError: a file cannot be written.
    """
    from loadgen.report import print_summary, summarise, write_csv, write_html, write_json, write_junit

    summary = summarise(record, plan, stats)
    if table:
        print_summary(summary)
    for write, path in ((write_json, json), (write_html, html), (write_junit, junit), (write_csv, csv)):
        if path is not None:
            write(summary, path)
            click.echo(f"wrote {path}", err=True)
    return summary.exit_code
