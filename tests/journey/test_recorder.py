"""The recorder: what goes in comes out once, under names that are capped."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.journey import Recorder
from loadgen.journey.recorder import Visit, counted_us
from loadgen.latency import Histogram
from loadgen.latency.layout import MAX_US
from loadgen.stats import OK, OTHER, SeriesKey, SlowSample, Tally


def visit(step: str = "payment", lag_us: int = 0) -> Visit:
    return Visit("Buyer", step, lag_us)


def test_a_request_comes_out_with_its_times_bytes_and_key() -> None:
    recorder = Recorder("w1")
    recorder.request(visit(lag_us=50), "POST", "/order/123?x=1", 1000, 42, None)
    tally = recorder.take(0)
    series = tally.series[SeriesKey("Buyer", "payment", "/order/{id}", "POST", "ok")]
    assert series.service == Histogram.of([1000])
    assert series.since_due == Histogram.of([1050])
    assert series.response_bytes == 42


def test_a_take_holds_what_came_since_the_last_one_and_shares_nothing() -> None:
    recorder = Recorder("w1")
    recorder.request(visit(), "GET", "/", 10, 1, "timeout", "slow")
    recorder.step_entered("Buyer", "payment")
    recorder.step_completed("Buyer", "payment", 500)
    recorder.step_abandoned("Buyer", "payment", "slow")
    recorder.journey_started("Buyer")
    recorder.arrival_started(0, 100, late=True)
    recorder.arrival_dropped(0)
    recorder.arrival_missed(1, 7)
    recorder.count("Buyer", "orders")
    recorder.count("Buyer", "revenue_cents", 995)
    recorder.sent()
    first = recorder.take(3)
    recorder.request(visit(), "GET", "/", 10, 1, "reset")
    second = recorder.take(4)

    assert first.requests == first.failures == first.sent == 1
    assert first.steps[("Buyer", "payment")].entered == 1
    assert first.steps[("Buyer", "payment")].abandoned == {"slow": 1}
    assert first.steps[("Buyer", "payment")].time == Histogram.of([500])
    assert (first.arrivals[0].started, first.arrivals[0].late, first.arrivals[0].dropped) == (1, 1, 1)
    assert first.arrivals[1].missed == 7
    assert first.counters == {("Buyer", "orders"): 1, ("Buyer", "revenue_cents"): 995}
    assert first.samples[0].second == 3
    assert first.samples[0].worker == "w1"
    assert second.requests == 1
    assert not second.steps
    assert not second.arrivals
    assert not second.counters
    assert first.series[SeriesKey("Buyer", "payment", "/", "GET", "failed")].reasons == {"timeout": 1}


def test_levels_stay_from_take_to_take() -> None:
    recorder = Recorder("w1")
    recorder.shoppers[0] = 12
    recorder.in_flight = 3
    assert recorder.take(0).shoppers == recorder.take(1).shoppers == Counter({0: 12})
    assert recorder.take(2).in_flight == 3


def test_names_beyond_the_cap_are_counted_together_and_each_request_says_so() -> None:
    recorder = Recorder("w1", max_names=2)
    for name in ("a", "b", "c", "d", "c", "a"):
        recorder.request(visit(), "GET", name, 10, 0, None)
    tally = recorder.take(0)
    assert {key.name: series.service.count for key, series in tally.series.items()} == {"a": 2, "b": 1, OTHER: 3}
    assert tally.renamed == 3


def test_steps_methods_and_counters_are_capped_too() -> None:
    recorder = Recorder("w1")
    assert recorder.step_name("order/47") == "order/{id}"
    assert OTHER in {recorder.step_name(f"step-{n}") for n in range(200)}
    for n in range(40):
        recorder.request(visit(), f"METHOD{n}", "/", 10, 0, None)
    for n in range(200):
        recorder.count("Buyer", f"counter-{n}")
    tally = recorder.take(0)
    assert OTHER in {key.method for key in tally.series}
    assert len({key.method for key in tally.series}) == 31
    assert len(tally.counters) == 101


def test_at_most_five_samples_of_a_kind_and_twenty_in_all_with_short_texts() -> None:
    recorder = Recorder("w1")
    for n in range(200):
        recorder.request(visit(), "GET", f"name{'abcdefgh'[n % 8]}", 10, 0, "other", "x" * 1000)
    samples = recorder.take(0).samples
    assert len(samples) == 20
    assert max(Counter((sample.name, sample.reason) for sample in samples).values()) <= 5
    assert {len(sample.text) for sample in samples} == {300}
    recorder.request(visit(), "GET", "namea", 10, 0, "other", "again")
    assert [sample.text for sample in recorder.take(1).samples] == ["again"]


def test_the_five_slowest_of_a_second_come_out_the_slowest_first() -> None:
    recorder = Recorder("w1")
    times = [*range(100, 1100, 100), *range(950, 0, -100), 5_000_000]
    for us in times:
        failed = us == 5_000_000
        recorder.request(
            visit(), "GET", "/product/47?x=1", us, 10, "timeout" if failed else None, trace_id=f"{us:032x}"
        )
    first, second = recorder.take(7).slowest, recorder.take(8).slowest

    assert [sample.service_us for sample in first] == sorted(times, reverse=True)[:5]
    words = ("w1", "Buyer", "payment", "/product/{id}", "GET", "timeout", f"{5_000_000:032x}")
    assert first[0] == SlowSample(5_000_000, 7, *words)
    assert {sample.outcome for sample in first[1:]} == {OK}
    assert second == []


def test_a_slow_request_of_the_next_second_is_not_measured_against_the_last_one() -> None:
    recorder = Recorder("w1")
    for us in (900, 900, 900, 900, 900, 900):
        recorder.request(visit(), "GET", "/", us, 10, None)
    recorder.take(0)
    recorder.request(visit(), "GET", "/", 0, 10, None)

    assert [(sample.service_us, sample.second, sample.trace_id) for sample in recorder.take(1).slowest] == [(0, 1, "")]


def test_times_that_are_none_are_clamped_as_in_the_histogram() -> None:
    recorder = Recorder("w1")
    for us in (2.0**70, math.inf, -7.0, math.nan, 2.6):
        recorder.request(visit(), "GET", "/", counted_us(us), 10, None)

    tally = recorder.take(0)
    assert tally.service() == Histogram.of([MAX_US, MAX_US, 0, 0, 3])
    assert [sample.service_us for sample in tally.slowest] == [MAX_US, MAX_US, 3, 0, 0]


def test_a_size_beyond_32_bits_is_clamped() -> None:
    recorder = Recorder("w1")
    for size in (2**32 - 1, 2**32, 2**70, -5):
        recorder.request(visit(lag_us=9), "GET", "/", 1, size, None)

    tally = recorder.take(0)
    assert tally.response_bytes == 3 * (2**32 - 1)
    assert tally.since_due() == Histogram.of([10] * 4)


def test_an_amount_that_could_not_be_added_up_exactly_is_refused() -> None:
    recorder = Recorder("w1")
    recorder.count("Buyer", "revenue_cents", 2**43 - 1)
    recorder.count("Buyer", "revenue_cents", -(2**43) + 1)
    with pytest.raises(OverflowError, match="revenue_cents"):
        recorder.count("Buyer", "revenue_cents", 2**43)
    assert recorder.take(0).counters == {("Buyer", "revenue_cents"): 0}


def test_more_events_than_the_journal_holds_are_counted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadgen.journal.writing.EVENTS", 4)
    recorder = Recorder("w1")
    for number in range(11):
        recorder.request(visit(), "GET", "/", 10 + number, 3, "reset" if number % 2 else None)
        recorder.journey_started("Buyer")
        recorder.journey_ended("Buyer", "completed")
    tally = recorder.take(0)
    assert tally.service() == Histogram.of(range(10, 21))
    assert (tally.failures, tally.response_bytes) == (5, 33)
    assert (tally.journeys["Buyer"].started, tally.journeys["Buyer"].completed) == (11, 11)


def test_a_flood_of_raw_names_takes_no_memory() -> None:
    recorder = Recorder("w1")
    for n in range(20_000):
        recorder.request(visit(), "GET", f"/search?q={n}", 10, 0, None)
    assert len(recorder._known) <= 8192
    tally = recorder.take(0)
    assert [key.name for key in tally.series] == ["/search"]
    assert tally.requests == 20_000


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["/a", "/b/1", "/c?x"]),
            st.sampled_from(["home", "cart"]),
            st.integers(0, 10**8),
            st.sampled_from([None, "timeout", "status_5xx"]),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_takes_add_up_to_everything_whenever_they_are_made(
    requests: list[tuple[str, str, int, str | None, bool]],
) -> None:
    recorder = Recorder("w1")
    taken = []
    for second, (name, step, service_us, reason, cut) in enumerate(requests):
        recorder.request(visit(step=step), "GET", name, service_us, 5, reason)
        if cut:
            taken.append(recorder.take(second))
    whole = Tally.merged([*taken, recorder.take(99)])
    assert whole.service() == Histogram.of([service_us for _, _, service_us, _, _ in requests])
    assert whole.failures == sum(reason is not None for *_, reason, _ in requests)
    assert whole.response_bytes == 5 * len(requests)


@pytest.mark.parametrize("how", ["completed", "failed", "interrupted"])
def test_journeys_are_counted_by_how_they_ended(how: str) -> None:
    recorder = Recorder("w1")
    recorder.journey_started("Buyer")
    recorder.journey_ended("Buyer", how)  # type: ignore[arg-type]
    counts = recorder.take(0).journeys["Buyer"]
    assert counts.started == 1
    assert getattr(counts, how) == 1


def test_whatever_an_author_calls_a_method_a_frame_can_carry_it() -> None:
    recorder = Recorder("w1")
    for method in ("WS" * 500, "", "7"):
        recorder.request(visit(), method, "/", 10, 1, None)

    assert sorted(key.method for key in recorder.take(0).series) == ["7", "WS" * 20, OTHER]


@pytest.mark.parametrize("amount", [1.5, "3", None])
def test_a_fraction_is_refused_where_its_author_sees_it(amount: object) -> None:
    recorder = Recorder("w1")
    with pytest.raises(TypeError):
        recorder.count("Buyer", "revenue", amount)
    recorder.count("Buyer", "revenue_cents", np.int64(3))

    assert recorder.take(0).counters == {("Buyer", "revenue_cents"): 3}
