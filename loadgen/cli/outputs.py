"""What is written when a run has ended: the table for the terminal, and the files that were asked for."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from loadgen.errors import UsageError
from loadgen.messages import RunRecord
from loadgen.plan.model import Plan
from loadgen.stats import RunStats


def check_outputs(*paths: Path | None) -> None:
    """Make sure that files can be written, before anything is started whose end they are to tell.

    Raises:
        UsageError: one of them cannot.
    """
    for path in paths:
        if path is not None:
            _check_output(path)


def _check_output(path: Path) -> None:
    try:
        if path.exists() and not path.is_file():
            return  # a pipe or a device takes what it takes
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        with tempfile.TemporaryFile(dir=folder):  # files and missing folders are made beside or below it
            pass
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}",
            hint="name a file in a directory that exists and that you may write to",
        ) from error


def write_outputs(
    record: RunRecord,
    plan: Plan,
    stats: RunStats,
    *,
    json: Path | None = None,
    html: Path | None = None,
    junit: Path | None = None,
    csv: Path | None = None,
    table_on_stderr: bool = False,
) -> int:
    """Summarise a run once and render it everywhere; the table goes to standard output unless that is wanted otherwise.

    Returns:
        The exit code of the run's outcome.

    Raises:
        UsageError: a file cannot be written.
    """
    from loadgen.report import Summary, render_csv, render_junit, summarise, write_file
    from loadgen.report.console import console
    from loadgen.report.html import render_html
    from loadgen.report.terminal import print_summary

    summary = summarise(record, plan, stats)
    # The files first: a reader of the table may go away before its end (loadgen run … | head).
    for render, path in ((Summary.to_json, json), (render_html, html), (render_junit, junit), (render_csv, csv)):
        if path is not None:
            write_file(path, render(summary))
            click.echo(f"wrote {path}", err=True)
    print_summary(summary, console(stderr=table_on_stderr))
    return summary.exit_code or 0
