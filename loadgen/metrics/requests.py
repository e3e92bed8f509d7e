"""Requests of a run: how many, how they ended, how long they took.

Counters and the histogram are of the whole run. The summary's quantiles are those of the merged distribution of the
last ten sealed seconds: true cluster-wide quantiles, which nothing downstream can compute from quantiles of parts.

The number of series is bounded here once more, whatever the plan allows: those that came first keep their name, later
ones are folded into ``__other__``. A series never changes sides (a tally keeps the order of first appearance), so
no counter falls.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from loadgen.latency import Histogram
from loadgen.messages import RunState
from loadgen.metrics import families
from loadgen.metrics.page import Sheet
from loadgen.metrics.snapshot import RunSnapshot
from loadgen.metrics.words import OTHER_REASON
from loadgen.stats import FAILED, OK, OTHER, SecondRow, Series, SeriesKey, Tally
from loadgen.stats.reasons import REASONS

SERIES_MOST: Final = 1000
"""Request series shown by name. Each is 36 lines of text, so this is 7 MB and a second of work; half in protobuf."""

_NO_SERIES: Final = Series()


def put_requests(sheet: Sheet, run: RunSnapshot) -> None:
    """Write all that is known about a run's requests."""
    shown = shown_series(run.total)
    _put_counters(sheet, shown)
    for key, series in shown.items():
        sheet.put_histogram(families.REQUEST_DURATION, series.service, *key)
    sheet.put(families.RESPONSE_BYTES, run.total.response_bytes)
    sheet.put(families.REQUESTS_RENAMED, run.total.renamed)
    sheet.put(families.REQUEST_SERIES_FOLDED, max(0, len(run.total.series) - SERIES_MOST))
    _put_latency(sheet, run)


def shown_series(total: Tally) -> dict[SeriesKey, Series]:
    """The request series of a run, those beyond :data:`SERIES_MOST` folded into ``__other__``."""
    if len(total.series) <= SERIES_MOST:
        return total.series
    groups: defaultdict[SeriesKey, list[Series]] = defaultdict(list)
    for place, (key, series) in enumerate(total.series.items()):
        groups[key if place < SERIES_MOST else key._replace(name=OTHER)].append(series)
    return {key: parts[0] if len(parts) == 1 else Series.merged(parts) for key, parts in groups.items()}


def _put_counters(sheet: Sheet, shown: dict[SeriesKey, Series]) -> None:
    for request in dict.fromkeys(key[:4] for key in shown):
        for result in (OK, FAILED):
            finished = shown.get(SeriesKey(*request, result), _NO_SERIES)
            sheet.put(families.REQUESTS, finished.service.count, *request, result)
        failures = dict.fromkeys(REASONS, 0)
        for reason, count in shown.get(SeriesKey(*request, FAILED), _NO_SERIES).reasons.items():
            failures[reason if reason in failures else OTHER_REASON] += count
        for reason, count in failures.items():
            sheet.put(families.FAILURES, count, *request, reason)


def _put_latency(sheet: Sheet, run: RunSnapshot) -> None:
    recent = _recent_by_step(() if run.record.state is RunState.FINISHED else run.recent)
    counts: defaultdict[str, int] = defaultdict(int)
    sums_us: defaultdict[str, int] = defaultdict(int)
    for key, series in run.total.series.items():
        counts[key.step] += series.service.count
        sums_us[key.step] += series.service.sum_us
    everything = Histogram.merged(list(recent.values()))
    sheet.put_summary(families.REQUEST_LATENCY, everything, sum(counts.values()), sum(sums_us.values()))
    for step, count in counts.items():
        times = recent.get(step, _NO_SERIES.service)
        sheet.put_summary(families.STEP_REQUEST_LATENCY, times, count, sums_us[step], step)


def _recent_by_step(rows: tuple[SecondRow, ...]) -> dict[str, Histogram]:
    parts: defaultdict[str, list[Histogram]] = defaultdict(list)
    for row in rows:
        for key, series in row.tally.series.items():
            parts[key.step].append(series.service)
    return {step: Histogram.merged(times) for step, times in parts.items()}
