"""Locust's own options make a plan."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from loadgen.errors import PlanError
from loadgen.plan import LoadModel, Plan
from loadgen.plan.locustfile import LocustRun, LocustUser, plan_for_locustfile
from loadgen.plan.planned import levels_reached, users_at

FILE = "locustfile v2.py"
USERS = (LocustUser("A", FILE, 3), LocustUser("B", FILE, 1))
RUN = LocustRun(USERS, 100, 10, 60, "http://127.0.0.1:8089")


def plan(**more: Any) -> Plan:
    return plan_for_locustfile(FILE, replace(RUN, **more))


def users_over_time(made: Plan, at_s: list[float]) -> list[int]:
    return [sum(users_at(stream.level_at(at)) for stream in made.load) for at in at_s]


def test_users_rate_and_time_make_a_ramp_within_the_time() -> None:
    made = plan()

    (stream,) = made.load
    assert (made.name, stream.model, made.duration) == ("locustfile-v2", LoadModel.CLOSED, 60)
    assert [stream.level_at(t_s) for t_s in (0, 5, 10, 59)] == [0, 50, 100, 100]
    assert made.mix(stream) == {"A": 0.75, "B": 0.25}
    assert [journey.file for journey in made.journeys] == ["locustfile v2.py"] * 2
    assert levels_reached(made) == [(10, 100)]


def test_who_leaves_by_itself_stays_away_as_in_locust() -> None:
    assert not plan().load[0].replace


def test_tasks_end_within_the_stop_timeout() -> None:
    assert plan().graceful_stop == 0
    assert plan(stop_timeout_s=20).graceful_stop == 20


def test_tags_and_options_go_with_it() -> None:
    made = plan(tags=["a"], exclude_tags=["b"], options={"tenant": "blue", "num_users": 4})

    assert (made.tags, made.exclude_tags, made.options) == (("a",), ("b",), {"tenant": "blue", "num_users": 4})


def test_a_run_shorter_than_its_ramp_ends_on_the_way_up() -> None:
    made = plan(run_time_s=4)

    assert (made.duration, made.peak_shoppers) == (4, 40)
    assert levels_reached(made) == []


def test_a_very_fast_ramp_is_no_ramp() -> None:
    assert plan(user_count=1, spawn_rate=100_000).load[0].level_at(0) == 1


def test_users_may_each_have_a_host_of_their_own() -> None:
    users = [LocustUser("A", FILE, 1, host="https://a.example"), LocustUser("B", FILE, 1, host="https://b.example")]

    assert plan(users=users, host=None).target.base_url == "https://a.example"


def test_users_of_other_protocols_need_no_address() -> None:
    users = [LocustUser("A", FILE, 1, speaks_http=False, host="broker:1883")]

    assert plan(users=users, host=None).target.base_url == "http://127.0.0.1"
    assert plan(users=users, host="http://10.0.0.7:80").target.base_url == "http://10.0.0.7:80"


def test_stages_keep_their_levels_and_their_jumps() -> None:
    changes = [(0.0, {"A": 8, "B": 2}), (20.0, {"A": 40, "B": 10}), (40.0, {"A": 4, "B": 1})]
    made = plan(changes=changes)

    (stream,) = made.load
    assert users_over_time(made, [0.01, 10, 19.9, 20.01, 39, 40.1, 59]) == [10, 10, 10, 50, 50, 5, 5]
    assert [users for _, users in levels_reached(made)] == [10, 50, 5]
    assert made.mix(stream) == {"A": 0.75, "B": 0.25}


def test_a_ramp_of_seconds_is_a_slope() -> None:
    changes = [(float(second), {"A": 10 * (second + 1)}) for second in range(20)]
    made = plan(changes=changes)

    assert users_over_time(made, [0.5, 9.5, 19.0, 59.0]) == pytest.approx([15, 105, 200, 200], abs=5)
    assert len(made.load[0].shape.corners) < 6


def test_a_wave_of_an_hour_is_missed_by_no_more_than_a_user() -> None:
    wave = [round(100 + 80 * math.sin(second / 300)) for second in range(3600)]
    changes = [(float(second), {"A": users}) for second, users in enumerate(wave)]
    made = plan(changes=changes, run_time_s=3600)

    assert len(made.load[0].shape.corners) < 1300
    for second in range(5, 3600, 7):
        assert abs(made.load[0].level_at(second) - wave[second]) <= 1.1, second


def test_classes_that_come_and_go_are_streams_of_their_own() -> None:
    changes = [(0.0, {"A": 2, "B": 0}), (5.0, {"A": 2, "B": 9}), (10.0, {"A": 0, "B": 9})]
    made = plan(changes=changes, by_class=True, run_time_s=15)

    levels = {
        next(iter(stream.journeys or {})): [users_at(stream.level_at(at_s)) for at_s in (1, 6, 12)]
        for stream in made.load
    }
    assert levels == {"A": [2, 2, 0], "B": [0, 9, 9]}
    assert {stream.end for stream in made.load} == {15}


def test_a_class_that_never_comes_is_no_stream() -> None:
    made = plan(changes=[(0.0, {"A": 2, "B": 0})], by_class=True)

    assert [stream.name for stream in made.load] == ["A"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"users": []}, "has no user to run"),
        ({"host": None}, "does not say where the requests of A go"),
        ({"user_count": 0}, "must be above 0"),
        ({"spawn_rate": 0}, "must be above 0"),
        ({"run_time_s": 0}, "must be above 0"),
        ({"host": "shop.example"}, "expected an address such as https://shop.example; got 'shop.example'"),
        ({"user_count": 10**9, "spawn_rate": 10**9}, "a level cannot be more than 100 million"),
        ({"run_time_s": 1e9}, "a duration cannot be longer than 31 days"),
        ({"changes": []}, "asks for no user at any time"),
        ({"tags": ["a"], "exclude_tags": ["a"]}, "the tag 'a' is both wanted and excluded"),
    ],
)
def test_options_without_meaning_are_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan(**more)

    assert says in caught.value.message
    assert caught.value.hint
