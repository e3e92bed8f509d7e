"""A run followed second by second: sealed seconds in any order, with amendments."""

from __future__ import annotations

import copy
from collections import Counter

import pytest
from drawn import rows
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.stats import OK, ErrorSample, RunStats, SecondRow, Series, SeriesKey, SlowSample, Tally
from loadgen.stats.run import SAMPLES_PER_KIND
from loadgen.stats.slowest import SLOWEST_KEPT


def stats_of(some, keep_s=None) -> RunStats:
    stats = RunStats(keep_s)
    for row in some:
        stats.add(row)
    return stats


def level(second: int, shoppers: int = 0, in_flight: int = 0, **more) -> SecondRow:
    return SecondRow(second, tally=Tally(shoppers=Counter({0: shoppers}), in_flight=in_flight), **more)


@settings(max_examples=60)
@given(st.lists(rows, max_size=6), st.randoms(use_true_random=False))
def test_totals_do_not_depend_on_the_order(some, dice):
    one = stats_of(some)
    dice.shuffle(some)
    other = stats_of(some)

    assert (one.total, one.planned, one.last_second) == (other.total, other.planned, other.last_second)
    assert [row.second for row in one.timeline()] == sorted({row.second for row in some})
    assert [row.tally.requests for row in one.timeline()] == [row.tally.requests for row in other.timeline()]


@settings(max_examples=60)
@given(st.lists(rows, max_size=6))
def test_rows_are_left_alone(some):
    before = copy.deepcopy(some)
    stats_of(some)

    assert some == before


def test_an_amendment_adds_to_its_own_second():
    first = SecondRow(3, planned=10, users_planned=4, tally=Tally(sent=5), workers=1, cpu_max=0.2, sealed_after_s=0.3)
    late = SecondRow(3, tally=Tally(sent=2), workers=1, cpu_max=0.5, loop_lag_max_us=70, sealed_after_s=4.0)
    stats = stats_of([first, late])

    assert stats.rows[3] == SecondRow(3, 10, 4, Tally(sent=7), 2, cpu_max=0.5, loop_lag_max_us=70, sealed_after_s=4.0)
    assert (stats.planned, stats.total.sent) == (10, 7)


def test_levels_are_those_of_the_latest_second():
    stats = stats_of([level(0, 5, 1), level(2, 9, 3), level(1, 7, 2)])

    assert (stats.total.shoppers[0], stats.total.in_flight) == (9, 3)


def test_an_amendment_of_the_latest_second_raises_its_levels():
    stats = stats_of([level(0, 5, 1), level(1, 9, 3), level(1, 2, 1), level(0, 1, 1)])

    assert (stats.total.shoppers[0], stats.total.in_flight) == (11, 4)


def test_windows_hold_the_seconds_that_are_there():
    stats = stats_of([level(second) for second in (0, 1, 2, 4, 5)])

    assert [row.second for row in stats.window(3)] == [4, 5]
    assert [row.second for row in stats.window(2, until=2)] == [1, 2]
    assert [row.second for row in stats.window(99)] == [0, 1, 2, 4, 5]
    assert RunStats().window(10) == []
    assert RunStats().last_second == -1


def test_only_the_latest_seconds_are_kept_but_totals_are_of_all():
    stats = stats_of([SecondRow(second, planned=1, tally=Tally(sent=1)) for second in range(100)], keep_s=10)

    assert [row.second for row in stats.timeline()] == list(range(90, 100))
    assert (stats.total.sent, stats.planned) == (100, 100)


def test_an_amendment_of_a_second_long_gone_still_counts():
    stats = stats_of([SecondRow(second, tally=Tally(sent=1)) for second in range(50)], keep_s=5)
    stats.add(SecondRow(3, tally=Tally(sent=10)))
    stats.add(SecondRow(50))

    assert stats.total.sent == 60
    assert [row.second for row in stats.timeline()] == [46, 47, 48, 49, 50]


@pytest.mark.parametrize("keep_s", [None, 2])
def test_a_few_samples_of_each_kind_are_kept(keep_s):
    def sample(second, reason):
        return ErrorSample(second, "w", "Browser", "home", "/", "GET", reason, f"at {second}")

    some = [SecondRow(s, tally=Tally(samples=[sample(s, "timeout"), sample(s, "dns")])) for s in range(9)]
    kept = Counter(sample.reason for sample in stats_of(some, keep_s).samples)

    assert kept == {"timeout": SAMPLES_PER_KIND, "dns": SAMPLES_PER_KIND}


def test_service_times_of_some_seconds_are_merged():
    def row(second, *times):
        series = Series(Histogram.of(times), Histogram.of(times))
        return SecondRow(second, tally=Tally(series={SeriesKey("B", "", "/", "GET", OK): series}))

    stats = stats_of([row(0, 100), row(1, 200, 300), row(2)])

    assert stats.service_of(stats.window(2)) == Histogram.of([200, 300])


def test_the_slowest_of_a_run_are_kept_beyond_the_seconds_that_are():
    def row(second: int, us: int) -> SecondRow:
        slow = SlowSample(us, second, "w", "B", "", "/", "GET", OK, f"{second:032x}")
        return SecondRow(second, tally=Tally(slowest=[slow]))

    stats = stats_of([row(second, 900 - second) for second in range(100)], keep_s=5)

    assert [sample.second for sample in stats.total.slowest] == list(range(SLOWEST_KEPT))
    assert [sample.second for sample in stats.rows[99].tally.slowest] == [99]
