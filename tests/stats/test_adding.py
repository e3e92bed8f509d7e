"""Tallies added up as columns: the same sums as by hand, exact whatever their size, by any way of counting."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple

import pytest
from drawn import tallies
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.messages import pack_tally
from loadgen.messages.packing import laid_out
from loadgen.stats import ArrivalCounts, Columns, Headline, JourneyCounts, Series, StepCounts, Tally, adding
from loadgen.stats.adding import added_up, headlines
from loadgen.stats.columns import LEAST, MOST
from loadgen.stats.slowest import slowest_of
from loadgen.stats.tally import SAMPLES_KEPT

parts = st.lists(tallies, min_size=1, max_size=6)


def by_hand(some: list[Tally]) -> Tally:
    """The sum, one row after the other."""
    whole = Tally()
    for tally in some:
        for key, series in tally.series.items():
            whole.series[key] = Series.merged([whole.series.get(key, Series()), series])
        for stream, arrivals in tally.arrivals.items():
            whole.arrivals[stream] = ArrivalCounts.merged([whole.arrivals.get(stream, ArrivalCounts()), arrivals])
        for place, step in tally.steps.items():
            known = whole.steps.setdefault(place, StepCounts())
            known.entered += step.entered
            known.completed += step.completed
            known.abandoned.update(step.abandoned)
            known.time += step.time
        for name, counts in tally.journeys.items():
            so_far = whole.journeys.get(name, JourneyCounts())
            whole.journeys[name] = JourneyCounts(*map(sum, zip(astuple(so_far), astuple(counts), strict=True)))
        whole.shoppers.update(tally.shoppers)
        whole.counters.update(tally.counters)
        whole.devices.update(tally.devices)
        whole.sent, whole.in_flight = whole.sent + tally.sent, whole.in_flight + tally.in_flight
        whole.renamed += tally.renamed
    whole.samples = [sample for tally in some for sample in tally.samples][:SAMPLES_KEPT]
    whole.slowest = slowest_of(tally.slowest for tally in some)
    return whole


def summed(some: list[Tally]) -> Tally:
    return added_up([Columns.of(tally) for tally in some]).tally()


@given(parts)
def test_columns_add_up_as_tallies_do(some):
    assert summed(some) == by_hand(some)


@settings(max_examples=30)
@given(parts)
def test_counting_in_sorted_pairs_finds_what_counting_in_buckets_does(some):
    dense = summed(some)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adding, "_DENSE", 0)
        assert summed(some) == dense


@given(parts)
def test_each_tally_has_its_headline(some):
    expected = []
    for tally in some:
        arrivals = tally.arrivals_total()
        counts = (arrivals.started, arrivals.late, arrivals.dropped, arrivals.missed)
        expected.append(Headline(tally.requests, tally.sent, tally.in_flight, *counts))

    assert headlines(laid_out([pack_tally(tally) for tally in some])) == expected


@given(st.lists(st.one_of(st.integers(LEAST, MOST), st.integers(2**50, 2**56)), min_size=1, max_size=20))
def test_sums_are_exact_up_to_64_bits_and_the_nearest_beyond(amounts):
    some = [Tally(counters=Counter({("Browser", "revenue"): amount})) for amount in amounts]

    assert summed(some).counters["Browser", "revenue"] == max(LEAST, min(sum(amounts), MOST))


@given(st.lists(st.integers(1, 2**40), min_size=1, max_size=20))
def test_counts_of_buckets_are_exact(counts):
    some = [
        Tally(arrivals={0: ArrivalCounts(lag=Histogram.from_pairs([7], [count], sum_us=7, min_us=7, max_us=7))})
        for count in counts
    ]

    assert summed(some).arrivals[0].lag.count == sum(counts)


def test_an_empty_histogram_has_no_part_in_the_least():
    some = [Tally(arrivals={0: ArrivalCounts(lag=lag)}) for lag in (Histogram(), Histogram.of([500, 900]), Histogram())]
    lag = summed(some).arrivals[0].lag

    assert (lag.min_us, lag.max_us, lag.count) == (500, 900, 2)


def test_no_histograms_are_no_harm():
    assert Tally.merged([Tally(), Tally(sent=3)]) == Tally(sent=3)
    assert headlines(laid_out([pack_tally(tally) for tally in (Tally(), Tally(sent=3))]))[1].sent == 3
