"""A measurement repeated: its median, and how far the repetitions lie apart."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Spread(NamedTuple):
    """The median of some repetitions, between the least and the greatest."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))

    def cells(self, write: Callable[[float], str]) -> list[str]:
        """Two cells of a table: the median, and from where to where."""
        return [write(self.median), f"{write(self.least)} to {write(self.most)}"]


class Work(NamedTuple):
    """Something to measure.

    Attributes:
        times: how many things one call of ``do`` does.
        prepare: makes what ``do`` is given; not measured.
        do: what is measured.
    """

    times: int
    prepare: Callable[[], Any]
    do: Callable[[Any], object]


def cpu_ns(rounds: int, times: int, prepare: Callable[[], T], work: Callable[[T], object]) -> Spread:
    """CPU time of one of the ``times`` things that ``work`` does, nanoseconds.

    CPU time of this thread, not time on the wall: what else runs on the machine is not charged to us, but for the
    caches that it spoils. The first round warms up and is left out.

    Args:
        rounds: repetitions.
        times: how many things one call of ``work`` does.
        prepare: makes what ``work`` is given; not measured.
        work: what is measured.
    """
    return cpu_ns_in_turns(rounds, {"": Work(times, prepare, work)})[""]


def cpu_ns_in_turns(rounds: int, works: Mapping[str, Work]) -> dict[str, Spread]:
    """:func:`cpu_ns` of several things that take turns: a machine that changes its speed changes it for all."""
    found: dict[str, list[float]] = {what: [] for what in works}
    for _ in range(rounds + 1):
        for what, work in works.items():
            given = work.prepare()
            gc.collect()
            before = time.thread_time_ns()
            work.do(given)
            found[what].append((time.thread_time_ns() - before) / work.times)
    return {what: Spread.of(values[1:]) for what, values in found.items()}


def nearest_rank(values: Sequence[float], q: float) -> float:
    """The quantile of some values by nearest rank: one of them."""
    return sorted(values)[max(0, math.ceil(q * len(values)) - 1)]


def as_time(ns: float) -> str:
    """Nanoseconds in the unit that fits: ``85 ns``, ``1.24 µs``, ``310 µs``, ``12 ms``."""
    for size, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if ns >= size:
            return f"{_three_digits(ns / size)} {unit}"
    return f"{ns:.0f} ns"


def as_ms(seconds: float) -> str:
    """Seconds as milliseconds: ``7 ms``, ``1,203 ms``."""
    return f"{seconds * 1000:,.0f} ms"


def as_ratio(ratio: float) -> str:
    """``1.35``."""
    return f"{ratio:.2f}"


def as_count(number: float) -> str:
    """``12,345``."""
    return f"{number:,.0f}"


def _three_digits(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
