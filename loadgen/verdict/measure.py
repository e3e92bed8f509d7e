"""The figure behind a condition, read from merged counts.

::

    p(q)  mean  max     seconds      of the merged histogram of every series that matches, never averaged
    error_rate          share        failures / requests of the series that match
    rate(x)             per second   count(x) / span
    count(x)            count        requests, failures: of the series that match
                                     arrivals (started), late, dropped, missed: of all streams

The same function serves thresholds (the whole run, its duration) and guards (one second, 1 s).
"""

from __future__ import annotations

from collections.abc import Callable

from loadgen.plan.conditions import Condition
from loadgen.plan.measures import Metric
from loadgen.stats import FAILED, SeriesKey, Tally

_ARRIVALS: dict[str, Callable[[Tally], int]] = {
    "arrivals": lambda tally: sum(counts.started for counts in tally.arrivals.values()),
    "late": lambda tally: sum(counts.late for counts in tally.arrivals.values()),
    "dropped": lambda tally: sum(counts.dropped for counts in tally.arrivals.values()),
    "missed": lambda tally: sum(counts.missed for counts in tally.arrivals.values()),
}


def measure(condition: Condition, tally: Tally, span_s: float) -> float | None:
    """What a condition looks at, in the unit of its limit.

    Args:
        condition: any but ``unavailable``, which only :mod:`loadgen.verdict.unavailable` understands.
        tally: what happened in the span.
        span_s: length of the span, seconds.

    Returns:
        Seconds, a share of one, events per second or a count; None where there is nothing to measure: no request
        that matches (latencies, ``error_rate``), or no span (``rate``).

    Raises:
        ValueError: the condition is ``unavailable``.
    """
    if condition.metric is Metric.UNAVAILABLE:
        raise ValueError("unavailable has no single figure")
    if condition.metric is Metric.RATE:
        return _counted(condition, tally) / span_s if span_s > 0 else None
    if condition.metric is Metric.COUNT:
        return float(_counted(condition, tally))
    if condition.metric is Metric.ERROR_RATE:
        requests = matching(condition, tally)
        return matching(condition, tally, failed_only=True) / requests if requests else None
    return _latency_s(condition, tally)


def holds(condition: Condition, figure: float | None) -> bool:
    """Whether a figure satisfies the condition; without a figure it does not."""
    if figure is None or condition.operator is None or condition.limit is None:
        return False
    return condition.operator.holds(figure, condition.limit)


def matching(condition: Condition, tally: Tally, *, failed_only: bool = False) -> int:
    """How many finished requests the condition's selector lets through."""
    wanted = _selected(condition)
    return sum(
        series.service.count
        for key, series in tally.series.items()
        if wanted(key) and (key.result == FAILED or not failed_only)
    )


def _counted(condition: Condition, tally: Tally) -> int:
    counted = str(condition.argument)
    if counted in _ARRIVALS:
        return _ARRIVALS[counted](tally)
    return matching(condition, tally, failed_only=counted == "failures")


def _latency_s(condition: Condition, tally: Tally) -> float | None:
    wanted = _selected(condition)
    times = tally.since_due(wanted) if condition.since_due else tally.service(wanted)
    if not times:
        return None
    if condition.metric is Metric.MAX:
        return times.max_us / 1e6
    return (times.mean_us if condition.metric is Metric.MEAN else times.quantile_us(condition.quantile)) / 1e6


def _selected(condition: Condition) -> Callable[[SeriesKey], bool]:
    pairs = condition.selector
    return lambda key: all(getattr(key, label) == value for label, value in pairs)
