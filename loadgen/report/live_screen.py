"""One picture of a running run, for a terminal of 80 columns or more.

::

    winter-sales  run 20251009-7f3a                         RUNNING  1:05 of 2:00
    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╺━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
    planned   ▁▁▂▂▃▃▄▄▅▅▆▆▇▇███████                                        39.0/s
    started   ▁▁▂▂▃▃▄▄                                                     39.0/s
    …
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from loadgen.messages.record import RunRecord, RunState
from loadgen.plan.conditions import Condition
from loadgen.plan.model import Plan
from loadgen.plan.stream import LoadModel
from loadgen.report.now import RECENT_S, Now
from loadgen.report.sparkline import sampled, sparkline
from loadgen.report.terminal import VALIDITIES, printable
from loadgen.report.wording import UNKNOWN, clock, count, figure, money, percent, rate, seconds
from loadgen.shapes.preview import levels
from loadgen.stats import RunStats, SecondRow
from loadgen.verdict import ValidityResult, judge
from loadgen.verdict.guards import GuardStanding

CONDITIONS_SHOWN: Final = 3
"""Thresholds and guards listed each, those in trouble first, so that the screen fits 24 lines."""

TALL: Final = 36
"""A terminal of this many lines has room for three times as many."""

EVENTS_SHOWN: Final = 2
"""Latest events listed."""

_LABELS: Final = 11
_VALUES: Final = 9
"""Characters for labels at the left and values at the right of a sparkline."""

_HOT: Final = 0.9
"""CPU share of a worker process from which its figure is marked."""

_STATES: Final = {RunState.RUNNING: "bold green", RunState.DRAINING: "bold yellow"}


@dataclass(slots=True)
class History:
    """What sparklines are drawn from: a few numbers for each second seen."""

    started: dict[int, float] = field(default_factory=dict)
    shoppers: dict[int, float] = field(default_factory=dict)

    def take(self, row: SecondRow) -> None:
        """Remember one second, as it stands after any amendment."""
        self.started[row.second] = sum(counts.started for counts in row.tally.arrivals.values())
        self.shoppers[row.second] = row.tally.shoppers.total()


@dataclass(frozen=True, slots=True)
class Screen:
    """All that the screen shows, as a rich renderable."""

    plan: Plan
    record: RunRecord
    stats: RunStats
    now: Now
    history: History
    guards: Sequence[GuardStanding]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        yield self._heading()
        yield ProgressBar(total=self.plan.duration, completed=min(self.now.elapsed_s, self.plan.duration), width=width)
        if self.record.detail:
            yield Text(printable(self.record.detail), style="italic", no_wrap=True, overflow="ellipsis")
        yield Text()
        yield from self._load(width)
        yield Text()
        yield self._figures()
        yield Text()
        room = 3 if console.height >= TALL else 1
        yield from self._conditions(room * CONDITIONS_SHOWN)
        for event in self.record.events[-room * EVENTS_SHOWN :]:
            line = f"{clock(event.at_s):>6}  {event.text}"
            yield Text(printable(line), style="dim", no_wrap=True, overflow="ellipsis")

    def _heading(self) -> RenderableType:
        grid = Table.grid(Column(ratio=1, no_wrap=True, overflow="ellipsis"), Column(no_wrap=True), expand=True)
        name = Text(self.record.name, style="bold").append(f"  {self.record.run}", style="dim")
        state = Text(self.record.state.upper(), style=_STATES.get(self.record.state, "bold cyan"))
        state.append(f"  {clock(self.now.elapsed_s)} of {clock(self.plan.duration)}", style="default")
        grid.add_row(name, state)
        return grid

    def _load(self, width: int) -> Iterator[Text]:
        columns = max(width - _LABELS - _VALUES, 10)
        pairs = (
            (
                LoadModel.OPEN,
                "arrivals",
                self.history.started,
                rate(self.now.planned_per_s),
                rate(self.now.started_per_s),
            ),
            (
                LoadModel.CLOSED,
                "shoppers",
                self.history.shoppers,
                count(self.now.users_planned),
                count(self.now.shoppers),
            ),
        )
        for model, what, history, planned_now, actual_now in pairs:
            streams = self.plan.streams(model)
            if not streams:
                continue
            planned = levels([(stream.shape, stream.start) for stream in streams], self.plan.duration, columns)
            actual = sampled(history, self.plan.duration, columns)
            top = max(*planned, *(level for level in actual if level is not None))
            yield _spark("planned", sparkline(planned, top), planned_now, "blue")
            yield _spark(what, sparkline(actual, top), actual_now, "green")

    def _figures(self) -> RenderableType:
        now = self.now
        table = Table.grid(Column(width=_LABELS, style="dim"), Column(overflow="fold"))
        failed = Text(f"{percent(now.error_rate)} failed", style="red" if now.error_rate else "")
        table.add_row(
            "requests", Text.assemble(f"{rate(now.requests_per_s)}   ", failed, f"   {count(now.shoppers)} shoppers")
        )
        times = (("p50", now.latency.p50), ("p95", now.latency.p95), ("p99", now.latency.p99))
        latency = "   ".join(f"{name} {seconds(value)}" for name, value in times)
        table.add_row("latency", Text(latency).append(f"   (last {RECENT_S} s)", style="dim"))
        reasons = "   ".join(f"{reason} {count(number)}" for reason, number in now.failures.most_common(5))
        table.add_row("failures", Text(reasons or "none", style="red" if reasons else ""))
        if now.business is not None:
            table.add_row("business", Text("   ".join(business_now(now))))
        table.add_row("workers", self._workers())
        if self.record.validity is not None:
            table.add_row("generator", self._generator(self.record.validity))
        return table

    def _workers(self) -> Text:
        now = self.now
        hot = now.cpu_max > _HOT
        cpu = Text(f"CPU {percent(now.cpu_max)}{' !' if hot else ''}", style="bold yellow" if hot else "")
        late = f"loop lag {seconds(now.loop_lag_max_s)}{' !' if now.coloured_s else ''}"
        lag = Text(late, style="bold yellow" if now.coloured_s else "")
        text = Text.assemble(f"{count(now.workers)}   ", cpu, "   ", lag)
        for name, number in (("late", now.late), ("dropped", now.dropped), ("missed", now.missed)):
            text.append(f"   {count(number)} {name}", style="bold yellow" if number else "dim")
        return text

    @staticmethod
    def _generator(judged: ValidityResult) -> Text:
        """The verdict so far in one line, with the worst that speaks against it."""
        sign, style = VALIDITIES[judged.verdict]
        text = Text(f"{sign} {judged.verdict}", style=style, no_wrap=True, overflow="ellipsis")
        for reason in judged.reasons[:1]:
            more = f" (and {len(judged.reasons) - 1} more)" if len(judged.reasons) > 1 else ""
            text.append(f"{more}: {reason.text}", style="default")
        return text

    def _conditions(self, shown: int) -> Iterator[RenderableType]:
        judged = judge(self.plan.thresholds, self.stats, float(max(self.now.elapsed_s, 1)))
        thresholds = [
            _Condition(None if result.value is None else result.ok, result.text, _figure(threshold, result.value))
            for threshold, result in zip(self.plan.thresholds, judged, strict=True)
        ]
        yield from _listed(thresholds, shown)
        yield from _listed([_guard(standing) for standing in self.guards], shown)


@dataclass(frozen=True, slots=True)
class _Condition:
    """A line of the list: whether it is well (None: not known yet), its text, and what is seen."""

    well: bool | None
    text: str
    seen: str

    def marked(self) -> Text:
        sign, style = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("·", "dim")}[self.well]
        return Text.assemble((f"{sign} ", style), self.text)


def _guard(standing: GuardStanding) -> _Condition:
    held = f"for {standing.held_s} of {standing.guard.window_s} s, " if standing.held_s else ""
    seen = f"{held}{_figure(standing.guard.condition, standing.figure)}"
    return _Condition(None if standing.figure is None else not standing.held_s, str(standing.guard), seen)


def business_now(now: Now) -> list[str]:
    """What the run brought so far, in a few words; nothing where journeys count nothing."""
    if now.business is None:
        return []
    return [
        f"{now.orders_per_min:.0f} orders/min",
        f"conversion {percent(now.business.conversion)}",
        f"revenue {money(now.business.revenue_cents)}",
    ]


def _figure(condition: Condition, value: float | None) -> str:
    return UNKNOWN if value is None else figure(condition, value)


def _listed(conditions: Sequence[_Condition], shown: int) -> Iterator[RenderableType]:
    """Those in trouble first."""
    ordered = sorted(conditions, key=lambda condition: condition.well is not False)
    table = Table.grid(Column(ratio=1, no_wrap=True, overflow="ellipsis"), Column(justify="right"), expand=True)
    for condition in ordered[:shown]:
        table.add_row(condition.marked(), condition.seen)
    if len(ordered) > shown:
        table.add_row(Text(f"  and {len(ordered) - shown} more", style="dim"), "")
    if ordered:
        yield table


def _spark(label: str, line: str, value: str, style: str) -> Text:
    return Text.assemble((f"{label:<{_LABELS}}", "dim"), (line, style), f"{value:>{_VALUES}}")
