"""Tallies as columns: the same sums, exact whatever their size, by any way of counting."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from drawn import a_tally, tallies
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.stats import ArrivalCounts, Columns, Headline, Tally, columns
from loadgen.stats.rows import Kind, Rows, united

parts = st.lists(tallies, min_size=1, max_size=6)
MOST, LEAST = 2**63 - 1, -(2**63)


def joined(some: list[Tally]) -> Columns:
    return Columns.joined([Columns.of(tally) for tally in some])


@given(tallies)
def test_a_tally_comes_back_from_columns_as_it_was(tally):
    assert Columns.of(tally).tally() == tally


@given(parts)
def test_columns_add_up_as_tallies_do(some):
    assert joined(some).added_up().tally() == Tally.merged(some)


@settings(max_examples=30)
@given(parts)
def test_counting_in_sorted_pairs_finds_what_counting_in_buckets_does(some):
    dense = joined(some).added_up().tally()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_DENSE", 0)
        assert joined(some).added_up().tally() == dense


@given(parts)
def test_each_tally_has_its_headline(some):
    expected = []
    for tally in some:
        arrivals = tally.arrivals_total()
        counts = (arrivals.started, arrivals.late, arrivals.dropped, arrivals.missed)
        expected.append(Headline(tally.requests, tally.sent, tally.in_flight, *counts))

    assert joined(some).headlines() == expected


@given(st.integers(0, 2**32))
def test_the_order_of_words_makes_no_difference(seed):
    def shuffled(mapping):
        items = list(mapping.items())
        dice.shuffle(items)
        return type(mapping)(dict(items))

    dice = random.Random(seed)
    tally = a_tally(random.Random(seed))
    mappings = ("series", "arrivals", "shoppers", "steps", "journeys", "counters")
    other = replace(tally, **{name: shuffled(getattr(tally, name)) for name in mappings})

    assert Columns.of(other).rows == Columns.of(tally).rows


@given(st.lists(st.one_of(st.integers(LEAST, MOST), st.integers(2**50, 2**56)), min_size=1, max_size=20))
def test_sums_are_exact_up_to_64_bits_and_the_nearest_beyond(amounts):
    some = [Tally(counters=Counter({("Browser", "revenue"): amount})) for amount in amounts]

    assert joined(some).added_up().tally().counters["Browser", "revenue"] == max(LEAST, min(sum(amounts), MOST))


@given(st.lists(st.integers(1, 2**40), min_size=1, max_size=20))
def test_counts_of_buckets_are_exact(counts):
    some = [
        Tally(arrivals={0: ArrivalCounts(lag=Histogram.from_pairs([7], [count], sum_us=7, min_us=7, max_us=7))})
        for count in counts
    ]

    assert joined(some).added_up().tally().arrivals[0].lag.count == sum(counts)


def test_an_empty_histogram_has_no_part_in_the_least():
    some = [Tally(arrivals={0: ArrivalCounts(lag=lag)}) for lag in (Histogram(), Histogram.of([500, 900]), Histogram())]
    lag = joined(some).added_up().tally().arrivals[0].lag

    assert (lag.min_us, lag.max_us, lag.count) == (500, 900, 2)


def test_no_histograms_are_no_harm():
    assert joined([Tally(), Tally(sent=3)]).added_up().tally() == Tally(sent=3)
    assert joined([Tally(), Tally(sent=3)]).headlines()[1].sent == 3


def test_rows_of_several_are_united_in_the_order_they_come():
    one = Rows(((Kind.LEVELS,), (Kind.STEP, "A", "home"), (Kind.JOURNEY, "A")))
    other = Rows(((Kind.JOURNEY, "B"), (Kind.STEP, "A", "home"), (Kind.LEVELS,)))
    whole, places = united([one, other, one])

    assert whole.rows == (*one.rows, (Kind.JOURNEY, "B"))
    assert [place.tolist() for place in places[one]] == [[0, 1, 2, 3, 4, 5, 6, 7, 8, 13], [0]]
    assert [place.tolist() for place in places[other]] == [[9, 10, 11, 12, 3, 4, 0, 1, 2, 13], [0]]


def test_a_histogram_is_told_by_its_row():
    series = [(Kind.SERIES, *"jsnm", result) for result in ("ok", "failed")]
    rows = Rows(((Kind.ARRIVALS, 0), series[0], (Kind.COUNTER, "j", "n"), series[1], (Kind.STEP, *"js")))

    assert rows.is_service.tolist() == [False, True, False, True, False, False]
    assert rows.is_twin.tolist() == [False, False, True, False, True, False]
    assert np.flatnonzero(rows.may_be_negative).tolist() == [5]
    assert np.flatnonzero(rows.is_sum).tolist() == [*range(9, 15)]
