"""Closed load, in a time that tests move: as many shoppers as the plan says, on all workers together."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.plan.planned import users_at
from loadgen.shapes.arrivals import EMPTY, FULL
from loadgen.shapes.shares import split
from loadgen.worker.closed_load import ClosedLoad

UP_AND_DOWN = {
    "model": "closed",
    "shape": [{"ramp": {"from": 0, "to": 20, "over": "5s"}}, {"ramp": {"from": 20, "to": 4, "over": "5s"}}],
}


@pytest.fixture
def start(hall, make):
    """A closed load of the first stream of a plan."""

    def start(stream=UP_AND_DOWN, crowd=None) -> ClosedLoad:
        plan = make.plan(stream)
        return ClosedLoad(
            0,
            plan.load[0],
            plan.mix(plan.load[0]),
            hall.crowd if crowd is None else crowd,
            hall.recorder,
            hall.elapsed,
            hall.may_start,
        )

    return start


def staying(hall) -> int:
    return sum(hall.crowd.journeys().values())


def look(hall, load, at_s):
    hall.now_s = at_s
    load.deal(at_s)


def test_nobody_comes_before_there_is_a_share(hall, start):
    load = start()
    look(hall, load, 4)

    assert hall.crowd.came == []


def test_shoppers_follow_the_shape_up_and_down(hall, start):
    load = start()
    load.assign(FULL, 0.0)
    for tenth in range(1, 99):
        look(hall, load, tenth / 10)
        hall.crowd.go([session for session in hall.crowd.present if session.leaving])
        assert staying(hall) == users_at(load._stream.level_at(tenth / 10))
    look(hall, load, 10.0)
    look(hall, load, 10.1)
    assert staying(hall) == 0


def test_they_loop(hall, start):
    load = start()
    load.assign(FULL, 0.0)
    look(hall, load, 2)

    assert {tasks for _, tasks in hall.crowd.came} == {None}


def test_the_mix_is_right_at_every_level(hall, start):
    load = start()
    load.assign(FULL, 0.0)
    for tenth in range(5, 50, 5):
        look(hall, load, tenth / 10)
        journeys, level = hall.crowd.journeys(), staying(hall)
        assert abs(journeys["Buyer"] - level / 4) <= 1.5


def test_the_youngest_are_asked_to_leave_first(hall, start):
    load = start(
        {"model": "closed", "shape": [{"constant": {"at": 8, "for": "1s"}}, {"constant": {"at": 4, "for": "9s"}}]}
    )
    load.assign(FULL, 0.0)
    look(hall, load, 0.5)
    before = {journey: [s for s in hall.crowd.present if s.journey == journey] for journey in ("Browser", "Buyer")}
    look(hall, load, 1.5)

    for sessions in before.values():
        gone = [session.leaving for session in sessions]
        assert gone == sorted(gone)  # first those who stay, then those who go
    assert len(hall.crowd.asked) == 4


def test_who_left_is_replaced(hall, start):
    load = start({"model": "closed", "shape": {"constant": {"at": 6, "for": "10s"}}})
    load.assign(FULL, 0.0)
    look(hall, load, 1)
    hall.crowd.go(hall.crowd.present[:2])
    look(hall, load, 1.1)

    assert staying(hall) == 6
    assert len(hall.crowd.came) == 8
    assert [session.arrival for session, _ in hall.crowd.came] == [f"{hall.recorder.worker}:{n}" for n in range(1, 9)]


def test_a_share_holds_from_its_instant(hall, start):
    load = start({"model": "closed", "shape": {"constant": {"at": 6, "for": "10s"}}})
    load.assign(FULL, 0.0)
    load.assign(EMPTY, 5.0)
    look(hall, load, 4.9)
    assert staying(hall) == 6
    look(hall, load, 5.0)
    assert staying(hall) == 0
    assert len(hall.crowd.asked) == 6


def test_a_later_word_replaces_what_was_to_hold_from_then_on(hall, start):
    load = start({"model": "closed", "shape": {"constant": {"at": 6, "for": "10s"}}})
    load.assign(FULL, 0.0)
    load.assign(EMPTY, 5.0)
    load.assign(FULL, 4.0)
    look(hall, load, 6.0)

    assert staying(hall) == 6


@settings(max_examples=40)
@given(st.lists(st.floats(0.1, 9), min_size=1, max_size=6), st.integers(0, 300))
def test_all_workers_together_have_the_level_and_the_mix(weights, level):
    from loadgen.shapes.mix import Mix

    mix, everyone = Mix([3, 1]), Counter()
    for share in split(weights):
        everyone.update(mix.journeys(share.owned(0, level)).tolist())

    assert everyone.total() == level
    assert abs(everyone[1] - level / 4) <= 2


def test_several_workers_have_the_level_together(hall, start):
    from loadgen.journey.recorder import Recorder

    crowds = [type(hall.crowd)(Recorder(f"w{n}")) for n in range(3)]
    loads = [start(crowd=crowd) for crowd in crowds]
    for load, share in zip(loads, split([1, 2, 4]), strict=True):
        load.assign(share, 0.0)
    for tenth in range(1, 99):
        hall.now_s = tenth / 10
        for load, crowd in zip(loads, crowds, strict=True):
            load.deal(hall.now_s)
            crowd.go([session for session in crowd.present if session.leaving])
        assert sum(sum(crowd.journeys().values()) for crowd in crowds) == users_at(
            loads[0]._stream.level_at(hall.now_s)
        )


def test_where_a_share_changes_its_bearer_the_level_is_never_exceeded(hall, start):
    """Whoever looks first: who gives up does so at once, who gains starts a little later."""
    from loadgen.journey.recorder import Recorder

    crowds = [type(hall.crowd)(Recorder(f"w{n}")) for n in range(2)]
    stream = {"model": "closed", "shape": {"constant": {"at": 40, "for": "10s"}}}
    old, new = (start(stream, crowd=crowd) for crowd in crowds)
    old.assign(FULL, 0.0)
    old.assign(split([1, 3])[0], 5.0)
    new.assign(split([1, 3])[1], 5.0)
    levels = []
    for step in range(470, 560):
        hall.now_s = step / 100
        if step % 5 == 0:
            new.deal(hall.now_s)
        if step % 5 == 4:
            old.deal(hall.now_s)
        levels.append(sum(sum(crowd.journeys().values()) for crowd in crowds))

    assert max(levels) == 40
    assert [level for level in levels[4:30] if level < 40] == []
    assert levels[45:] == [40] * 45


def test_without_a_lease_everyone_is_asked_to_leave_and_comes_back_with_it(hall, start):
    """Shoppers that loop would otherwise be a load that nobody watches, to the end of the plan."""
    load = start({"model": "closed", "shape": {"constant": {"at": 6, "for": "10s"}}})
    load.assign(FULL, 0.0)
    look(hall, load, 1)
    hall.lease = False
    look(hall, load, 2)
    assert staying(hall) == 0
    look(hall, load, 3)
    assert len(hall.crowd.came) == 6

    hall.lease = True
    look(hall, load, 4)
    assert staying(hall) == 6
    assert len(hall.crowd.came) == 12


def test_at_a_stop_everyone_may_end_what_they_are_at(hall, start):
    load = start({"model": "closed", "shape": {"constant": {"at": 6, "for": "10s"}}})
    load.assign(FULL, 0.0)
    look(hall, load, 1)
    load.stop(hall.now_s)

    assert staying(hall) == 0
    assert len(hall.crowd.present) == 6


def test_who_leaves_by_itself_is_replaced_at_once(hall, start):
    load = start()
    load.assign(FULL, 0.0)
    look(hall, load, 2)
    hall.crowd.go(hall.crowd.present[:3])
    look(hall, load, 2)

    assert staying(hall) == 8


def test_who_leaves_by_itself_is_replaced_with_the_next_change_only_where_the_stream_says_so(hall, start):
    load = start({**UP_AND_DOWN, "replace": False})
    load.assign(FULL, 0.0)
    look(hall, load, 2)
    hall.crowd.go(hall.crowd.present[:3])
    look(hall, load, 2)
    assert staying(hall) == 5

    look(hall, load, 2.25)
    assert staying(hall) == 9
