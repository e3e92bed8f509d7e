"""Draw the wanted load over time, in text, for a terminal.

::

    shoppers/s
     200 ┤                     ▁▂▃▄▅▆▇█████████
         │             ▁▂▃▄▅▆▇█████████████████
     100 ┤     ▁▂▃▄▅▆▇█████████████████████████
         │▂▄▅▆█████████████████████████████████
       0 └┬───────┬───────┬────────┬───────┬───
          0s      5m      10m      15m     20m

:func:`levels` looks at streams of load, :func:`draw` draws any series. Every column shows the highest level within
it, so that a short spike in a long test is seen.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

from loadgen.shapes.shape import Shape
from loadgen.units import format_count, format_duration

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ASCII_EIGHTHS = "  ..::###"

_ROUND_TOPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""The axis ends at one of these times a power of ten."""

_LEAST_TOP = 1e-9
"""A shopper in thirty years: anything less is drawn as good as nothing."""

_TICKS_S = (
    *(0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800),
)
"""Distances people like to see between times."""

_TICK_COLUMNS = 9
"""No two ticks are nearer than this, so that their labels do not touch."""

_BESIDE_S = 1e-6
"""How near to a jump the level is taken: on both sides, never at it, where one shape ends as another begins."""


def levels(placed: Sequence[tuple[Shape, float]], duration_s: float, columns: int) -> list[float]:
    """The highest level of a sum of shapes, in equal slices of time.

    Args:
        placed: each shape with its start, in seconds.
        duration_s: the time to cut into slices, from 0; more than 0.
        columns: how many slices; at least 1.
    """
    corners = sorted({start_s + corner_s for shape, start_s in placed for corner_s in shape.corners})
    beside_s = min(_BESIDE_S, duration_s / columns / 4)
    highest = []
    for i in range(columns):
        begin_s, end_s = duration_s * i / columns, duration_s * (i + 1) / columns
        bends = [begin_s, *corners[bisect_right(corners, begin_s) : bisect_left(corners, end_s)], end_s]
        seen = [(begin_s + end_s) / 2]
        for before_s, after_s in pairwise(bends):
            seen += [before_s + beside_s, after_s - beside_s]
        highest.append(max(sum(shape.rate_at(t_s - start_s) for shape, start_s in placed) for t_s in seen))
    return highest


def draw(
    series: Sequence[float],
    *,
    width: int = 72,
    height: int = 12,
    duration_s: float,
    unit: str,
    ascii_only: bool = False,
) -> str:
    """Draw a series of levels at equal distances in time.

    Args:
        series: the levels, 0 or more; any number of them.
        width: of the whole drawing, in characters.
        height: of the area, in lines; the unit and the time axis take three more.
        duration_s: what the series spans, in seconds; more than 0.
        unit: of the levels, written above the axis, such as ``shoppers/s``.
        ascii_only: for terminals and logs without block characters.

    Returns:
        Lines without trailing blanks, joined by newlines.

    Raises:
        ValueError: an empty series.
    """
    if not series:
        raise ValueError("there is nothing to draw: the series is empty")
    top = _round_top(max(series))
    labels = _level_labels(top, height)
    gutter = max(map(len, labels))
    columns = max(width - gutter - 2, _TICK_COLUMNS)
    tick, bar = ("+", "|") if ascii_only else ("┤", "│")
    bars = [_bar(level, top, height, _ASCII_EIGHTHS if ascii_only else _EIGHTHS) for level in _fit(series, columns)]
    lines = [unit]
    for row in range(height):
        mark = tick if labels[row] else bar
        lines.append(f"{labels[row]:>{gutter}} {mark}{''.join(column[row] for column in bars)}")
    axis, times = _time_axis(duration_s, columns, ascii_only=ascii_only)
    lines += [f"{0:>{gutter}} {axis}", " " * (gutter + 2) + times]
    return "\n".join(line.rstrip() for line in lines)


def _fit(series: Sequence[float], columns: int) -> list[float]:
    """As many levels as there are columns: the highest of several, or one repeated."""
    edges = [len(series) * i // columns for i in range(columns + 1)]
    return [max(series[edges[i] : max(edges[i + 1], edges[i] + 1)]) for i in range(columns)]


def _bar(level: float, top: float, height: int, eighths: str) -> list[str]:
    """One column from top to bottom."""
    filled = round(level / top * height * 8)
    if level > 0:
        filled = max(filled, 1)  # a trickle is load too
    return [eighths[min(max(filled - 8 * row, 0), 8)] for row in reversed(range(height))]


def _round_top(highest: float) -> float:
    if highest < _LEAST_TOP:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(power * step for step in _ROUND_TOPS if power * step >= highest * (1 - 1e-9))


def _level_labels(top: float, height: int) -> list[str]:
    """One label for each line: at the top and half-way, empty elsewhere."""
    half = height // 2
    labelled = {0} | ({half} if height >= 4 else set())
    return [_level(top * (height - row) / height, top) if row in labelled else "" for row in range(height)]


def _level(level: float, top: float) -> str:
    return f"{level:.3g}" if top < 10 else format_count(level)


def _time_axis(duration_s: float, columns: int, *, ascii_only: bool) -> tuple[str, str]:
    corner, line, tick = ("+", "-", "+") if ascii_only else ("└", "─", "┬")
    most = max(columns // _TICK_COLUMNS, 1)
    step_s = next((step_s for step_s in _TICKS_S if duration_s / step_s <= most), duration_s)
    axis, times = [line] * columns, ""
    for i in range(int(duration_s / step_s) + 1):
        at = round(i * step_s / duration_s * columns)
        label = format_duration(i * step_s) if i else "0s"
        if at + len(label) <= columns:
            axis[at] = tick
            times = times.ljust(at) + label
    return corner + "".join(axis), times
