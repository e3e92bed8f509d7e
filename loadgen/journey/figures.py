"""``environment.stats`` as locustfiles read it: Locust's own statistics object, filled when somebody looks.

Nothing is added up per request. What was counted lies ready as tallies, one a second, and is poured into Locust's
entries when a script reads them::

    recorder or sealed seconds ─▶ news() ─┐
                                          ▼    only on reading
    script ── stats.total.fail_ratio ─▶ Figures ─▶ StatsEntry, StatsError

On a worker they are that worker's own, up to the instant of reading; in the master the whole cluster's, up to the last
sealed second. Times are milliseconds, rounded as Locust rounds them; names are the templates that loadgen counts by,
and a raw name finds its template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import numpy as np
from locust.stats import EntriesDict, RequestStats, StatsEntry, StatsError, bucket_response_time

from loadgen.journey.recorder import Recorder
from loadgen.latency.layout import MIDPOINTS_US
from loadgen.stats import FAILED, Tally, template_of
from loadgen.stats.tally import Series, SeriesKey

WINDOW_S: Final = 20
"""Seconds that are kept apart for figures of the last few seconds: as many as Locust looks back."""

COMPRESS_AT: Final = 64
"""So many unread seconds are kept before the older ones are added up."""


class News(NamedTuple):
    """What happened in one second.

    Attributes:
        at_s: the second, since the epoch.
        tally: what was counted.
    """

    at_s: int
    tally: Tally


class Unread:
    """What a recorder counted since somebody last looked.

    Args:
        recorder: it tells of each tally that it gives up; what it has not given up yet is asked for.
        now: seconds since the epoch.
    """

    def __init__(self, recorder: Recorder, now: Callable[[], float]) -> None:
        self._recorder, self._now = recorder, now
        self._news: list[News] = []
        recorder.on_take = self._take

    def _take(self, tally: Tally) -> None:
        if tally.requests:
            self._news.append(News(int(self._now()) - 1, tally))
        if len(self._news) >= COMPRESS_AT:
            older = self._news[:-WINDOW_S]
            self._news[:-WINDOW_S] = [News(older[-1].at_s, Tally.merged([news.tally for news in older]))]

    def __call__(self) -> list[News]:
        """All of it; the next call gives what came after."""
        news, self._news = self._news, []
        present = self._recorder.unread()
        return [*news, News(int(self._now()), present)] if present.requests else news


class _Entries(EntriesDict):
    """Entries by template and method; a raw name finds the entry of its template."""

    def __init__(self, stats: RequestStats) -> None:
        super().__init__(stats)  # type: ignore[no-untyped-call]  # Locust leaves it without types

    def __missing__(self, key: tuple[str, str]) -> StatsEntry:
        folded = (template_of(key[0]), key[1])
        entry: StatsEntry = self[folded] if folded in self else super().__missing__(key)  # type: ignore[no-untyped-call]  # the same
        return entry


class Figures(RequestStats):
    """Locust's statistics, filled on reading.

    Args:
        news: gives what happened since it was last called.
    """

    def __init__(self, news: Callable[[], Iterable[News]]) -> None:
        self._source = news
        self._reading = True
        super().__init__()
        self.entries = _Entries(self)
        self._reading = False

    def clear_all(self) -> None:
        """Forget everything, what nobody has read yet included."""
        self._bring()
        super().clear_all()
        self.entries = _Entries(self)

    def _bring(self) -> None:
        if self._reading:
            return
        self._reading = True
        try:
            for at_s, tally in self._source():
                self._add(at_s, tally)
        finally:
            self._reading = False

    def _add(self, at_s: int, tally: Tally) -> None:
        words = {(sample.name, sample.method, sample.reason): sample.text for sample in tally.samples}
        for key, series in tally.series.items():
            for entry in (self.entries[key.name, key.method], self.total):
                _pour(entry, at_s, key, series)
            if key.result == FAILED:
                for reason, count in series.reasons.items():
                    text = words.get((key.name, key.method, reason), "")
                    self._add_error(at_s, key, f"{reason}: {text}" if text else reason, count)

    def _add_error(self, at_s: int, key: SeriesKey, error: str, count: int) -> None:
        known = self.errors.setdefault(
            StatsError.create_key(key.method, key.name, error), StatsError(key.method, key.name, error)
        )
        known.occurrences += count
        known.first_seen = known.first_seen or float(at_s)
        known.last_seen = float(at_s)


def _on_reading(name: str) -> Any:
    """A property of Locust's statistics that is brought up to date before it is read."""
    place = f"_kept_{name}"

    def read(stats: Figures) -> Any:
        stats._bring()  # noqa: SLF001 -- a property of this very class
        return getattr(stats, place)

    def write(stats: Figures, value: Any) -> None:
        setattr(stats, place, value)

    return property(read, write)


for _name in ("entries", "errors", "total"):
    setattr(Figures, _name, _on_reading(_name))


def _pour(entry: StatsEntry, at_s: int, key: SeriesKey, series: Series) -> None:
    """Add a series to one of Locust's entries."""
    service, count = series.service, series.service.count
    last_s = entry.last_request_timestamp
    if entry.use_response_times_cache and last_s and at_s > int(last_s):
        entry._cache_response_times(at_s - 1)  # noqa: SLF001 -- as its own log() does
    entry.num_requests += count
    entry.num_reqs_per_sec[at_s] += count
    if key.result == FAILED:
        entry.num_failures += count
        entry.num_fail_per_sec[at_s] += count
    entry.last_request_timestamp = max(last_s or 0.0, float(at_s + 1))
    entry.total_response_time += service.sum_us / 1000  # type: ignore[assignment]  # Locust itself adds fractions
    entry.total_content_length += series.response_bytes
    least_ms = service.min_us / 1000
    known_ms = entry.min_response_time
    entry.min_response_time = least_ms if known_ms is None else min(known_ms, least_ms)  # type: ignore[assignment]  # the same
    entry.max_response_time = max(entry.max_response_time, service.max_us / 1000)  # type: ignore[assignment]
    for midpoint_us, number in zip(MIDPOINTS_US[service.indices], service.counts, strict=True):
        time_ms = float(np.clip(midpoint_us, service.min_us, service.max_us)) / 1000
        entry.response_times[bucket_response_time(time_ms)] += int(number)
