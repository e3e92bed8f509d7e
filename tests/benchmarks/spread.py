"""A measurement repeated: its median, and how far the repetitions lie apart."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

T = TypeVar("T")

ONE_IN: Final = 8
"""Of so many rounds one is kept where an absolute figure is wanted; see :func:`undisturbed`."""

_EMPTY_TURNS: Final = 25_000
"""Half a millisecond."""


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


class Round(NamedTuple):
    """CPU time that something took, and how fast the machine was just then.

    Attributes:
        ns: of one thing, nanoseconds.
        empty_ns: of a turn of an empty loop, before it and after it.
    """

    ns: float
    empty_ns: float

    @classmethod
    def of(cls, times: int, do: Callable[[], object]) -> Round:
        """Do so many things, and see how long each took this thread."""
        gc.collect()
        before_ns = _empty_turn_ns()
        began_ns = time.thread_time_ns()
        do()
        taken_ns = time.thread_time_ns() - began_ns
        return cls(taken_ns / times, (before_ns + _empty_turn_ns()) / 2)


def undisturbed(rounds: Sequence[Round], one_in: int) -> list[Round]:
    """Those in which the machine was at its fastest, by the empty loop, whatever they took themselves.

    A core is not ours alone where a host has more guests: while its other half is busy all takes 1.6 times as long.

    Args:
        rounds: what was measured.
        one_in: keeps one of so many.
    """
    by_speed = sorted(rounds, key=lambda one: one.empty_ns)
    return by_speed[: max(1, len(rounds) // one_in)]


def _empty_turn_ns() -> float:
    """CPU time of a turn of an empty loop, nanoseconds."""
    began_ns = time.thread_time_ns()
    for _ in range(_EMPTY_TURNS):
        pass
    return (time.thread_time_ns() - began_ns) / _EMPTY_TURNS


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


def undisturbed_ns(rounds: int, works: Mapping[str, Work]) -> dict[str, Spread]:
    """:func:`cpu_ns_in_turns` of those rounds in which the machine was at its fastest; so many of them are kept."""
    made: dict[str, list[Round]] = {what: [] for what in works}
    for _ in range(ONE_IN * rounds + 1):
        for what, work in works.items():
            made[what].append(Round.of(work.times, partial(work.do, work.prepare())))
    return {what: Spread.of([one.ns for one in undisturbed(of[1:], ONE_IN)]) for what, of in made.items()}


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
