"""Points of a curve from a CSV text, such as last year's traffic out of a spreadsheet.

::

    t,rate            t;rate           0,0             comma, semicolon or tab; the header may be left out;
    0s,0/s            0;0              60,100          empty lines and lines that begin with # are skipped
    5m,100/s          300;100          120,80

With a header the columns may stand in any order and others beside them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

from loadgen.shapes.fields import MIN_DURATION_S, read_duration, read_level

MAX_POINTS = 100_000
"""A point every ten seconds for eleven days; more than that belongs into fewer, averaged points."""

_TIME_WORDS = ("t", "time", "seconds")
_LEVEL_WORDS = ("rate", "level", "shoppers")


def points_from_csv(text: str) -> list[tuple[float, float]]:
    """Read the points of a curve.

    Args:
        text: the whole CSV file; times as ``90s``, ``5m`` or bare seconds, levels as ``120/s`` or a bare number.

    Returns:
        Pairs of (seconds, level), the first at 0, the times rising.

    Raises:
        ValueError: a sentence that begins with the line number: an unreadable cell, a missing column, times that do
            not rise, or fewer than two points.
    """
    rows = _rows(text)
    points: list[tuple[float, float]] = []
    columns: tuple[int, int] | None = None
    for line, cells in rows:
        if columns is None:
            columns = _columns_of_header(line, cells)
            if columns is not None:
                continue
            columns = (0, 1)
        points.append(_point(line, cells, columns, points[-1][0] if points else None))
        if len(points) > MAX_POINTS:
            raise ValueError(f"line {line}: more than {MAX_POINTS} points; average them into fewer")
    if len(points) < 2:
        raise ValueError("a curve needs at least two points")
    return points


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.removeprefix("\ufeff").splitlines()
    first = next((line for line in lines if _counts(line)), "")
    delimiter = next((mark for mark in ("\t", ";") if mark in first), ",")
    for number, line in enumerate(lines, start=1):
        if not _counts(line):
            continue
        try:
            cells = next(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error as error:
            raise ValueError(f"line {number}: {error}") from error
        yield number, [cell.strip() for cell in cells]


def _counts(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _columns_of_header(line: int, cells: list[str]) -> tuple[int, int] | None:
    """Where time and level stand, or None where the first row is a point already."""
    words = [cell.lower() for cell in cells]
    if not any(word[:1].isalpha() for word in words):
        return None
    times = [i for i, word in enumerate(words) if word in _TIME_WORDS]
    levels = [i for i, word in enumerate(words) if word in _LEVEL_WORDS]
    if len(times) != 1 or len(levels) != 1:
        raise ValueError(f"line {line}: expected the columns t and rate, found {', '.join(cells)}")
    return times[0], levels[0]


def _point(line: int, cells: list[str], columns: tuple[int, int], before_s: float | None) -> tuple[float, float]:
    if len(cells) <= max(columns):
        raise ValueError(f"line {line}: expected a time and a level, found {len(cells)} column{'s'[: len(cells) != 1]}")
    try:
        t_s = read_duration(_number_or_text(cells[columns[0]]))
        level = read_level(_number_or_text(cells[columns[1]]))
    except ValueError as error:
        raise ValueError(f"line {line}: {error}") from error
    if before_s is None:
        if t_s != 0:
            raise ValueError(f"line {line}: the first point must be at 0s, when the shape starts")
    elif t_s == before_s:
        raise ValueError(f"line {line}: the time {t_s:g}s stands there twice")
    elif t_s < before_s:
        raise ValueError(f"line {line}: {t_s:g}s comes after {before_s:g}s; times must rise")
    elif t_s - before_s < MIN_DURATION_S:
        raise ValueError(f"line {line}: less than a millisecond after the point before")
    return t_s, level


def _number_or_text(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell
