"""Judge the thresholds of a plan, once, at the end, over the whole run.

A threshold that looks at requests needs at least one that matches: ``count(failures){step:paymnt} < 10`` does not
hold merely because nobody ever saw a step of that name.
"""

from __future__ import annotations

from collections.abc import Iterable

from loadgen.plan.conditions import Threshold
from loadgen.stats import RunStats, Tally
from loadgen.verdict.measure import holds, matching, measure
from loadgen.verdict.results import ThresholdResult

_OF_ARRIVALS = {"arrivals", "late", "dropped", "missed"}


def judge(thresholds: Iterable[Threshold], stats: RunStats, duration_s: float) -> tuple[ThresholdResult, ...]:
    """Compare each threshold with the run's totals.

    Args:
        thresholds: in the plan's order.
        stats: the run; only its totals are read.
        duration_s: how long load was applied, seconds; what ``rate(…)`` divides by.

    Returns:
        One result for each threshold, in order. One without data does not hold.
    """
    return tuple(_judged(threshold, stats.total, duration_s) for threshold in thresholds)


def _judged(threshold: Threshold, total: Tally, duration_s: float) -> ThresholdResult:
    has_data = threshold.argument in _OF_ARRIVALS or matching(threshold, total) > 0
    value = measure(threshold, total, duration_s) if has_data else None
    return ThresholdResult(text=str(threshold), value=value, ok=holds(threshold, value))
