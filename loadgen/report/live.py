"""The live view of a run: a screen in a terminal, plain lines anywhere else.

It is told what stands, and shows it; it has no clock and reads nothing. Time is the run's own: its sealed seconds.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from loadgen.endings import Validity
from loadgen.messages.record import RunRecord, RunState
from loadgen.plan.model import Plan
from loadgen.plan.stream import LoadModel
from loadgen.report.live_screen import History, Screen, business_now
from loadgen.report.now import RECENT_S, Now
from loadgen.report.terminal import printable
from loadgen.report.wording import clock, count, percent, rate, seconds
from loadgen.stats import RunStats
from loadgen.verdict import GuardWatch

LINE_EVERY_S: Final = 5
"""Seconds of the run between two plain lines: a CI log of an hour's run stays readable."""

AMENDED_S: Final = 60
"""Seconds older than this are not looked at again: late frames hardly ever amend them, and nobody would see it."""


class LiveView:
    """Shows one run while it goes on. Use it as a context manager; a screen disappears at its end.

    Args:
        plan: what was planned.
        console: where to; a terminal gets a screen that is drawn anew, anything else gets lines.
    """

    def __init__(self, plan: Plan, console: Console) -> None:
        self._plan = plan
        self._console = console
        self._history = History()
        self._guards = GuardWatch(plan.guards, plan.duration)
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._events_shown = 0
        self._state: tuple[RunState, str] | None = None
        self._line_due_s = LINE_EVERY_S
        self._seen_s = -1

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, record: RunRecord, stats: RunStats) -> None:
        """Show how the run stands now.

        Args:
            record: its record.
            stats: its sealed seconds; the latest ones are enough.
        """
        fresh = stats.timeline() if self._seen_s < 0 else stats.window(stats.last_second - self._seen_s + AMENDED_S)
        for row in fresh:
            self._history.take(row)
            self._guards.observe(row)
        self._seen_s = stats.last_second
        now = Now.of(stats)
        if self._live is not None:
            screen = Screen(self._plan, record, stats, now, self._history, self._guards.standing())
            self._live.update(screen, refresh=True)
        else:
            self._print_lines(record, now)

    def _print_lines(self, record: RunRecord, now: Now) -> None:
        if self._state != (record.state, record.detail):
            self._state = (record.state, record.detail)
            self._say(f"{record.state}{': ' if record.detail else ''}{record.detail}")
        for event in record.events[self._events_shown :]:
            self._say(f"{clock(event.at_s):>6}  {event.kind}: {event.text}")
        self._events_shown = len(record.events)
        if now.elapsed_s >= self._line_due_s:
            self._line_due_s = (now.elapsed_s // LINE_EVERY_S + 1) * LINE_EVERY_S
            self._say(f"{clock(now.elapsed_s):>6}  {self._line(now)}{_generator(record)}")

    def _line(self, now: Now) -> str:
        parts = []
        if self._plan.streams(LoadModel.OPEN):
            parts.append(f"arrivals {rate(now.started_per_s)} of {rate(now.planned_per_s)}")
        of_planned = f" of {count(now.users_planned)}" if self._plan.streams(LoadModel.CLOSED) else ""
        parts += [
            f"shoppers {count(now.shoppers)}{of_planned}",
            f"requests {rate(now.requests_per_s)}",
            f"failed {percent(now.error_rate)}",
            f"p50 {seconds(now.latency.p50)}",
            f"p95 {seconds(now.latency.p95)}",
            f"p99 {seconds(now.latency.p99)}",
            f"workers {now.workers}",
        ]
        parts += business_now(now)
        if now.coloured_s:
            parts.append(f"coloured {now.coloured_s} s of {RECENT_S}")
        losses = (("late", now.late), ("dropped", now.dropped), ("missed", now.missed))
        parts += [f"{name} {count(number)}" for name, number in losses if number]
        return "  ".join(parts)

    def _say(self, line: str) -> None:
        self._console.print(Text(printable(line)), soft_wrap=True)


def _generator(record: RunRecord) -> str:
    """What is to be said of the generator: nothing while all is well."""
    judged = record.validity
    if judged is None or judged.verdict is Validity.VALID:
        return ""
    return f"  generator {judged.verdict} ({', '.join(reason.code for reason in judged.reasons)})"
