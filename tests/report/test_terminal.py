import io
from collections.abc import Callable

from rich.console import Console

from loadgen.report import Summary
from loadgen.report.terminal import print_summary, printable


def printed(summary: Summary, width: int, *, terminal: bool = False) -> str:
    out = io.StringIO()
    print_summary(summary, Console(file=out, width=width, force_terminal=terminal, highlight=False))
    return out.getvalue()


def test_the_end_of_a_run_at_80_columns(summary: Summary, same_as_golden: Callable[[str, str], None]) -> None:
    same_as_golden("terminal_80.txt", printed(summary, 80))


def test_a_run_stopped_by_a_guard_at_100_columns(
    stopped_by_guard: Summary, same_as_golden: Callable[[str, str], None]
) -> None:
    same_as_golden("terminal_guard_100.txt", printed(stopped_by_guard, 100))


def test_a_run_that_never_started(never_started: Summary, same_as_golden: Callable[[str, str], None]) -> None:
    same_as_golden("terminal_never_started.txt", printed(never_started, 80))


def test_slow_requests_are_listed_only_with_something_to_look_up(summary: Summary, untraced: Summary) -> None:
    assert "Slowest requests" in printed(summary, 80)
    assert "Slowest requests" not in printed(untraced, 80)


def test_a_trace_id_is_never_cut(summary: Summary) -> None:
    ids = [slow.trace_id for slow in summary.slowest[:5]]
    assert len(ids) == 5
    assert all(trace_id and trace_id in printed(summary, 60) for trace_id in ids)


def test_a_log_gets_neither_colours_nor_trailing_blanks(summary: Summary) -> None:
    text = printed(summary, 80)
    assert "\x1b" not in text
    assert all(line == line.rstrip() and len(line) <= 80 for line in text.splitlines())


def test_a_terminal_gets_colours_and_the_same_words(summary: Summary) -> None:
    text = printed(summary, 80, terminal=True)
    assert "\x1b[" in text
    assert "THRESHOLDS FAILED" in text
    assert "✗ failed" in text


def test_a_strangers_text_cannot_steer_a_terminal() -> None:
    assert printable("a\x1b[2Jb\r\nc\x9bd") == "a [2Jb  c d"


def test_a_strangers_text_is_no_markup(summary: Summary) -> None:
    (first, *rest) = summary.errors
    sample = next(error for error in summary.errors if error.samples).samples[0]
    named = first.model_copy(update={"name": "/[red]x[/red]", "samples": (sample.model_copy(update={"text": "[/]"}),)})
    text = printed(summary.model_copy(update={"errors": (named, *rest)}), 100)
    assert "/[red]x[/red]" in text
    assert "[/]" in text
