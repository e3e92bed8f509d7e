"""How many users of each class a locustfile wants, and when: found out beforehand, in a time that runs by itself.

A ``LoadTestShape`` is asked once for each second of its run, as Locust would ask it, but at once: the clocks that it
reads (``get_run_time()``, ``time.time()``, …) are moved by hand, and its runner has the users it asked for. Which class
each user is of, Locust's own dispatcher says: weights, ``fixed_count`` and the classes of a tick have their meaning.

::

    tick() ─▶ (users, spawn rate, classes) ─▶ UsersDispatcher ─▶ users of each class from this instant on
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest import mock

import gevent
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import STATE_RUNNING, WorkerNode
from locust.shape import LoadTestShape
from locust.stats import RequestStats
from locust.user.users import User

from loadgen.errors import JourneyError
from loadgen.journey.mistakes import short_traceback

TICK_S: Final = 1.0
"""How often Locust asks a shape."""

LONGEST_S: Final = 86400.0
"""A shape that has not ended after a day is taken for one that never ends."""

Tick = tuple[int, float, "list[type[User]] | None"]


@dataclass(slots=True)
class Levels:
    """Users of each class over time.

    Attributes:
        changes: seconds from the start, and users by class name from then on.
        ends_s: when the shape ends.
        by_class: whether the classes change other than by their weights.
        reacts: whether the shape looks at figures of the run, which nobody knows beforehand.
    """

    changes: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    ends_s: float = 0.0
    by_class: bool = False
    reacts: bool = False


class _Clock:
    """Time that is moved by hand; whoever sleeps moves it."""

    def __init__(self) -> None:
        self.from_s, self.now_s = time.time(), 0.0

    def wall(self) -> float:
        return self.from_s + self.now_s

    def running(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += max(0.0, seconds)


class _Runner:
    """The runner of a shape: all users that it asked for are there, and nothing has been measured yet."""

    state = STATE_RUNNING

    def __init__(self, environment: Environment, levels: Levels) -> None:
        self.environment, self._levels, self._stats = environment, levels, RequestStats()
        self.target_user_count = 0
        self.exceptions: dict[int, Any] = {}

    @property
    def user_classes_count(self) -> dict[str, int]:
        return self._levels.changes[-1][1] if self._levels.changes else {}

    @property
    def user_count(self) -> int:
        return sum(self.user_classes_count.values())

    @property
    def stats(self) -> RequestStats:
        self._levels.reacts = True
        return self._stats

    @property
    def errors(self) -> dict[str, Any]:
        return self.stats.errors


class _Dispatch:
    """Locust's dispatcher, whose next step is taken when it is due."""

    def __init__(self, classes: Sequence[type[User]], levels: Levels) -> None:
        self._node = WorkerNode("all")
        self._dispatcher = UsersDispatcher([self._node], list(classes))
        self._levels, self._due_s = levels, float("inf")

    def aim(self, now_s: float, tick: Tick) -> None:
        users, rate, classes = tick
        self._dispatcher.new_dispatch(users, rate, classes)
        self._due_s = now_s

    def until(self, end_s: float) -> None:
        """Take all steps that are due before an instant."""
        while self._due_s < end_s:
            try:
                wanted = next(self._dispatcher)
            except StopIteration:
                self._due_s = float("inf")
                return
            self._note(self._due_s, wanted[self._node.id])
            self._due_s += self._dispatcher._wait_between_dispatch  # noqa: SLF001 -- it sleeps so long itself

    def _note(self, at_s: float, users: dict[str, int]) -> None:
        changes = self._levels.changes
        if not changes or changes[-1][1] != users:
            changes.append((at_s, users))


def levels_of_shape(
    shape: LoadTestShape, environment: Environment, classes: Sequence[type[User]], longest_s: float | None, root: Path
) -> Levels:
    """Ask a shape what it is going to want.

    Args:
        shape: a fresh one.
        environment: with the run's ``parsed_options``; becomes the one of the shape's runner.
        classes: all user classes that take part.
        longest_s: it is cut here; None asks until it ends by itself.
        root: whose files are the author's, for errors.

    Raises:
        JourneyError: it raised an error, gave no tick, or does not end.
    """
    levels, clock = Levels(by_class=any(user_class.fixed_count for user_class in classes)), _Clock()
    runner: Any = _Runner(environment, levels)
    environment.runner = shape.runner = runner
    dispatch, last = _Dispatch(classes, levels), None
    with _moved_by(clock):
        shape.reset_time()  # type: ignore[no-untyped-call]  # Locust leaves it without types
        while (tick := _ask(shape, root)) is not None:
            if clock.now_s >= (longest_s or LONGEST_S):
                break
            if tick != last:
                dispatch.aim(clock.now_s, tick)
                runner.target_user_count = tick[0]
                levels.by_class = levels.by_class or tick[2] is not None
                last = tick
            dispatch.until(clock.now_s + TICK_S)
            clock.sleep(TICK_S)
    if tick is not None and longest_s is None:
        raise JourneyError(
            f"{type(shape).__name__} does not end within a day", hint="say with -t how long the run is to be"
        )
    levels.ends_s = clock.now_s if longest_s is None else min(clock.now_s, longest_s)
    return levels


def levels_of_ramp(classes: Sequence[type[User]], users: int, rate: float, ends_s: float) -> Levels:
    """The levels of Locust's ``-u``, ``-r`` and ``-t``."""
    levels = Levels(ends_s=ends_s, by_class=True)
    dispatch = _Dispatch(classes, levels)
    with mock.patch.object(gevent, "sleep", _at_once):
        dispatch.aim(0.0, (users, rate, None))
        dispatch.until(ends_s)
    return levels


def _ask(shape: LoadTestShape, root: Path) -> Tick | None:
    name = type(shape).__name__
    try:
        answer = shape.tick()
    except Exception as error:
        raise JourneyError(f"{name}.tick() failed\n{short_traceback(error, root)}") from error
    if answer is None:
        return None
    try:
        users, rate, *more = answer
        tick = int(users), float(rate), (list(more[0]) if more and more[0] is not None else None)
    except (TypeError, ValueError) as error:
        raise JourneyError(
            f"{name}.tick() gave {answer!r}",
            hint="it must give (users, spawn rate), (users, spawn rate, classes) or None",
        ) from error
    if tick[0] < 0 or not 0 < tick[1] < float("inf"):
        raise JourneyError(
            f"{name}.tick() gave {answer!r}", hint="users cannot be negative, a spawn rate must be above 0"
        )
    return tick


@contextmanager
def _moved_by(clock: _Clock) -> Iterator[None]:
    """What the shape takes for the time is this clock's."""
    hands: dict[str, Callable[..., Any]] = {
        "time": clock.wall,
        "perf_counter": clock.running,
        "monotonic": clock.running,
        "sleep": clock.sleep,
    }
    with mock.patch.object(gevent, "sleep", _at_once), ExitStack() as stack:
        for name, hand in hands.items():
            stack.enter_context(mock.patch.object(time, name, hand))
        yield


def _at_once(_seconds: float = 0.0) -> None:
    """The dispatcher's sleep between its steps, whose time is reckoned here."""
