"""How many users a shape wants is known before it runs, in a time that runs by itself."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from locust import LoadTestShape, User, task
from locust.env import Environment

from loadgen.errors import JourneyError
from loadgen.journey.levels import Levels, levels_of_ramp, levels_of_shape


class Common(User):
    weight = 3

    @task
    def nothing(self) -> None:
        pass


class Rare(User):
    @task
    def nothing(self) -> None:
        pass


class Fixed(User):
    fixed_count = 2

    @task
    def nothing(self) -> None:
        pass


def asked(tick: Any, classes: tuple[type[User], ...] = (Common, Rare), longest_s: float | None = None) -> Levels:
    shape: Any = type("Asked", (LoadTestShape,), {"tick": tick})()
    options = SimpleNamespace(num_users=7)
    environment = Environment(user_classes=list(classes), parsed_options=options)  # type: ignore[arg-type]
    return levels_of_shape(shape, environment, classes, longest_s, Path("/nowhere"))


def at(levels: Levels, at_s: float) -> dict[str, int]:
    return [users for from_s, users in levels.changes if from_s <= at_s][-1]


def test_a_day_of_stages_is_asked_for_at_once() -> None:
    began_s = time.perf_counter()

    levels = asked(
        lambda self: (100 if self.get_run_time() < 3600 else 200, 1000) if self.get_run_time() < 7200 else None
    )

    assert time.perf_counter() - began_s < 20
    assert at(levels, 5) == {"Common": 75, "Rare": 25}
    assert at(levels, 3700) == {"Common": 150, "Rare": 50}
    assert (levels.ends_s, levels.by_class, levels.reacts) == (7200, False, False)


def test_users_come_at_the_spawn_rate() -> None:
    levels = asked(lambda self: (10, 2) if self.get_run_time() < 20 else None)

    assert [sum(at(levels, second).values()) for second in (0, 1, 2, 4, 10)] == [2, 4, 6, 10, 10]


class Clocks(LoadTestShape):
    """Ends after half a minute by each of its clocks."""

    def reset_time(self) -> None:
        super().reset_time()
        self.began = time.time(), time.monotonic()

    def tick(self) -> tuple[int, int] | None:
        elapsed = {round(now - began) for now, began in zip((time.time(), time.monotonic()), self.began, strict=True)}
        return (1, 1) if elapsed == {round(self.get_run_time())} and min(elapsed) < 30 else None


def test_every_clock_a_shape_may_read_is_moved() -> None:
    before_s = time.time()
    levels = levels_of_shape(Clocks(), Environment(user_classes=[Common]), [Common], None, Path("/nowhere"))

    assert levels.ends_s == 30
    assert time.time() - before_s < 10


def test_a_shape_sees_the_users_that_it_asked_for_and_the_options() -> None:
    def tick(self: Any) -> tuple[int, int] | None:
        if self.get_current_user_count() >= self.runner.environment.parsed_options.num_users:
            return None
        return self.get_current_user_count() + 1, 1

    levels = asked(tick)

    assert levels.ends_s == 7


def test_classes_of_a_tick_and_fixed_counts_are_those_of_locusts_dispatcher() -> None:
    def tick(self: Any) -> Any:
        now_s = self.get_run_time()
        return (4, 9, [Rare, Fixed]) if now_s < 5 else (10, 9, [Common, Fixed]) if now_s < 10 else None

    levels = asked(tick, (Common, Rare, Fixed))

    assert levels.by_class
    assert at(levels, 3) == {"Common": 0, "Fixed": 2, "Rare": 2}
    assert at(levels, 8) == {"Common": 6, "Fixed": 2, "Rare": 2}


def test_a_ramp_spawns_fixed_counts_first() -> None:
    levels = levels_of_ramp([Common, Fixed], 5, 1, 60)

    assert [at(levels, second) for second in (0, 1, 2, 9)] == [
        {"Common": 0, "Fixed": 1},
        {"Common": 0, "Fixed": 2},
        {"Common": 1, "Fixed": 2},
        {"Common": 3, "Fixed": 2},
    ]


def test_a_shape_that_looks_at_figures_is_known() -> None:
    def tick(self: Any) -> tuple[int, int] | None:
        return None if self.runner.stats.total.fail_ratio > 0.1 or self.get_run_time() > 9 else (5, 5)

    levels = asked(tick)

    assert levels.reacts
    assert levels.ends_s == 10


def test_a_shape_without_end_needs_a_run_time() -> None:
    assert asked(lambda _: (5, 5), longest_s=90).ends_s == 90
    with pytest.raises(JourneyError, match="does not end within a day"):
        asked(lambda _: (5, 5))


@pytest.mark.parametrize(
    ("tick", "says"),
    [
        (lambda _: 5, "gave 5"),
        (lambda _: (5, 0), r"gave \(5, 0\)"),
        (lambda _: (-1, 1), r"gave \(-1, 1\)"),
        (lambda _: 1 / 0, "ZeroDivisionError"),
        (lambda self: self.runner.clients, "AttributeError"),
    ],
)
def test_a_tick_without_sense_is_refused(tick: Any, says: str) -> None:
    with pytest.raises(JourneyError, match=says):
        asked(tick)
