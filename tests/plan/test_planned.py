"""What the plan asks of each second."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.plan.model import Plan
from loadgen.plan.planned import PlannedLoad, arrivals_of, users_at
from loadgen.shapes.arrivals import FULL
from loadgen.shapes.shares import split

RAMP = {"ramp": {"from": "0/s", "to": "30/s", "over": "7s"}}


def plan(*streams: dict) -> Plan:
    return Plan.model_validate(
        {
            "name": "demo",
            "target": {"base_url": "http://127.0.0.1:1"},
            "journeys": [
                {"file": "a.py", "user": "Browser", "weight": 3},
                {"file": "a.py", "user": "Buyer", "weight": 1},
            ],
            "load": list(streams),
        }
    )


MIXED = plan(
    {"shape": RAMP},
    {"model": "closed", "shape": {"ramp": {"from": 0, "to": 10, "over": "5s"}}, "start": "2s"},
    {"arrivals": "poisson", "shape": {"constant": {"at": "8/s", "for": "4s"}}, "start": "2.5s"},
)


@pytest.mark.parametrize(("level", "users"), [(0, 0), (0.49, 0), (0.5, 1), (1.5, 2), (2.5, 3), (99.99, 100)])
def test_a_level_between_two_numbers_of_shoppers_is_the_nearest(level, users):
    assert users_at(level) == users


def test_open_streams_have_arrivals_and_closed_ones_have_none():
    assert sorted(arrivals_of(MIXED)) == [0, 2]
    assert PlannedLoad(MIXED).arrivals(0, 100).keys() == {0, 2}


def test_every_process_makes_the_same_arrivals():
    one, other = arrivals_of(MIXED), arrivals_of(Plan.model_validate_json(MIXED.model_dump_json()))

    for stream in one:
        assert one[stream].between(0, 100) == other[stream].between(0, 100)


def test_the_mix_of_a_stream_is_that_of_the_plan():
    journeys = [arrival.journey for arrival in arrivals_of(MIXED)[0].between(0, 7)]

    assert journeys.count(0) / len(journeys) == pytest.approx(0.75, abs=0.02)


def test_the_seconds_add_up_to_the_whole():
    load = PlannedLoad(MIXED)
    whole = load.arrivals(0, MIXED.duration)

    assert whole[0] == round(MIXED.load[0].shape.total)
    assert sum(load.planned(second) for second in range(math.ceil(MIXED.duration))) == sum(whole.values())
    assert load.planned(math.ceil(MIXED.duration)) == 0


@settings(max_examples=60)
@given(
    st.lists(st.floats(0, 8), max_size=5),
    st.lists(st.floats(0.1, 9), min_size=1, max_size=4),
    st.floats(0, 8),
    st.floats(0, 8),
)
def test_spans_and_shares_add_up(cuts, weights, from_s, to_s):
    load = PlannedLoad(MIXED)
    from_s, to_s = sorted((from_s, to_s))
    edges = [from_s, *sorted(cut for cut in cuts if from_s < cut < to_s), to_s]
    shares = split(weights)
    for stream, count in load.arrivals(from_s, to_s, FULL).items():
        spans = itertools.pairwise(edges)
        parts = [load.arrivals(start, end, share)[stream] for start, end in spans for share in shares]
        assert sum(parts) == count


def test_shoppers_of_closed_streams_are_those_at_the_end_of_the_second():
    load = PlannedLoad(MIXED)

    assert [load.users(second) for second in range(9)] == [0, 0, 2, 4, 6, 8, 10, 0, 0]


def test_after_a_stop_nothing_is_planned():
    load = PlannedLoad(MIXED)
    before = [load.planned(second) for second in range(8)]
    load.end_at(4.5)

    assert load.ends_s == 4.5
    assert [load.planned(second) for second in range(4)] == before[:4]
    assert 0 < load.planned(4) < before[4]
    assert [load.planned(second) for second in range(5, 8)] == [0, 0, 0]
    assert [load.users(second) for second in range(3, 6)] == [4, 0, 0]
    assert load.arrivals(5, 6) == {0: 0, 2: 0}


def test_a_stop_moves_the_end_only_forward():
    load = PlannedLoad(MIXED)
    load.end_at(4.0)
    load.end_at(6.0)
    assert load.ends_s == 4.0
    load.end_at(-3.0)
    assert load.ends_s == 0.0
    assert sum(load.planned(second) for second in range(8)) == 0
