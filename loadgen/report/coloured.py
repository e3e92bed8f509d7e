"""What reports say of coloured seconds: those in which a worker's own lateness stands in the latencies it measured.

How a second comes to be coloured is told in :mod:`loadgen.verdict.colouring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from loadgen.report.summary import Span, Summary, WorkerFigures
from loadgen.report.wording import count

BANDS_MOST: Final = 400
"""Bands that a chart has room for; what lies closer together than this allows is drawn as one."""


def bands(points: Sequence[Span]) -> list[tuple[float, float]]:
    """Where charts are shaded: (from, to), seconds since the start, around the points of coloured seconds."""
    if not points:
        return []
    least_gap_s = (points[-1].second + points[-1].span_s) / BANDS_MOST
    found: list[tuple[float, float]] = []
    for point in points:
        if not point.coloured_seconds:
            continue
        start_s = max(point.second - point.span_s / 2, 0.0)
        end_s = point.second + point.span_s / 2
        if found and start_s - found[-1][1] <= least_gap_s:
            found[-1] = found[-1][0], end_s
        else:
            found.append((start_s, end_s))
    return found


def in_words(summary: Summary) -> str:
    """A sentence for the captions of charts; empty when no second is coloured."""
    coloured = sum(second.coloured_seconds for second in summary.seconds)
    if not coloured:
        return ""
    share = f"{count(coloured)} of {count(len(summary.seconds))} seconds"
    return f" Shaded: {share} in which a worker was late to take answers, so its own delay stands in some of the times."


def by_worker(workers: Sequence[WorkerFigures]) -> str:
    """Whose seconds are coloured, for a line of text; empty when nobody's are."""
    guilty = sorted((w for w in workers if w.coloured_seconds), key=lambda w: -w.coloured_seconds)
    if not guilty:
        return ""
    worst, others = guilty[0], len(guilty) - 1
    also = f" and some by {count(others)} more" if others else ""
    return f"{count(worst.coloured_seconds)} of {count(worst.seconds)} seconds coloured by {worst.worker}{also}"
