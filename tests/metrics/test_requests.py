from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.messages import RunState
from loadgen.metrics import requests
from loadgen.metrics.buckets import BOUNDS_LE, BOUNDS_US, cumulative
from loadgen.stats import FAILED, OK, OTHER, SeriesKey, Tally
from loadgen.stats.reasons import REASONS

HOME = {"journey": "Browser", "step": "home", "name": "/", "method": "GET"}


def test_bounds_rise_by_the_root_of_two_from_a_millisecond_to_a_minute() -> None:
    assert len(BOUNDS_US) == 33
    assert BOUNDS_US[0] == 1024
    assert BOUNDS_US[-2] < 60_000_000 < BOUNDS_US[-1]
    assert all(later / earlier == pytest.approx(math.sqrt(2), rel=1e-3) for earlier, later in pairwise(BOUNDS_US))
    assert [float(le) * 1e6 for le in BOUNDS_LE] == pytest.approx(list(BOUNDS_US))
    assert not any("e" in le for le in BOUNDS_LE)


@given(st.lists(st.integers(0, 200_000_000), max_size=200))
def test_bucket_counts_are_exact(times_us: list[int]) -> None:
    expected = [sum(value < bound for value in times_us) for bound in BOUNDS_US]
    assert [count for _, count in cumulative(Histogram.of(times_us))] == [*expected, len(times_us)]


@pytest.mark.parametrize("bound", BOUNDS_US)
def test_the_microsecond_below_a_bound_is_inside_and_the_bound_outside(bound: int) -> None:
    counts = dict(cumulative(Histogram.of([bound - 1, bound])))
    assert counts[repr(bound / 1e6)] == 1


def test_the_histogram_of_a_series_has_its_counts_sum_and_count(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run()))
    name, ok = "loadgen_request_duration_seconds", HOME | {"result": OK}
    assert page.value(f"{name}_bucket", le="0.008192", **ok) == 0
    assert page.value(f"{name}_bucket", le="0.011584", **ok) == 1
    assert page.value(f"{name}_bucket", le="0.023168", **ok) == 2
    assert page.value(f"{name}_bucket", le="0.032768", **ok) == 3
    assert page.value(f"{name}_bucket", le="+Inf", **ok) == 3
    assert page.value(f"{name}_count", **ok) == 3
    assert page.value(f"{name}_sum", **ok) == 0.06
    assert page.value(f"{name}_sum", **HOME, result=FAILED) == 0.5


def test_requests_and_failures_are_counted_by_result_and_reason(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run()))
    assert page.value("loadgen_requests_total", **HOME, result=OK) == 3
    assert page.value("loadgen_requests_total", **HOME, result=FAILED) == 1
    assert page.value("loadgen_failures_total", **HOME, reason="timeout") == 1
    assert page.value("loadgen_response_bytes_total") == 500
    assert page.value("loadgen_requests_renamed_total") == 8


def test_a_request_that_never_failed_has_failures_at_zero_for_every_reason(make: SimpleNamespace) -> None:
    tally = Tally(series={make.key(): make.series([1000])})
    page = make.scrape(make.cluster(make.run([make.row(0, tally=tally)])))
    assert page.value("loadgen_requests_total", **HOME, result=FAILED) == 0
    assert {reason: n for (*_, reason, _), n in page.all("loadgen_failures_total").items()} == dict.fromkeys(REASONS, 0)


def test_a_reason_outside_of_the_closed_list_counts_as_other(make: SimpleNamespace) -> None:
    tally = Tally(series={make.key(result=FAILED): make.series([1, 2, 3], {"/product/42 is gone": 2, "other": 1})})
    page = make.scrape(make.cluster(make.run([make.row(0, tally=tally)])))
    assert page.value("loadgen_failures_total", **HOME, reason="other") == 3
    assert "/product/42" not in page.text


def test_the_summary_has_quantiles_of_the_last_ten_seconds_and_totals_of_the_run(make: SimpleNamespace) -> None:
    slow = [make.row(s, tally=Tally(series={make.key(): make.series([9_000_000])})) for s in range(5)]
    fast = [make.row(s, tally=Tally(series={make.key(): make.series([10_000] * 10)})) for s in range(5, 15)]
    page = make.scrape(make.cluster(make.run([*slow, *fast])))
    name = "loadgen_request_latency_seconds"
    assert page.value(name, quantile="0.999") == pytest.approx(0.01, rel=0.005)
    assert page.value(f"{name}_count") == 105
    assert page.value(f"{name}_sum") == 46.0


def test_quantiles_are_of_the_merged_distribution_not_averages_of_steps(make: SimpleNamespace) -> None:
    tally = Tally(
        series={
            make.key("home"): make.series([10_000] * 990),
            make.key("payment", name="/pay"): make.series([2_000_000] * 10),
        }
    )
    page = make.scrape(make.cluster(make.run([make.row(0, tally=tally)])))
    assert page.value("loadgen_request_latency_seconds", quantile="0.99") == pytest.approx(0.01, rel=0.005)
    assert page.value("loadgen_request_latency_seconds", quantile="0.999") == pytest.approx(2, rel=0.005)
    by_step = "loadgen_step_request_latency_seconds"
    assert page.value(by_step, step="home", quantile="0.999") == pytest.approx(0.01, rel=0.005)
    assert page.value(by_step, step="payment", quantile="0.5") == pytest.approx(2, rel=0.005)
    assert page.value(f"{by_step}_count", step="payment") == 10


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.FINISHED])
def test_a_quantile_of_nothing_is_not_a_number(make: SimpleNamespace, state: RunState) -> None:
    rows = [make.row(0, tally=Tally(series={make.key(): make.series([1000])}))]
    rows += [make.row(second) for second in range(1, 12 if state is RunState.RUNNING else 2)]
    page = make.scrape(make.cluster(make.run(rows, state=state)))
    assert math.isnan(page.value("loadgen_request_latency_seconds", quantile="0.5"))
    assert math.isnan(page.value("loadgen_step_request_latency_seconds", step="home", quantile="0.5"))
    assert page.value("loadgen_request_latency_seconds_count") == 1


def test_series_beyond_the_most_are_folded_none_is_lost(make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "SERIES_MOST", 2)
    tally = Tally(series={make.key(name=f"/{n}"): make.series([1000] * n) for n in range(1, 6)})
    page = make.scrape(make.cluster(make.run([make.row(0, tally=tally)])))
    shown = {name: n for (*_, name, result, _), n in page.all("loadgen_requests_total").items() if result == OK}
    assert shown == {"/1": 1, "/2": 2, OTHER: 12}
    assert page.value("loadgen_request_series_folded") == 3
    assert page.value("loadgen_request_latency_seconds_count") == 15


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=40))
def test_folding_keeps_every_counter_rising(finished: list[tuple[int, bool]]) -> None:
    total, before = Tally(), Counter()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests, "SERIES_MOST", 3)
        for name, failed in finished:
            key = SeriesKey("Browser", "home", f"/{name}", "GET", FAILED if failed else OK)
            one = requests.Series(service=Histogram.of([1000]), reasons=Counter(["timeout"] if failed else []))
            total = total.then(Tally(series={key: one}))
            now = Counter({key: series.service.count for key, series in requests.shown_series(total).items()})
            assert now >= before
            assert now.total() == total.requests
            before = now
