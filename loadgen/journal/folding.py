"""Events to a tally: all that one frame holds, in a few vectorised passes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from loadgen.journal.layout import KEY_MASK, KEY_SHIFT, KIND_SHIFT, VALUE_MASK, Kind
from loadgen.latency import grouped
from loadgen.stats import FAILED, OK, OTHER, ArrivalCounts, JourneyCounts, Series, SeriesKey, StepCounts, Tally
from loadgen.stats.tally import COMPLETED, ENTERED

_Numbers = npt.NDArray[np.int64]

_BY_STREAM: Final = (Kind.STARTED, Kind.LATE, Kind.DROPPED, Kind.MISSED)


def fold(events: npt.NDArray[np.uint64], keys: Sequence[tuple[str, ...]]) -> Tally:
    """Add up events.

    Args:
        events: as :mod:`loadgen.journal.layout` draws them, shape (n, 2).
        keys: parts of each key, by its number.

    Returns:
        What happened. Levels, requests sent, and samples are not among the events: they are left at nothing.
    """
    beside, what = events[:, 0], events[:, 1]
    kinds = (what >> np.uint64(KIND_SHIFT)).astype(np.int64)
    numbers = ((what >> np.uint64(KEY_SHIFT)) & np.uint64(KEY_MASK)).astype(np.int64)
    values = (what & np.uint64(VALUE_MASK)).astype(np.int64)
    tally = Tally()
    of_requests = kinds == Kind.REQUEST
    _add_requests(tally, numbers[of_requests], values[of_requests], beside[of_requests], keys)
    rest = ~of_requests
    _add_rest(tally, kinds[rest], numbers[rest], values[rest], beside[rest].view(np.int64), keys)
    return tally


def _add_requests(
    tally: Tally,
    numbers: _Numbers,
    service_us: _Numbers,
    beside: npt.NDArray[np.uint64],
    keys: Sequence[tuple[str, ...]],
) -> None:
    if not numbers.size:
        return
    lags_us, sizes = beside.view(np.uint32).reshape(-1, 2).T.astype(np.int64)
    since_due_us = service_us + lags_us
    response_bytes = np.zeros(len(keys), dtype=np.int64)
    np.add.at(response_bytes, numbers, sizes)
    counts = np.bincount(numbers, minlength=len(keys))
    # Failures of one series for several reasons are one group.
    group_of = np.arange(len(keys))
    members: dict[SeriesKey, list[int]] = {}
    for number in np.flatnonzero(counts).tolist():
        journey, step, name, method, reason = keys[number]
        same = members.setdefault(SeriesKey(journey, step, name, method, FAILED if reason else OK), [])
        same.append(number)
        group_of[number] = same[0]
        if name == OTHER:
            tally.renamed += int(counts[number])
    groups = group_of[numbers]
    service, since_due = grouped(groups, service_us), grouped(groups, since_due_us)
    for key, same in members.items():
        reasons = Counter({keys[number][4]: int(counts[number]) for number in same if keys[number][4]})
        size = int(response_bytes[same].sum())
        tally.series[key] = Series(service[same[0]], since_due[same[0]], size, reasons)


def _add_rest(
    tally: Tally,
    kinds: _Numbers,
    numbers: _Numbers,
    values: _Numbers,
    amounts: _Numbers,
    keys: Sequence[tuple[str, ...]],
) -> None:
    if not kinds.size:
        return
    what = kinds << KEY_SHIFT | numbers
    timed = (kinds == Kind.COMPLETED) | (kinds == Kind.STARTED) | (kinds == Kind.LATE)
    times = grouped(np.where(kinds == Kind.LATE, Kind.STARTED << KEY_SHIFT | numbers, what)[timed], values[timed])
    order = np.argsort(what, kind="stable")
    of = what[order]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(of)) + 1])
    counts = np.diff(np.append(starts, of.size)).tolist()
    value_sums = np.add.reduceat(values[order], starts).tolist()
    amount_sums = np.add.reduceat(amounts[order], starts).tolist()
    for event, count, value, amount in zip(of[starts].tolist(), counts, value_sums, amount_sums, strict=True):
        kind, number = Kind(event >> KEY_SHIFT), event & KEY_MASK
        if kind in _BY_STREAM:
            _add_arrivals(tally.arrivals.setdefault(number, ArrivalCounts()), kind, count, value)
        else:
            _add_people(tally, kind, keys[number], count, amount)
    for event, histogram in times.items():
        kind, number = Kind(event >> KEY_SHIFT), event & KEY_MASK
        if kind is Kind.STARTED:
            tally.arrivals[number].lag = histogram
        else:
            journey, step, _ = keys[number]
            tally.steps[journey, step].time += histogram


def _add_arrivals(counts: ArrivalCounts, kind: Kind, count: int, value: int) -> None:
    match kind:
        case Kind.STARTED:
            counts.started += count
        case Kind.LATE:
            counts.started += count
            counts.late += count
        case Kind.DROPPED:
            counts.dropped += value
        case _:
            counts.missed += value


def _add_people(tally: Tally, kind: Kind, parts: tuple[str, ...], count: int, amount: int) -> None:
    match kind:
        case Kind.BEGAN:
            tally.journeys.setdefault(parts[0], JourneyCounts()).started += count
        case Kind.ENDED:
            journey = tally.journeys.setdefault(parts[0], JourneyCounts())
            setattr(journey, parts[1], getattr(journey, parts[1]) + count)
        case Kind.COUNTED:
            name, device = parts[1:]
            tally.counters[parts[0], name] += amount
            if device:
                tally.devices[parts[0], device, "", name] += amount
        case _:
            _add_step(tally, kind, parts, count)


def _add_step(tally: Tally, kind: Kind, parts: tuple[str, ...], count: int) -> None:
    journey, step, device = parts[:3]
    counts, outcome = tally.steps.setdefault((journey, step), StepCounts()), parts[-1]
    if kind is Kind.ENTERED:
        counts.entered, outcome = counts.entered + count, ENTERED
    elif kind is Kind.COMPLETED:
        counts.completed, outcome = counts.completed + count, COMPLETED
    else:
        counts.abandoned[outcome] += count
    if device:
        tally.devices[journey, device, step, outcome] += count
