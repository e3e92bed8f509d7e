"""What the page draws over time: the sealed seconds, merged to spans so that a day is as light as a minute.

::

    length of the run    ≤ 600 s   ≤ 1,200 s   ≤ 2,400 s   …
    seconds in a span          1           2           4

Spans double, so a page gets its whole timeline anew a few times a day, and in between the last spans only. Every
percentile in it is read from merged histograms, as in the reports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from loadgen.latency import Histogram
from loadgen.plan.model import Plan
from loadgen.plan.stream import LoadModel
from loadgen.report.spans import grouped, service_of, spans
from loadgen.shapes.preview import levels
from loadgen.stats import RunStats, SecondRow

POINTS: Final = 600
"""Points of a chart: as many as a wide screen has columns for it."""

AGAIN_S: Final = 10
"""Seconds sent again with every event: late frames may have amended them."""

OUTLINE_POINTS: Final = 240
"""Points of the planned load."""

HEAT_LOW_S: Final = 0.001
HEAT_HIGH_S: Final = 60.0
HEAT_ROWS: Final = 24
"""Rows of the heatmap, evenly spaced in the logarithm: each reaches 58 % further than the one below."""

HEAT_BOUNDS_S: Final = tuple(
    float(f"{HEAT_LOW_S * (HEAT_HIGH_S / HEAT_LOW_S) ** (row / (HEAT_ROWS - 1)):.3g}") for row in range(HEAT_ROWS)
)
"""Upper bounds of the rows but the last, which takes what is slower."""


def span_of(last_second: int) -> int:
    """Seconds in one span of a run whose latest second this is."""
    span_s = 1
    while last_second + 1 > POINTS * span_s:
        span_s *= 2
    return span_s


def timeline(stats: RunStats, seen_second: int = -1) -> dict[str, Any]:
    """The timeline, or what is new of it.

    Args:
        stats: the run.
        seen_second: the latest second that the page has; -1 for none.

    Returns:
        ``anew``: whether the page forgets what it has; ``span_s``; and ``points``, in order.
    """
    span_s = span_of(stats.last_second)
    anew = not 0 <= seen_second <= stats.last_second or span_of(seen_second) != span_s
    first = 0 if anew else max(seen_second - AGAIN_S, 0) // span_s * span_s
    rows = [stats.rows[second] for second in range(first, stats.last_second + 1) if second in stats.rows]
    merged = zip(spans(rows, span_s), grouped(rows, span_s), strict=True)
    points = [
        {
            "second": span.second,
            "arrivals_planned": round(span.planned / span.span_s, 3),
            "started": round(span.started / span.span_s, 3),
            "users_planned": span.users_planned,
            "shoppers": span.shoppers,
            "requests": round(span.requests / span.span_s, 3),
            "failures": round(span.failures / span.span_s, 3),
            "p50": span.p50,
            "p95": span.p95,
            "p99": span.p99,
            "coloured": span.coloured_seconds,
            "heat": _heat(group),
        }
        for span, group in merged
    ]
    return {"anew": anew, "span_s": span_s, "points": points}


def _heat(rows: list[SecondRow]) -> list[int]:
    """How many requests fall into each row of the heatmap."""
    times = service_of(rows)
    below = times.count_at_most([bound * 1e6 for bound in HEAT_BOUNDS_S])
    return [high - low for low, high in zip([0, *below], [*below, times.count], strict=True)]


def outline(plan: Plan) -> dict[str, Any]:
    """The planned load from beginning to end: arrivals per second, and shoppers."""
    drawn = {}
    for model, name in ((LoadModel.OPEN, "arrivals"), (LoadModel.CLOSED, "shoppers")):
        streams = plan.streams(model)
        shapes = [(stream.shape, stream.start) for stream in streams]
        found = levels(shapes, plan.duration, OUTLINE_POINTS) if streams else []
        drawn[name] = [float(f"{level:.4g}") for level in found]
    return {"duration_s": plan.duration, "bounds_s": HEAT_BOUNDS_S, **drawn}


class StepLines:
    """The 95th percentile of each step in each of the last seconds: its sparkline."""

    LENGTH_S: Final = 60

    def __init__(self) -> None:
        self._by_second: dict[int, Mapping[tuple[str, str], float]] = {}

    def take(self, stats: RunStats) -> None:
        """Take what is new of the last minute; amendments would not be seen."""
        window = stats.window(self.LENGTH_S)
        self._by_second = {row.second: self._by_second.get(row.second) or _p95_by_step(row) for row in window}

    def line(self, journey: str, step: str) -> list[float | None]:
        """Seconds, oldest first; None where nothing was measured."""
        return [found.get((journey, step)) for _, found in sorted(self._by_second.items())]


def _p95_by_step(row: SecondRow) -> dict[tuple[str, str], float]:
    parts: defaultdict[tuple[str, str], list[Histogram]] = defaultdict(list)
    for key, series in row.tally.series.items():
        parts[key.journey, key.step].append(series.service)
    merged = {place: Histogram.merged(found) for place, found in parts.items()}
    return {place: float(f"{times.quantile_us(0.95) / 1e6:.3g}") for place, times in merged.items() if times}
