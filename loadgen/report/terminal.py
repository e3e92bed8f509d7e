"""The summary at the end of a run, for a terminal of 80 columns or more, or for a log.

Colour never says anything alone: every mark has its sign and every outcome its word. Written to a file or a pipe it is
plain text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from loadgen.endings import Outcome, Validity
from loadgen.report.coloured import by_worker
from loadgen.report.part import Latency
from loadgen.report.rules import rule_in_words, who_and_when
from loadgen.report.story import REASONS
from loadgen.report.summary import ErrorFigures, SlowRequest, Summary
from loadgen.report.visitors import Business
from loadgen.report.wording import UNKNOWN, clock, count, counter, money, percent, rate, score, seconds
from loadgen.stats import OK
from loadgen.stats.slowest import TRACE_ID_BYTES
from loadgen.units import format_bytes, format_duration
from loadgen.verdict import ViolationResult

ERRORS_SHOWN: Final = 8
"""Kinds of failures listed; the rest is in the JSON and HTML reports."""

REQUESTS_SHOWN: Final = 15
"""Request names listed."""

EVIDENCE_SHOWN: Final = 2
"""Sentences of evidence for each rule; the rest is in the JSON and HTML reports."""

SLOWEST_SHOWN: Final = 5
"""Slow requests listed, if they have trace ids; the rest is in the JSON and HTML reports."""

OUTCOMES: Final = {
    Outcome.PASSED: ("✓", "PASSED", "bold green"),
    Outcome.THRESHOLDS_FAILED: ("✗", "THRESHOLDS FAILED", "bold red"),
    Outcome.GUARD: ("✗", "STOPPED BY A GUARD", "bold red"),
    Outcome.STOPPED: ("■", "STOPPED", "bold yellow"),
    Outcome.INVALID: ("!", "INVALID", "bold magenta"),
    Outcome.FAILED: ("✗", "FAILED", "bold red"),
}
"""Sign, word and colour of every ending."""

VALIDITIES: Final = {
    Validity.VALID: ("✓", "green"),
    Validity.DEGRADED: ("!", "yellow"),
    Validity.INVALID: ("✗", "bold red"),
}


def print_summary(summary: Summary, console: Console) -> None:
    """Print the end of a run.

    Args:
        summary: the run.
        console: where to; a console on a file or pipe prints plain text.
    """
    for part in _parts(summary):
        if console.is_terminal:
            console.print(Padding(part, (0, 0, 1, 1)))
            continue
        with console.capture() as capture:
            console.print(Padding(part, (0, 0, 1, 0)))
        # A log keeps no columns of blanks at the end of its lines.
        console.out("\n".join(line.rstrip() for line in capture.get().splitlines()), highlight=False)


def printable(text: str) -> str:
    """One line of a stranger's text, without anything that would steer a terminal."""
    return "".join(ch if ch.isprintable() else " " for ch in text)


def outcome_text(outcome: Outcome | None) -> Text:
    """The ending with its sign, e.g. ``✓ PASSED``."""
    sign, word, style = OUTCOMES[outcome] if outcome else ("…", "RUNNING", "bold cyan")
    return Text(f"{sign} {word}", style=style)


def _parts(summary: Summary) -> Iterator[RenderableType]:
    yield _heading(summary)
    if summary.seconds:
        yield _figures(summary)
    if summary.thresholds:
        yield _thresholds(summary)
    if summary.guards:
        yield _guards(summary)
    if summary.violations:
        yield _rules(summary.violations)
    if summary.steps:
        yield _steps(summary)
    if any(step.entered for step in summary.steps):
        yield _funnel(summary)
    if summary.business is not None:
        yield _business(summary.business)
    if summary.requests:
        yield _requests(summary)
    if any(slow.trace_id for slow in summary.slowest):
        yield _slowest(summary.slowest)
    if summary.errors:
        yield _errors(summary.errors)


def _heading(summary: Summary) -> RenderableType:
    text = outcome_text(summary.outcome)
    text.append(f"  {summary.name}", style="bold").append(f"  run {summary.run}", style="dim")
    text.append(f"\n{summary.headline}.", style="bold")
    for sentence in summary.story:
        text.append(f"\n{sentence}")
    if summary.outcome in (Outcome.FAILED, Outcome.STOPPED, Outcome.INVALID, Outcome.GUARD) and summary.reason:
        text.append(f"\nWhy: {printable(summary.reason)}")
    return text


def _figures(summary: Summary) -> RenderableType:
    totals, arrivals, latency = summary.totals, summary.arrivals, summary.latency_s
    table = Table.grid(Column(style="dim", no_wrap=True), Column(), padding=(0, 2, 0, 0))
    table.add_row(
        "Time", Text(f"{format_duration(summary.load_s)} of load, {format_duration(summary.duration_s)} in all")
    )
    if arrivals.planned or arrivals.started:
        table.add_row(
            "Arrivals",
            _dotted(
                f"{count(arrivals.planned)} planned",
                f"{count(arrivals.started)} started",
                *_losses(("late", arrivals.late), ("dropped", arrivals.dropped), ("missed", arrivals.missed)),
            ),
        )
    table.add_row(
        "Requests",
        _dotted(
            count(totals.requests),
            f"{rate(totals.requests_per_s)}, at most {rate(totals.peak_requests_per_s)}",
            f"{count(totals.failures)} failed ({percent(totals.error_rate)})",
            format_bytes(totals.response_bytes),
        ),
    )
    table.add_row(
        "Latency",
        _dotted(*(f"{name} {seconds(value)}" for name, value in _named(latency))),
    )
    if summary.counters.figures:
        counted = (counter(name, number) for name, number in summary.counters.figures.items())
        table.add_row("Counted", _dotted(*(f"{number} {name}" for name, number in counted)))
    sign, style = VALIDITIES[summary.validity.verdict]
    generator = Text(f"{sign} {summary.validity.verdict}", style=style)
    for reason in summary.validity.reasons:
        generator.append(f"\n{reason.severity}: {reason.text}", style="default")
    table.add_row("Generator", generator)
    if summary.workers:
        table.add_row("Workers", _workers(summary))
    return table


def _workers(summary: Summary) -> Text:
    cpu = max(worker.cpu_max for worker in summary.workers)
    lag_s = max(worker.loop_lag_max_s for worker in summary.workers)
    coloured = by_worker(summary.workers)
    lost = sum(worker.state == "lost" for worker in summary.workers)
    return _dotted(
        count(len(summary.workers)),
        f"CPU at most {percent(cpu)} of a core",
        f"loop lag at most {seconds(lag_s)}",
        *([coloured] if coloured else []),
        *([f"{lost} lost"] if lost else []),
    )


def _thresholds(summary: Summary) -> Table:
    table = _table(
        "Thresholds", Column("", no_wrap=True), Column("wanted", ratio=1), Column("measured", justify="right")
    )
    for threshold in summary.thresholds:
        sign, style = ("✓ held", "green") if threshold.ok else ("✗ failed", "bold red")
        table.add_row(Text(sign, style=style), Text(threshold.text), Text(threshold.measured))
    return table


def _guards(summary: Summary) -> Table:
    table = _table("Guards", Column("", no_wrap=True), Column("watched", ratio=1), Column("seen", justify="right"))
    for guard in summary.guards:
        if guard.tripped:
            sign, style, seen = (
                "✗ tripped",
                "bold red",
                f"at {clock(guard.at_s or 0)}: {', '.join(guard.measured[-5:])}",
            )
        else:
            sign, style, seen = "✓ quiet", "green", ""
        table.add_row(Text(sign, style=style), Text(guard.text), Text(seen))
    return table


def _steps(summary: Summary) -> Table:
    table = _table(
        "Steps",
        Column("journey, step", ratio=1, overflow="ellipsis", no_wrap=True),
        *_numbers("entered", "done", "requests", "failed", "p50", "p95", "p99"),
    )
    journeys = {journey.journey: journey for journey in summary.journeys}
    for index, step in enumerate(summary.steps):
        if index == 0 or summary.steps[index - 1].journey != step.journey:
            started = journeys.get(step.journey)
            table.add_row(
                Text(step.journey, style="bold"),
                *([count(started.started), percent(started.completion)] if started else []),
                style="none",
            )
        table.add_row(
            Text(f"  {step.step or '(outside steps)'}"),
            count(step.entered),
            percent(step.completed / step.entered if step.entered else None),
            count(step.requests),
            _share(step.error_rate),
            *_three(step.latency_s),
        )
    return table


def _funnel(summary: Summary) -> Table:
    """Where visitors were lost, and why. Those whom the generator ended in a step are in none of the reasons."""
    table = _table(
        "Funnel",
        Column("journey, step", ratio=1, overflow="ellipsis", no_wrap=True),
        *_numbers("entered", "left", "slow", "error", "time p50", "p95", "apdex"),
    )
    journey = ""
    for step in summary.steps:
        if not step.entered:
            continue
        if step.journey != journey:
            journey = step.journey
            table.add_row(Text(journey, style="bold"), style="none")
        lost = (step.abandoned.get(reason, 0) for reason in ("will", "slow", "error"))
        shares = (percent(number / step.entered) for number in lost)
        table.add_row(
            Text(f"  {step.step}"),
            count(step.entered),
            *shares,
            seconds(step.time_s.p50),
            seconds(step.time_s.p95),
            score(step.apdex),
        )
    return table


def _business(business: Business) -> Table:
    table = _table(
        "Business",
        Column("journey, device" if business.by_device else "journey", ratio=1, overflow="ellipsis", no_wrap=True),
        *_numbers("visits", "carts", "lost", "orders", "conversion", "basket", "revenue"),
    )
    devices = ((f"on {device}", figures) for device, figures in business.by_device.items())
    for journey, figures in (("In all", business.total), *business.by_journey.items(), *devices):
        table.add_row(
            Text(journey, style="bold" if figures is business.total else ""),
            count(figures.visits),
            count(figures.carts),
            percent(figures.cart_abandonment),
            count(figures.orders),
            percent(figures.conversion),
            money(figures.basket_cents),
            money(figures.revenue_cents),
        )
    return table


def _requests(summary: Summary) -> Table:
    table = _table(
        "Requests",
        Column("name", ratio=1, overflow="ellipsis", no_wrap=True),
        *_numbers("count", "per s", "failed", "p50", "p95", "p99"),
    )
    for request in summary.requests[:REQUESTS_SHOWN]:
        table.add_row(
            Text(f"{request.method} {request.name}"),
            count(request.count),
            rate(request.requests_per_s).removesuffix("/s"),
            _share(request.error_rate),
            *_three(request.latency_s),
        )
    _say_rest(table, len(summary.requests) - REQUESTS_SHOWN)
    return table


def _slowest(slowest: Sequence[SlowRequest]) -> Table:
    table = _table(
        "Slowest requests",
        Column("name", ratio=1, overflow="ellipsis", no_wrap=True),
        *_numbers("took", "ended at"),
        Column("trace id", no_wrap=True, min_width=2 * TRACE_ID_BYTES),
    )
    for slow in slowest[:SLOWEST_SHOWN]:
        sign, style = ("", "") if slow.outcome == OK else ("✗ ", "red")
        table.add_row(
            Text(f"{sign}{slow.method} {slow.name}", style=style),
            seconds(slow.latency_s),
            clock(slow.second),
            slow.trace_id or UNKNOWN,
        )
    _say_rest(table, len(slowest) - SLOWEST_SHOWN)
    return table


def _rules(violations: Sequence[ViolationResult]) -> Table:
    table = _table("Rules that the shop broke", Column("count", justify="right"), Column("what, who and when", ratio=1))
    for violation in violations:
        what = Text(f"✗ {printable(rule_in_words(violation))}", style="red")
        for evidence in violation.evidence[:EVIDENCE_SHOWN]:
            what.append(f"\n{who_and_when(evidence)}: {printable(evidence.text)}"[:200], style="dim")
        table.add_row(count(violation.count), what)
    return table


def _errors(errors: Sequence[ErrorFigures]) -> Table:
    table = _table("Failures", Column("count", justify="right"), Column("what and where", ratio=1))
    for error in errors[:ERRORS_SHOWN]:
        where = Text(f"{REASONS.get(error.reason, error.reason)} at {error.method} {error.name}")
        if error.samples:
            where.append(f"\n{printable(error.samples[0].text)[:200]}", style="dim")
        table.add_row(count(error.count), where)
    _say_rest(table, len(errors) - ERRORS_SHOWN)
    return table


def _table(title: str, *columns: Column) -> Table:
    return Table(
        *columns,
        title=Text(title, style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        expand=True,
        padding=(0, 1),
        header_style="dim",
    )


def _numbers(*names: str) -> Iterator[Column]:
    return (Column(name, justify="right", no_wrap=True) for name in names)


def _three(latency: Latency) -> tuple[str, str, str]:
    return seconds(latency.p50), seconds(latency.p95), seconds(latency.p99)


def _share(error_rate: float | None) -> Text:
    return Text(percent(error_rate), style="red" if error_rate else "")


def _named(latency: Latency) -> Iterator[tuple[str, float | None]]:
    return ((name, getattr(latency, name)) for name in ("p50", "p90", "p95", "p99", "max"))


def _losses(*named: tuple[str, int]) -> Iterator[str]:
    return (f"{count(number)} {name}" for name, number in named)


def _dotted(*parts: str) -> Text:
    return Text(" · ".join(parts))


def _say_rest(table: Table, rest: int) -> None:
    if rest > 0:
        table.add_row(*([""] * (len(table.columns) - 1)), Text(f"and {rest} more", style="dim"))
