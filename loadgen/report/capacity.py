"""How much load did the shop carry before it slowed down? Said only where the run can tell.

::

    level │            ┌──── planned          windows of a few seconds, each of which held (●) or did not (○)
          │        ┌───┘
          │    ┌───┘ ○  ○                     broke: the first ○ that is followed by another, and after which
          │  ● │ ●                            nearly no window at that load or more holds again
          │●───┘                              level: the highest ● before it
          └────────────────── t

A window holds when it is within the plan's thresholds on latency and errors, each measured on the merged requests of
that window alone. Without such thresholds it holds while its p95 is at most :data:`SLOWER` times that of the early
run and few requests fail. A cold start or a hiccup is not taken for the limit: the shop recovers from it under more
load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

from loadgen.plan.conditions import Condition
from loadgen.plan.measures import Metric, Operator
from loadgen.plan.model import Plan
from loadgen.plan.stream import LoadModel
from loadgen.report.spans import WINDOW_S, grouped, service_of, span_for
from loadgen.report.summary import Capacity
from loadgen.stats import SecondRow, Tally
from loadgen.verdict import holds, measure
from loadgen.verdict.measure import matching

SLOWER: Final = 2.0
"""Without thresholds, a p95 beyond twice the early one is what people call slow."""

FAILING: Final = 0.05
"""Without thresholds, one failure in twenty is what people call broken."""

REQUESTS_LEAST: Final = 20
"""A window with fewer requests has no p95."""

WINDOWS_LEAST: Final = 4
"""With fewer windows than this there is no early and late to compare."""

STAYS_BROKEN: Final = 0.8
"""After the limit, at least this share of the windows at that load or more does not hold."""

NEAR: Final = 0.9
"""Windows with at least this share of a load are near it."""

STILL_BUSY: Final = 0.5
"""After the load, a window with at least this share of the last one's requests still tells of the load."""


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    rows: list[SecondRow]
    tally: Tally
    level: float
    held: bool


def capacity_of(plan: Plan, rows: Sequence[SecondRow]) -> Capacity | None:
    """The highest planned load that was carried well.

    Args:
        plan: its thresholds on latency and errors decide, where it has any.
        rows: the run's seconds, in order.

    Returns:
        None where it cannot be known: too short, too few requests, or streams of both models at once.
    """
    conditions = [threshold for threshold in plan.thresholds if _tells_slow(threshold)]
    open_model = bool(plan.streams(LoadModel.OPEN))
    if open_model and plan.streams(LoadModel.CLOSED):
        return None
    judged = _windows(plan, rows, conditions)
    windows = [window for window in judged if window.level > 0]
    if len(windows) < WINDOWS_LEAST:
        return None
    broke = next((index for index in range(len(windows)) if _is_limit(windows, index)), None)
    well = [window for window in windows[:broke] if window.held]
    level = max((window.level for window in well), default=None)
    near = [window for window in well if level is not None and window.level >= NEAR * level]
    after = _at_least(windows[broke:], level) if broke is not None else _slow_goodbyes(judged, windows[-1])
    return Capacity(
        kind=_kind(broke, level, after),
        unit="arrivals_per_s" if open_model else "shoppers",
        level=level,
        p95_s=_p95_s(near),
        broke_at_s=after[0].rows[0].second if after else None,
        broke_level=None if broke is None else windows[broke].level,
        after_p95_s=_p95_s(after),
        after_error_rate=_error_rate(after),
        by="thresholds" if conditions else "slowdown",
    )


def _kind(
    broke: int | None, level: float | None, after: Sequence[_Window]
) -> Literal["held", "broke", "broke_late", "never_held"]:
    if level is None:
        return "never_held"
    if broke is not None:
        return "broke"
    return "broke_late" if after else "held"


def planned_level(plan: Plan, from_s: float, to_s: float) -> float:
    """Mean planned load between two instants of a run, all streams: arrivals per second, or shoppers at once."""
    return sum(stream.arrivals_by(to_s) - stream.arrivals_by(from_s) for stream in plan.load) / (to_s - from_s)


def _tells_slow(condition: Condition) -> bool:
    return condition.operator in (Operator.BELOW, Operator.AT_MOST) and condition.metric in (
        Metric.PERCENTILE,
        Metric.MEAN,
        Metric.ERROR_RATE,
    )


def _windows(plan: Plan, rows: Sequence[SecondRow], conditions: Sequence[Condition]) -> list[_Window]:
    merged = []
    for group in grouped(rows, span_for(rows, WINDOW_S)):
        planned = any(row.planned or row.users_planned for row in group)
        level = planned_level(plan, group[0].second, group[-1].second + 1) if planned else 0.0
        tally = Tally.merged([row.tally for row in group])
        if tally.requests >= REQUESTS_LEAST:
            merged.append((group, tally, level))
    usual_s = _early_p95_s([tally for _, tally, level in merged if level > 0])
    judged = [(group, tally, level, _held(tally, conditions, usual_s)) for group, tally, level in merged]
    return [_Window(group, tally, level, held) for group, tally, level, held in judged if held is not None]


def _held(tally: Tally, conditions: Sequence[Condition], usual_s: float) -> bool | None:
    """Whether a window held; None when it has too few requests to tell."""
    if not conditions:
        p95_s = tally.service().quantile_us(0.95) / 1e6
        return p95_s <= SLOWER * usual_s and tally.failures <= FAILING * tally.requests
    told = [condition for condition in conditions if matching(condition, tally) >= _requests_needed(condition)]
    return all(holds(condition, measure(condition, tally, 1.0)) for condition in told) if told else None


def _requests_needed(condition: Condition) -> float:
    """A percentile needs two values beyond it, or it is the maximum under another name."""
    if condition.metric is Metric.PERCENTILE:
        return max(REQUESTS_LEAST, 2 / (1 - condition.quantile))
    return REQUESTS_LEAST


def _early_p95_s(tallies: Sequence[Tally]) -> float:
    early = tallies[: max(3, len(tallies) // 5)]
    return median([tally.service().quantile_us(0.95) / 1e6 for tally in early]) if early else 0.0


def _is_limit(windows: Sequence[_Window], index: int) -> bool:
    if windows[index].held or index + 1 == len(windows) or windows[index + 1].held:
        return False
    later = [window for window in windows[index:] if window.level >= NEAR * windows[index].level]
    return sum(not window.held for window in later) >= STAYS_BROKEN * len(later)


def _slow_goodbyes(judged: Sequence[_Window], last: _Window) -> list[_Window]:
    """The windows right after the load that did not hold although the shop was still busy with it.

    Requests of visitors who came at the highest load end only then, so a ramp that stops at the limit shows it late.
    """
    slow = []
    for window in judged[judged.index(last) + 1 :]:
        if window.held or window.tally.requests < STILL_BUSY * last.tally.requests:
            break
        slow.append(window)
    return slow


def _at_least(windows: Sequence[_Window], level: float | None) -> list[_Window]:
    """Those from the limit on that are near its load, or near what was carried before if that is less."""
    enough = NEAR * min(windows[0].level, windows[0].level if level is None else level)
    return [window for window in windows if window.level >= enough]


def _p95_s(windows: Sequence[_Window]) -> float | None:
    times = service_of(row for window in windows for row in window.rows)
    return round(times.quantile_us(0.95) / 1e6, 7) if times else None


def _error_rate(windows: Sequence[_Window]) -> float | None:
    requests = sum(window.tally.requests for window in windows)
    return sum(window.tally.failures for window in windows) / requests if requests else None
