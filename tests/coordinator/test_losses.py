"""What lost workers leave undone is missed: each arrival once, in its own second, after that second is sealed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.coordinator.losses import Losses
from loadgen.plan.model import Plan
from loadgen.plan.planned import PlannedLoad
from loadgen.shapes.arrivals import EMPTY, FULL, Share
from loadgen.shapes.shares import PLACES

HALF = Share(0, PLACES // 2)


def planned(spacing: str = "uniform") -> PlannedLoad:
    return PlannedLoad(
        Plan.model_validate(
            {
                "name": "demo",
                "target": {"base_url": "http://127.0.0.1:1"},
                "journeys": [{"file": "browse.py", "user": "Browser"}],
                "load": [
                    {"arrivals": spacing, "shape": {"constant": {"at": "10/s", "for": "20s"}}},
                    {"start": "5s", "shape": {"constant": {"at": "4/s", "for": "10s"}}},
                    {"model": "closed", "shape": {"constant": {"at": 3, "for": "20s"}}},
                ],
            }
        )
    )


def missed(rows):
    return {row.second: {stream: counts.missed for stream, counts in row.tally.arrivals.items()} for row in rows}


def test_nothing_is_missed_while_nobody_serves_the_share_yet():
    losses = Losses([])
    losses.lose("w", FULL, 2.0)

    assert losses.amend(planned(), 100) == []


def test_what_was_missed_amends_the_seconds_in_which_it_was_due():
    losses = Losses([])
    losses.lose("w", FULL, 4.0)
    losses.served(6.5)

    assert missed(losses.amend(planned(), 100)) == {4: {0: 10}, 5: {0: 10, 1: 4}, 6: {0: 5, 1: 2}}
    assert losses.amend(planned(), 100) == []


def test_a_second_is_amended_only_after_it_was_sealed():
    losses = Losses([])
    losses.lose("w", FULL, 4.0)
    losses.served(6.5)

    assert losses.amend(planned(), 4) == []
    assert missed(losses.amend(planned(), 5)) == {4: {0: 10}}
    assert missed(losses.amend(planned(), 7)) == {5: {0: 10, 1: 4}, 6: {0: 5, 1: 2}}


def test_a_worker_is_lost_once():
    losses = Losses([])

    assert losses.lose("w", HALF, 4.0)
    assert not losses.lose("w", HALF, 4.0)
    assert losses.lose("v", HALF, 4.0)


def test_shares_lost_after_an_epoch_began_are_not_served_by_it():
    losses = Losses([])
    losses.lose("w", FULL, 4.0)
    losses.served(3.5)

    assert losses.amend(planned(), 100) == []
    losses.served(4.5)
    assert missed(losses.amend(planned(), 100)) == {4: {0: 5}}


def test_what_a_worker_says_it_missed_while_it_was_thought_lost_is_counted_here():
    losses = Losses([])
    losses.lose("w", HALF, 4.5)

    assert [losses.covers("w", second) for second in (3, 4, 9)] == [False, True, True]
    assert not losses.covers("v", 9)


def test_an_empty_share_misses_nothing():
    losses = Losses([])
    losses.lose("w", EMPTY, 1.0)
    losses.served(9.0)

    assert losses.amend(planned(), 100) == []


def test_nothing_is_missed_after_the_load_was_stopped():
    losses, load = Losses([]), planned()
    load.end_at(5.0)
    losses.lose("w", FULL, 4.0)
    losses.served(9.0)

    assert missed(losses.amend(load, 100)) == {4: {0: 10}}


@pytest.mark.parametrize("new_leaders", [False, True])
@pytest.mark.parametrize("spacing", ["uniform", "poisson"])
@settings(max_examples=30)
@given(st.floats(0, 20), st.floats(0, 20), st.lists(st.integers(0, 22), max_size=6))
def test_every_arrival_is_missed_once_however_sealing_goes(spacing, new_leaders, from_s, to_s, sealed):
    load, entries, rows = planned(spacing), [], []
    losses = Losses(entries)
    losses.lose("w", HALF, from_s)
    losses.served(to_s)
    for sealed_to in [*sorted(sealed), 23]:
        rows += losses.amend(load, sealed_to)
        if new_leaders:  # each knows the record, and what is sealed
            losses = Losses(entries)
            for row in rows:
                losses.remember(row)

    wanted = load.arrivals(from_s, to_s, HALF)
    for stream, count in wanted.items():
        assert sum(row.tally.arrivals[stream].missed for row in rows if stream in row.tally.arrivals) == count
    assert {stream for row in rows for stream in row.tally.arrivals} <= set(wanted)
