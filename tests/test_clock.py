"""Cluster time, in virtual time."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import loadgen
from loadgen.clock import SLEW, ClusterClock, TimeSample


class Hands:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.at_s = 1000.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def clock(hands: Hands) -> ClusterClock:
    return ClusterClock(hands)


def sample(at_s: float, offset_s: float, there_s: float = 0.001, back_s: float = 0.001) -> TimeSample:
    """A question asked at ``at_s`` of a server whose clock is ahead by ``offset_s``."""
    return TimeSample(at_s, at_s + there_s + offset_s, at_s + there_s + back_s)


def test_a_clock_that_was_never_set_says_so(clock):
    assert clock.error_s == math.inf
    with pytest.raises(RuntimeError, match="before the first sample"):
        clock.now()


def test_an_empty_batch_is_refused(clock):
    with pytest.raises(ValueError):  # noqa: PT011 -- min()'s own words
        clock.update([])


def test_the_first_estimate_is_taken_at_once(clock, hands):
    clock.update([sample(1000, 5e8)])

    assert clock.now() == pytest.approx(5e8 + 1000)
    hands.at_s += 2.5
    assert clock.now() == pytest.approx(5e8 + 1002.5)
    assert clock.until(5e8 + 1003) == pytest.approx(0.5)
    assert clock.until(5e8 + 1002) == pytest.approx(-0.5)


def test_of_a_batch_the_shortest_round_trip_counts(clock):
    clock.update([sample(1000, 50, 0.2, 0.001), sample(1000, 50, 0.002, 0.002), sample(1000, 50, 0.001, 0.3)])

    assert clock.now() == pytest.approx(1050, abs=0.002)
    assert clock.error_s == pytest.approx(0.002)


@given(st.floats(-1e6, 1e9), st.floats(0, 1), st.floats(0, 1))
def test_the_error_is_within_its_bound_whatever_the_two_ways_took(offset_s, there_s, back_s):
    hands = Hands()
    clock = ClusterClock(hands)
    clock.update([sample(hands.at_s, offset_s, there_s, back_s)])

    assert abs(clock.now() - (hands.at_s + offset_s)) <= clock.error_s + 1e-5


def test_a_correction_is_slewed_not_stepped(clock, hands):
    clock.update([sample(1000, 0)])
    clock.update([sample(1000, 0.01)])

    assert clock.now() == pytest.approx(1000)
    hands.at_s += 1
    assert clock.now() == pytest.approx(1001 + SLEW)
    hands.at_s += 99
    assert clock.now() == pytest.approx(1100 + 0.01)


def test_what_is_not_slewed_yet_is_part_of_the_error(clock, hands):
    clock.update([sample(1000, 0)])
    clock.update([sample(1000, 10)])  # another server took over, whose clock differs by ten seconds

    assert clock.error_s == pytest.approx(10.001)
    hands.at_s += 1000
    assert clock.error_s == pytest.approx(8.001)
    hands.at_s += 4000
    assert clock.error_s == pytest.approx(0.001)


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(-20, 20)), min_size=1, max_size=30))
def test_time_never_runs_backwards_and_never_jumps(updates):
    hands = Hands()
    clock = ClusterClock(hands)
    clock.update([sample(hands.at_s, 0)])
    last_s, read_at_s = clock.now(), hands.at_s
    for pause_s, offset_s in updates:
        hands.at_s += pause_s
        for _ in range(2):  # before and after the new estimate
            now_s = clock.now()
            passed_s = hands.at_s - read_at_s
            assert (1 - SLEW) * passed_s - 1e-6 <= now_s - last_s <= (1 + SLEW) * passed_s + 1e-6
            last_s, read_at_s = now_s, hands.at_s
            clock.update([sample(hands.at_s, offset_s)])


IN_CLUSTER_TIME = (
    "bus",
    "cli",
    "coordinator",
    "journal",
    "messages",
    "metrics",
    "report",
    "stats",
    "verdict",
    "worker",
)
OWN_CLOCK = re.compile(r"\btime\.time(_ns)?\(|\bdatetime\.(now|utcnow|today)\(|from time import .*\btime\b")


def test_who_speaks_of_cluster_time_never_asks_its_own_machine_for_the_time_of_day():
    root = Path(loadgen.__file__).parent
    modules = [path for package in IN_CLUSTER_TIME for path in (root / package).rglob("*.py")]
    assert len(modules) > len(IN_CLUSTER_TIME)
    assert [path.name for path in modules if OWN_CLOCK.search(path.read_text(encoding="utf-8"))] == []
