"""How a run is doing at its latest sealed second: what live views show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from loadgen.report import breakdown
from loadgen.report.business import business
from loadgen.report.part import Latency
from loadgen.report.spans import service_of
from loadgen.report.visitors import BusinessFigures
from loadgen.stats import RunStats

RECENT_S: Final = 5
"""Live figures are of the last five seconds, merged: steadier than one second, quicker than a minute."""

MINUTE_S: Final = 60
"""Orders are too few for five seconds: theirs are of a minute."""


@dataclass(frozen=True, slots=True)
class Now:
    """A run at its latest sealed second. Rates and latencies are of the last :data:`RECENT_S` seconds.

    Attributes:
        elapsed_s: seconds sealed so far.
        planned_per_s, started_per_s: arrivals (open streams).
        users_planned: shoppers planned (closed streams).
        shoppers: shoppers active.
        requests_per_s: finished requests.
        error_rate: share of them that failed; None without any.
        latency: of them, seconds.
        failures: of the whole run, by reason.
        late, dropped, missed: arrivals of the whole run.
        workers: that reported the latest second.
        cpu_max: highest CPU share of one worker process.
        loop_lag_max_s: longest wait of an event loop.
        coloured_s: how many of the last seconds some worker coloured by its own lateness.
        business: business figures of the whole run; None where journeys count none.
        orders_per_min: orders of the last minute, or of as much as there is of it.
    """

    elapsed_s: int
    planned_per_s: float
    started_per_s: float
    users_planned: int
    shoppers: int
    requests_per_s: float
    error_rate: float | None
    latency: Latency
    failures: Counter[str]
    late: int
    dropped: int
    missed: int
    workers: int
    cpu_max: float
    loop_lag_max_s: float
    coloured_s: int
    business: BusinessFigures | None
    orders_per_min: float

    @classmethod
    def of(cls, stats: RunStats) -> Now:
        """Read the latest seconds of a run; all is 0 before the first."""
        rows = stats.window(RECENT_S)
        span_s = max(len(rows), 1)
        latest = rows[-1] if rows else None
        service = service_of(rows)
        failed = sum(row.tally.failures for row in rows)
        failures: Counter[str] = Counter()
        for series in stats.total.series.values():
            failures.update(series.reasons)
        sold = business(breakdown.counters(stats.total), {})
        arrivals = stats.total.arrivals.values()
        return cls(
            elapsed_s=stats.last_second + 1,
            planned_per_s=sum(row.planned for row in rows) / span_s,
            started_per_s=sum(counts.started for row in rows for counts in row.tally.arrivals.values()) / span_s,
            users_planned=latest.users_planned if latest else 0,
            shoppers=latest.tally.shoppers.total() if latest else 0,
            requests_per_s=service.count / span_s,
            error_rate=failed / service.count if service else None,
            latency=Latency.of(service),
            failures=failures,
            late=sum(counts.late for counts in arrivals),
            dropped=sum(counts.dropped for counts in arrivals),
            missed=sum(counts.missed for counts in arrivals),
            workers=latest.workers if latest else 0,
            cpu_max=max((row.cpu_max for row in rows), default=0.0),
            loop_lag_max_s=max((row.loop_lag_max_us for row in rows), default=0) / 1e6,
            coloured_s=sum(row.coloured > 0 for row in rows),
            business=sold.total if sold else None,
            orders_per_min=_orders_per_min(stats) if sold else 0.0,
        )


def _orders_per_min(stats: RunStats) -> float:
    rows = stats.window(MINUTE_S)
    orders = sum(amount for row in rows for (_, name), amount in row.tally.counters.items() if name == "orders")
    return orders * MINUTE_S / max(len(rows), 1)
