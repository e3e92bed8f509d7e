"""A run by its parts: steps, request names, its slowest requests, journeys, business counts, errors."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from loadgen.latency import Histogram
from loadgen.report.part import Latency
from loadgen.report.summary import (
    ErrorFigures,
    RequestFigures,
    Sample,
    SlowRequest,
)
from loadgen.report.visitors import Counters, JourneyFigures, StepFigures
from loadgen.stats import FAILED, ErrorSample, SecondRow, SeriesKey, StepCounts, Tally, apdex

FIRST_SHOPPERS: Final = 50
"""Shoppers whose way shows the order of steps."""

MOST_REPEATS: Final = 100
"""Of shoppers that stay for hours, who enter a step thousands of times: counting each entry would take as long."""


@dataclass(frozen=True, slots=True)
class _Requests:
    """The requests of some series, merged."""

    count: int
    failures: int
    response_bytes: int
    times: Histogram

    @property
    def error_rate(self) -> float | None:
        return self.failures / self.count if self.count else None


def steps(total: Tally, rows: Iterable[SecondRow], journeys: Sequence[str], apdex_s: float) -> tuple[StepFigures, ...]:
    """Every step of every journey, in the order in which shoppers came to it.

    Args:
        total: the whole run.
        rows: its seconds, in order; they tell which step was reached first.
        journeys: in the plan's order.
        apdex_s: the target of Apdex, seconds.
    """
    merged = _by(total, lambda key: (key.journey, key.step))
    entered_at = _entered_at(total, rows)

    def place(journey_step: tuple[str, str]) -> tuple[object, ...]:
        journey, step = journey_step
        return (*_rank(journey, journeys), entered_at.get(journey_step, [math.inf] * FIRST_SHOPPERS), step)

    figures = []
    for journey, step in sorted({*total.steps, *merged}, key=place):
        counts = total.steps.get((journey, step), StepCounts())
        requests = merged.get((journey, step), _Requests(0, 0, 0, Histogram()))
        figures.append(
            StepFigures(
                journey=journey,
                step=step,
                entered=counts.entered,
                completed=counts.completed,
                abandoned=dict(counts.abandoned.most_common()),
                time_s=Latency.of(counts.time),
                apdex=_rounded(apdex(counts, apdex_s)),
                requests=requests.count,
                failures=requests.failures,
                error_rate=requests.error_rate,
                latency_s=Latency.of(requests.times),
            )
        )
    return tuple(figures)


def requests(total: Tally, load_s: float) -> tuple[RequestFigures, ...]:
    """Every request name and method, the most frequent first."""
    merged = _by(total, lambda key: (key.name, key.method))
    return tuple(
        RequestFigures(
            name=name,
            method=method,
            count=of.count,
            failures=of.failures,
            error_rate=of.error_rate,
            requests_per_s=of.count / load_s if load_s else None,
            response_bytes=of.response_bytes,
            latency_s=Latency.of(of.times),
        )
        for (name, method), of in sorted(merged.items(), key=lambda item: (-item[1].count, item[0]))
    )


def slowest(total: Tally) -> tuple[SlowRequest, ...]:
    """Some of the slowest requests, the slowest first."""
    return tuple(
        SlowRequest(
            second=sample.second,
            worker=sample.worker,
            journey=sample.journey,
            step=sample.step,
            name=sample.name,
            method=sample.method,
            outcome=sample.outcome,
            latency_s=sample.service_us / 1e6,
            trace_id=sample.trace_id or None,
        )
        for sample in total.slowest
    )


def journeys(total: Tally, order: Sequence[str]) -> tuple[JourneyFigures, ...]:
    """Every journey, in the plan's order."""
    return tuple(
        JourneyFigures(
            journey=journey,
            started=of.started,
            completed=of.completed,
            failed=of.failed,
            interrupted=of.interrupted,
            completion=of.completed / of.started if of.started else None,
        )
        for journey, of in sorted(total.journeys.items(), key=lambda item: _rank(item[0], order))
    )


def counters(total: Tally) -> Counters:
    """Business counts, over all journeys and by journey."""
    over_all: Counter[str] = Counter()
    by_journey: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (journey, name), number in sorted(total.counters.items()):
        over_all[name] += number
        by_journey[journey][name] = number
    return Counters(total=dict(sorted(over_all.items())), by_journey=dict(by_journey))


def errors(total: Tally, samples: Iterable[ErrorSample]) -> tuple[ErrorFigures, ...]:
    """Failures by reason and request name, the most frequent first, with samples in their own words."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for key, series in total.series.items():
        for reason, number in series.reasons.items():
            counts[reason, key.name, key.method] += number
    words: defaultdict[tuple[str, str, str], list[Sample]] = defaultdict(list)
    for sample in samples:
        words[sample.reason, sample.name, sample.method].append(
            Sample(
                second=sample.second,
                worker=sample.worker,
                journey=sample.journey,
                step=sample.step,
                text=sample.text,
            )
        )
    return tuple(
        ErrorFigures(reason=kind[0], name=kind[1], method=kind[2], count=number, samples=tuple(words[kind]))
        for kind, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _by(total: Tally, part: Callable[[SeriesKey], tuple[str, str]]) -> dict[tuple[str, str], _Requests]:
    groups: defaultdict[tuple[str, str], list[SeriesKey]] = defaultdict(list)
    for key in total.series:
        groups[part(key)].append(key)
    return {of: _merged(total, keys) for of, keys in groups.items()}


def _merged(total: Tally, keys: Sequence[SeriesKey]) -> _Requests:
    times = Histogram.merged([total.series[key].service for key in keys])
    failures = sum(total.series[key].service.count for key in keys if key.result == FAILED)
    return _Requests(times.count, failures, sum(total.series[key].response_bytes for key in keys), times)


def _entered_at(total: Tally, rows: Iterable[SecondRow]) -> dict[tuple[str, str], list[float]]:
    """In which seconds the first shoppers entered each step, one entry for each, and infinity for those that lack.

    Every shopper enters the earlier step first, so the lists of two steps compare as the steps follow each other. Of a
    step that shoppers enter r times, every r-th entry counts.
    """
    repeats = {step: _repeats(total, step) for step in total.steps}
    entered: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        for step, counts in row.tally.steps.items():
            room = FIRST_SHOPPERS * repeats.get(step, 1) - len(entered[step])
            entered[step] += [float(row.second)] * min(counts.entered, room)
    firsts = {step: seconds[:: repeats.get(step, 1)] for step, seconds in entered.items()}
    return {step: seconds + [math.inf] * (FIRST_SHOPPERS - len(seconds)) for step, seconds in firsts.items()}


def _repeats(total: Tally, step: tuple[str, str]) -> int:
    """How often a visitor of the journey enters a step, a whole number of 1 or more."""
    journey = total.journeys.get(step[0])
    if not journey or not journey.started:
        return 1
    return min(max(round(total.steps[step].entered / journey.started), 1), MOST_REPEATS)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


def _rank(journey: str, order: Sequence[str]) -> tuple[int, str]:
    """The plan's journeys in its order, then the others by name."""
    return (order.index(journey) if journey in order else len(order), journey)
