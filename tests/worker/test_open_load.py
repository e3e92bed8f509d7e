"""Open load, in a time that tests move: who starts when, late, dropped, missed."""

from __future__ import annotations

from collections import Counter

import gevent
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadgen.plan.planned import PlannedLoad, arrivals_of
from loadgen.shapes.arrivals import EMPTY, FULL, Share
from loadgen.shapes.shares import PLACES, split
from loadgen.worker.open_load import LATE_S, LONGEST_SLEEP_S, MISSED_AFTER_S, OpenLoad

LEFT, RIGHT = split([1, 1])


@pytest.fixture
def start(hall, make):
    """An open load of the first stream of a plan."""

    def start(*streams, **changes) -> OpenLoad:
        plan = make.plan(*streams, **changes)
        stream = plan.load[0]
        return OpenLoad(
            0,
            stream,
            list(plan.mix(stream)),
            arrivals_of(plan)[0],
            hall.crowd,
            hall.recorder,
            hall.elapsed,
            hall.may_start,
        )

    return start


def play(hall, load, until_s, step_s=0.02):
    """Look at the load every so often."""
    while hall.now_s < until_s - 1e-9:
        hall.now_s = min(hall.now_s + step_s, until_s)
        load.deal(hall.now_s)


def test_nobody_comes_before_there_is_a_share(hall, start):
    load = start()
    play(hall, load, 3)

    assert hall.crowd.came == []


def test_shoppers_come_when_the_plan_says_so(hall, start):
    load = start()
    load.assign(FULL, 0.0)
    play(hall, load, 2)
    assert len(hall.crowd.came) == 20

    play(hall, load, 12)
    arrivals = hall.arrivals()
    assert (arrivals.started, arrivals.late, arrivals.dropped, arrivals.missed) == (100, 0, 0, 0)
    assert arrivals.lag.max_us <= 20_000


def test_each_shopper_knows_its_journey_arrival_and_lag(hall, start):
    load = start()
    load.assign(FULL, 0.0)
    hall.now_s = 0.08
    load.deal(hall.now_s)
    ((session, tasks),) = hall.crowd.came

    assert (session.stream, session.arrival, session.lag_us, tasks) == (0, 0.5, 30_000, 1)
    play(hall, load, 10)
    mix = Counter(session.journey for session, _ in hall.crowd.came)
    assert mix["Browser"] == pytest.approx(75, abs=1)
    assert mix.total() == 100


def test_a_session_has_as_many_tasks_as_the_plan_says(hall, start):
    load = start({"shape": {"constant": {"at": "10/s", "for": "10s"}}, "session": 4})
    load.assign(FULL, 0.0)
    play(hall, load, 0.2)

    assert {tasks for _, tasks in hall.crowd.came} == {4}


@pytest.mark.parametrize("spacing", ["uniform", "poisson"])
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 11), min_size=1, max_size=20))
def test_exactly_those_are_dealt_with_that_the_coordinator_counts_as_due(hall, start, make, spacing, looks):
    """To the last bit: what was not dealt with before an instant is counted as missed by others."""
    stream = {"arrivals": spacing, "start": "700ms", "shape": {"constant": {"at": "10/s", "for": "10s"}}}
    load, planned = start(stream), PlannedLoad(make.plan(stream))
    load.assign(RIGHT, 0.0)
    dealt = 0
    for hall.now_s in sorted(looks):
        load.deal(hall.now_s)
        arrivals = hall.arrivals()
        dealt += arrivals.started + arrivals.missed
        assert dealt == planned.arrivals(-1.0, hall.now_s, RIGHT)[0]


def test_a_stream_that_starts_later_starts_later(hall, start):
    load = start({"shape": {"constant": {"at": "10/s", "for": "10s"}}, "start": "3s"})
    load.assign(FULL, 0.0)
    play(hall, load, 3)
    assert hall.crowd.came == []
    play(hall, load, 4)
    assert len(hall.crowd.came) == 10


def test_two_workers_start_every_arrival_once(hall, start):
    loads = [start(), start()]
    for load, share in zip(loads, (LEFT, RIGHT), strict=True):
        load.assign(share, 0.0)
    for _ in range(600):
        hall.now_s += 0.02
        for load in loads:
            load.deal(hall.now_s)
    cells = sorted(int(session.arrival) for session, _ in hall.crowd.came)

    assert cells == list(range(100))


def test_a_share_changes_at_its_instant(hall, start):
    load = start()
    load.assign(FULL, 0.0)
    play(hall, load, 3)
    load.assign(EMPTY, 3.5)
    play(hall, load, 12)

    assert hall.arrivals().started == 35


def test_nobody_comes_at_the_very_end_of_a_stream(hall, start):
    load = start({"shape": {"constant": {"at": "10/s", "for": "1s"}}})
    load.assign(FULL, 0.0)
    load.assign(FULL, 0.5)
    play(hall, load, 5)

    assert hall.arrivals().started == 10


def test_who_starts_late_is_counted_as_late(hall, start):
    load = start()
    load.assign(FULL, 0.0)
    hall.now_s = 0.05 + LATE_S + 0.01
    load.deal(hall.now_s)
    arrivals = hall.arrivals()

    assert (arrivals.started, arrivals.late) == (1, 1)
    assert arrivals.lag.max_us == 60_000


def test_after_a_pause_what_is_long_overdue_is_missed_and_the_rest_made_up_for(hall, start):
    load = start()
    load.assign(FULL, 0.0)
    hall.now_s = 5.0
    load.deal(hall.now_s)
    arrivals = hall.arrivals()

    assert (arrivals.missed, arrivals.started) == (40, 10)
    assert arrivals.lag.max_us <= MISSED_AFTER_S * 1e6


def test_without_a_lease_arrivals_are_missed(hall, start):
    load = start()
    load.assign(FULL, 0.0)
    play(hall, load, 2)
    hall.lease = False
    play(hall, load, 4)
    hall.lease = True
    play(hall, load, 10)
    arrivals = hall.arrivals()

    assert (arrivals.started, arrivals.missed) == (80, 20)


def test_there_is_room_for_so_many_and_no_more(hall, start):
    load = start({"shape": {"constant": {"at": "10/s", "for": "10s"}}, "max_shoppers": 5})
    load.assign(FULL, 0.0)
    play(hall, load, 1)
    assert len(hall.crowd) == 5
    hall.crowd.go(hall.crowd.present[:2])
    play(hall, load, 2)
    arrivals = hall.arrivals()

    assert (arrivals.started, arrivals.dropped) == (7, 13)


def test_the_rooms_of_all_workers_are_those_of_the_plan(make):
    plan = make.plan({"shape": {"constant": {"at": "10/s", "for": "10s"}}, "max_shoppers": 7})
    shares = split([1, 2, 3, 5])
    from loadgen.shapes.arrivals import owned_of_first

    assert sum(owned_of_first(plan.load[0].max_shoppers, share) for share in shares) == 7


def test_a_worker_that_leaves_keeps_its_room_until_its_share_ends(hall, start):
    load = start({"shape": {"constant": {"at": "10/s", "for": "10s"}}, "max_shoppers": 50})
    load.assign(FULL, 0.0)
    play(hall, load, 2)
    load.assign(EMPTY, 2.5)  # announced half a second ahead
    play(hall, load, 3)
    arrivals = hall.arrivals()

    assert (arrivals.started, arrivals.dropped) == (25, 0)


def test_room_follows_the_share(hall, start):
    load = start({"shape": {"constant": {"at": "10/s", "for": "10s"}}, "max_shoppers": 8})
    load.assign(Share(0, PLACES // 2), 0.0)
    play(hall, load, 4)
    before = len(hall.crowd)
    load.assign(FULL, 4.5)
    play(hall, load, 6)

    assert before < len(hall.crowd) == 8


def test_those_who_were_due_when_the_load_ends_still_start(hall, start):
    load = start({"shape": {"constant": {"at": "10/s", "for": "1s"}}})
    load.assign(FULL, 0.0)
    play(hall, load, 0.9)
    hall.now_s = 1.0  # the end is seen before the last arrival is
    load.stop(hall.now_s)

    assert hall.arrivals().started == 10
    hall.now_s = 2.0
    load.stop(hall.now_s)
    assert len(hall.crowd.came) == 10


def test_it_sleeps_until_the_next_arrival_but_never_long(hall, start):
    load = start({"shape": {"constant": {"at": "1/s", "for": "10s"}}})
    assert load.deal(hall.now_s) == LONGEST_SLEEP_S
    load.assign(FULL, 0.0)
    assert load.deal(hall.now_s) == LONGEST_SLEEP_S
    hall.now_s = 0.48

    assert load.deal(hall.now_s) == pytest.approx(0.02)


def test_the_greenlet_does_all_this_by_itself(make):
    import time

    from loadgen.journey.recorder import Recorder

    recorder, began = Recorder("w"), time.monotonic()
    came = []

    class Guests:
        active = staticmethod(lambda _: 0)
        come = staticmethod(lambda *_: came.append(time.monotonic() - began))

    plan = make.plan({"shape": {"constant": {"at": "50/s", "for": "200ms"}}})
    load = OpenLoad(
        0,
        plan.load[0],
        ["a", "b"],
        arrivals_of(plan)[0],
        Guests(),
        recorder,
        lambda: time.monotonic() - began,
        lambda: True,
    )
    load.assign(FULL, 0.0)
    with gevent.Timeout(10):
        while len(came) < 10:
            gevent.sleep(0.005)
    load.stop(time.monotonic() - began)

    assert recorder.take(0).arrivals_total().started == 10
    assert all(at_s >= 0.01 + 0.02 * number for number, at_s in enumerate(came))
