"""Locust's own options make a plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadgen.errors import PlanError
from loadgen.plan import LoadModel
from loadgen.plan.locustfile import plan_for_locustfile

FILE = Path("my shop/locustfile v2.py")


def test_users_rate_and_time_make_a_ramp_within_the_time() -> None:
    plan = plan_for_locustfile(FILE, [("A", 3), ("B", 1)], 100, 10, 60, "https://shop.example")

    (stream,) = plan.load
    assert (plan.name, stream.model, plan.duration) == ("locustfile-v2", LoadModel.CLOSED, 60)
    assert [stream.level_at(t_s) for t_s in (0, 5, 10, 59)] == [0, 50, 100, 100]
    assert plan.mix(stream) == {"A": 0.75, "B": 0.25}
    assert [journey.file for journey in plan.journeys] == ["locustfile v2.py"] * 2


def test_a_run_shorter_than_its_ramp_ends_on_the_way_up() -> None:
    plan = plan_for_locustfile(FILE, [("A", 1)], 100, 10, 4, "http://127.0.0.1:8089")

    assert (plan.duration, plan.peak_shoppers) == (4, 40)


def test_a_very_fast_ramp_is_no_ramp() -> None:
    plan = plan_for_locustfile(FILE, [("A", 1)], 1, 100_000, 60, "http://127.0.0.1")

    assert plan.load[0].level_at(0) == 1


def test_users_of_weight_zero_stay_out() -> None:
    assert plan_for_locustfile(FILE, [("A", 1), ("B", 0)], 1, 1, 60, "http://h").users == ("A",)


@pytest.mark.parametrize(
    ("users", "count", "rate", "time_s", "host", "says"),
    [
        ([], 1, 1, 60, "http://h", "has no user to run"),
        ([("A", 0)], 1, 1, 60, "http://h", "has no user to run"),
        ([("A", 1)], 1, 1, 60, "", "does not say where its requests go"),
        ([("A", 1)], 0, 1, 60, "http://h", "must be above 0"),
        ([("A", 1)], 1, 0, 60, "http://h", "must be above 0"),
        ([("A", 1)], 1, 1, 0, "http://h", "must be above 0"),
        ([("A", 1)], 1, 1, 60, "shop.example", "expected an address such as https://shop.example; got 'shop.example'"),
        ([("A", 1)], 10**9, 10**9, 60, "http://h", "a level cannot be more than 100 million"),
        ([("A", 1)], 1, 1, 1e9, "http://h", "a duration cannot be longer than 31 days"),
    ],
)
def test_options_without_meaning_are_refused(
    users: list[tuple[str, float]], count: int, rate: float, time_s: float, host: str, says: str
) -> None:
    with pytest.raises(PlanError) as caught:
        plan_for_locustfile(FILE, users, count, rate, time_s, host)

    assert says in caught.value.message
    assert caught.value.hint
