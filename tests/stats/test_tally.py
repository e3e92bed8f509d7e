"""Tallies add up exactly, in any order, and leave their parts alone."""

from __future__ import annotations

import copy
import random
from collections import Counter

from drawn import tallies
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.stats import FAILED, OK, ArrivalCounts, ErrorSample, Series, SeriesKey, Tally
from loadgen.stats.tally import SAMPLES_KEPT

parts = st.lists(tallies, max_size=5)


def numbers(tally: Tally) -> Tally:
    """A tally without its samples, of which only some are kept."""
    same = copy.copy(tally)
    same.samples = []
    return same


@settings(max_examples=60)
@given(parts, st.randoms(use_true_random=False))
def test_the_sum_does_not_depend_on_the_order(some, dice: random.Random):
    whole = numbers(Tally.merged(some))
    dice.shuffle(some)

    assert numbers(Tally.merged(some)) == whole


@settings(max_examples=60)
@given(parts, parts)
def test_the_sum_does_not_depend_on_the_grouping(some, others):
    halves = [Tally.merged(some), Tally.merged(others)]

    assert numbers(Tally.merged(halves)) == numbers(Tally.merged([*some, *others]))


@settings(max_examples=60)
@given(parts)
def test_parts_are_left_alone(some):
    before = copy.deepcopy(some)
    Tally.merged(some)

    assert some == before


@settings(max_examples=60)
@given(parts)
def test_every_count_of_the_parts_is_in_the_sum(some):
    whole = Tally.merged(some)

    assert whole.requests == sum(part.requests for part in some)
    assert whole.failures == sum(part.failures for part in some)
    assert whole.response_bytes == sum(part.response_bytes for part in some)
    assert whole.service().count == whole.requests
    assert whole.since_due() == Histogram.merged([part.since_due() for part in some])
    assert whole.arrivals_total() == ArrivalCounts.merged([part.arrivals_total() for part in some])
    assert (whole.sent, whole.in_flight) == (sum(p.sent for p in some), sum(p.in_flight for p in some))
    for name in ("started", "completed", "failed", "interrupted"):
        counted = sum(getattr(journey, name) for part in some for journey in part.journeys.values())
        assert sum(getattr(journey, name) for journey in whole.journeys.values()) == counted


@settings(max_examples=60)
@given(tallies, tallies)
def test_over_time_levels_are_the_later_ones(first, later):
    both = first.then(later)

    assert (both.shoppers, both.in_flight) == (later.shoppers, later.in_flight)
    assert both.requests == first.requests + later.requests
    assert both.sent == first.sent + later.sent
    assert both.samples == []


def test_of_many_samples_some_are_kept():
    sample = ErrorSample(1, "w", "Browser", "home", "/", "GET", "timeout", "took too long")
    whole = Tally.merged([Tally(samples=[sample] * 15)] * 4)

    assert len(whole.samples) == SAMPLES_KEPT


def test_only_wanted_series_are_read():
    def key(step, result):
        return SeriesKey("Browser", step, "/", "GET", result)

    tally = Tally(
        series={
            key("home", OK): Series(Histogram.of([1000, 2000]), Histogram.of([1500, 2500]), 10),
            key("home", FAILED): Series(Histogram.of([9000]), Histogram.of([9500]), 1, Counter(timeout=1)),
            key("payment", OK): Series(Histogram.of([50]), Histogram.of([50]), 5),
        }
    )

    assert (tally.requests, tally.failures, tally.response_bytes) == (4, 1, 16)
    assert tally.service(lambda key: key.step == "home").sum_us == 12_000
    assert tally.since_due(lambda key: key.result == FAILED).max_us == 9500
