"""Watch the guards of a plan, second by second, while the run goes on.

::

    second     0   1   2   3   4   5   6      guard: error_rate > 20% for 3s: stop
    error      0  25%  30%  9% 40% 33% 21%
    held       ·   1   2   ·   1   2   3 ──▶  trips in second 6, values 40 %, 33 %, 21 %

A guard trips when its condition held in every one of its last ``window_s`` seconds. Each second is judged alone, over
the merged figures of the whole cluster; a second without data does not hold, and neither does one that never came.

The state is a function of the seconds seen and nothing else: a coordinator that takes over feeds the sealed
seconds again from the first and stands where its predecessor stood.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from loadgen.plan.conditions import Guard
from loadgen.plan.measures import Metric
from loadgen.stats import SecondRow
from loadgen.verdict.measure import holds, measure
from loadgen.verdict.results import GuardResult
from loadgen.verdict.unavailable import Availability, enough_witnesses


@dataclass(frozen=True, slots=True)
class GuardStanding:
    """How near a guard is to tripping.

    Attributes:
        guard: the guard.
        figure: what its latest second measured; None without data.
        held_s: for how many seconds in a row its condition has held, up to its window.
    """

    guard: Guard
    figure: float | None
    held_s: int


class GuardWatch:
    """All guards of one run.

    Args:
        guards: in the plan's order.
        load_ends_s: seconds since the start at which the plan's load ends. Later seconds are not watched: when the
            shoppers leave, ``rate(requests) < 10/s`` is no alarm.
    """

    def __init__(self, guards: Iterable[Guard], load_ends_s: float = math.inf) -> None:
        self._windows = [_Window(guard) for guard in guards]
        self._load_ends_s = load_ends_s
        self._next_second = 0
        self._tripped = False
        self._answered = False

    def end_at(self, at_s: float) -> None:
        """Watch nothing from an instant on, seconds since the start: the load was stopped then."""
        self._load_ends_s = min(self._load_ends_s, at_s)

    def standing(self) -> tuple[GuardStanding, ...]:
        """Every guard as it stands after the latest second, in the plan's order."""
        return tuple(window.standing for window in self._windows)

    def observe(self, row: SecondRow) -> GuardResult | None:
        """Take the next sealed second.

        Args:
            row: one second of the whole cluster. One that was seen before (an amendment by late frames) is ignored,
                so that the watch does not depend on when an amendment arrived.

        Returns:
            The guard that tripped with this second, the first in the plan's order; None while all is well. After a
            guard has tripped the watch is over and every later call returns None.
        """
        if self._tripped or row.second < self._next_second or row.second + 1 > self._load_ends_s:
            return None
        if row.second > self._next_second:
            for window in self._windows:
                window.forget()
        self._next_second = row.second + 1
        availability = Availability.of(row, answered_before=self._answered)
        self._answered = self._answered or availability.finished > 0
        tripped = [window.result for window in self._windows if window.observe(row, availability)]
        self._tripped = bool(tripped)
        return tripped[0] if tripped else None

    def results(self) -> tuple[GuardResult, ...]:
        """Every guard as it stands, in the plan's order."""
        return tuple(window.result for window in self._windows)


class _Window:
    """The last seconds in a row in which one guard's condition held."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._figures: deque[float | None] = deque(maxlen=guard.window_s)
        self._witnesses: deque[Availability] = deque(maxlen=guard.window_s)
        self._latest: float | None = None
        self.result = GuardResult(text=str(guard))

    @property
    def standing(self) -> GuardStanding:
        return GuardStanding(self._guard, self._latest, len(self._figures))

    def forget(self) -> None:
        self._figures.clear()
        self._witnesses.clear()

    def observe(self, row: SecondRow, availability: Availability) -> bool:
        """Take one second; True when the guard trips with it."""
        condition = self._guard.condition
        unavailable = condition.metric is Metric.UNAVAILABLE
        self._latest = figure = availability.share if unavailable else measure(condition, row.tally, 1.0)
        if not (availability.holds if unavailable else holds(condition, figure)):
            self.forget()
            return False
        self._figures.append(figure)
        self._witnesses.append(availability)
        if len(self._figures) < self._guard.window_s or (unavailable and not enough_witnesses(self._witnesses)):
            return False
        self.result = GuardResult(text=self.result.text, tripped=True, at_s=row.second, values=tuple(self._figures))
        return True
