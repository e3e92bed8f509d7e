"""Merge neighbouring seconds into spans: the timeline of every report.

Counts add up, levels are those of the last second, and percentiles are read from merged histograms. A chart of a
whole day has as few points as one of a minute, and no percentile in it is an average.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from loadgen.latency import Histogram
from loadgen.report.summary import Span
from loadgen.stats import SecondRow

MAX_POINTS: Final = 2000
"""Points of one chart series: more than a screen has columns, few enough for a file that opens at once."""

WINDOW_S: Final = 5
"""Shortest window in which a percentile of a small test means anything."""


def grouped(rows: Sequence[SecondRow], span_s: int) -> list[list[SecondRow]]:
    """Cut seconds, in order, into spans that start at multiples of ``span_s``."""
    return [list(group) for _, group in groupby(rows, key=lambda row: row.second // span_s)]


def spans(rows: Sequence[SecondRow], span_s: int) -> tuple[Span, ...]:
    """The timeline of a run.

    Args:
        rows: its seconds, in order; missing ones stay missing.
        span_s: seconds a span.
    """
    return tuple(_merged(group) for group in grouped(rows, span_s))


def span_for(rows: Sequence[SecondRow], shortest_s: int = 1) -> int:
    """The shortest span that keeps a timeline within :data:`MAX_POINTS`."""
    length = rows[-1].second + 1 if rows else 0
    return max(shortest_s, -(-length // MAX_POINTS))


def service_of(rows: Iterable[SecondRow]) -> Histogram:
    """Merged service times of some seconds."""
    return Histogram.merged([series.service for row in rows for series in row.tally.series.values()])


def _merged(rows: list[SecondRow]) -> Span:
    last = rows[-1]
    arrivals = [counts for row in rows for counts in row.tally.arrivals.values()]
    service = service_of(rows)
    arrival_lag = Histogram.merged([counts.lag for counts in arrivals])
    p50, p95, p99 = (round(us / 1e6, 7) for us in service.quantiles_us((0.5, 0.95, 0.99))) if service else (None,) * 3
    return Span(
        second=rows[0].second,
        span_s=last.second - rows[0].second + 1,
        planned=sum(row.planned for row in rows),
        users_planned=last.users_planned,
        shoppers=last.tally.shoppers.total(),
        started=sum(counts.started for counts in arrivals),
        late=sum(counts.late for counts in arrivals),
        dropped=sum(counts.dropped for counts in arrivals),
        missed=sum(counts.missed for counts in arrivals),
        requests=service.count,
        failures=sum(row.tally.failures for row in rows),
        p50=p50,
        p95=p95,
        p99=p99,
        reasons=dict(_reasons(rows).most_common()),
        workers=min(row.workers for row in rows),
        cpu_max=max(row.cpu_max for row in rows),
        arrival_lag_p99_s=round(arrival_lag.quantile_us(0.99) / 1e6, 7) if arrival_lag else None,
        loop_lag_p99_s=max(row.loop_lag_p99_us for row in rows) / 1e6,
        loop_lag_max_s=max(row.loop_lag_max_us for row in rows) / 1e6,
        coloured_seconds=sum(row.coloured > 0 for row in rows),
        coloured_workers=max(row.coloured for row in rows),
        coloured_requests=sum(row.coloured_requests for row in rows),
        lengthened_requests=round(sum(row.lengthened_requests for row in rows), 3),
    )


def _reasons(rows: Iterable[SecondRow]) -> Counter[str]:
    total: Counter[str] = Counter()
    for row in rows:
        for series in row.tally.series.values():
            total.update(series.reasons)
    return total
