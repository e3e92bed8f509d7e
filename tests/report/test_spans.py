import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.report.spans import MAX_POINTS, service_of, span_for, spans
from loadgen.stats import OK, ArrivalCounts, SecondRow, Series, SeriesKey, Tally


def row(second: int, times_us: list[int]) -> SecondRow:
    series = {SeriesKey("B", "home", "/", "GET", OK): Series(Histogram.of(times_us))} if times_us else {}
    return SecondRow(second, planned=1, tally=Tally(series=series), workers=2, cpu_max=second / 1000)


@given(
    st.lists(st.lists(st.integers(1, 10_000_000), max_size=20), min_size=1, max_size=30),
    st.integers(1, 12),
)
def test_a_span_has_the_percentiles_of_its_merged_seconds(seconds: list[list[int]], span_s: int) -> None:
    rows = [row(second, times) for second, times in enumerate(seconds)]
    for index, span in enumerate(spans(rows, span_s)):
        inside = rows[index * span_s : (index + 1) * span_s]
        merged = service_of(inside)
        assert (span.second, span.span_s, span.planned) == (index * span_s, len(inside), len(inside))
        assert span.requests == merged.count
        expected = merged.quantile_us(0.95) / 1e6 if merged else None
        assert span.p95 == (pytest.approx(expected) if merged else None)


def test_percentiles_of_a_span_are_not_an_average() -> None:
    slow, fast = row(0, [1_000_000]), row(1, [10_000] * 99)
    (span,) = spans([slow, fast], 2)
    assert span.p95 == pytest.approx(0.01, rel=0.005)


@given(st.integers(0, 40 * 86_400))
def test_no_chart_has_more_points_than_a_screen_can_show(last_second: int) -> None:
    span_s = span_for([SecondRow(0), SecondRow(last_second)])
    assert (last_second // span_s) + 1 <= MAX_POINTS


def test_a_short_run_keeps_its_seconds() -> None:
    assert span_for([SecondRow(0), SecondRow(MAX_POINTS - 1)]) == 1


def test_seconds_that_never_came_stay_missing() -> None:
    assert [span.second for span in spans([row(0, [5]), row(11, [5])], 5)] == [0, 11]


def test_coloured_seconds_of_a_span_add_up() -> None:
    seconds = [
        SecondRow(0, coloured=2, coloured_requests=10, lengthened_requests=1.5),
        SecondRow(1, lengthened_requests=0.25),
        SecondRow(2, coloured=1, coloured_requests=5, lengthened_requests=2),
    ]
    (span,) = spans(seconds, 5)
    assert (span.coloured_seconds, span.coloured_workers, span.coloured_requests) == (2, 2, 15)
    assert span.lengthened_requests == 3.75


def test_the_lag_of_arrivals_is_of_all_of_them() -> None:
    rows = [
        SecondRow(s, tally=Tally(arrivals={0: ArrivalCounts(lag=Histogram.of([us] * 50))}))
        for s, us in ((0, 100), (1, 9000))
    ]
    (span,) = spans(rows, 2)
    assert span.arrival_lag_p99_s == pytest.approx(0.009, rel=0.005)
    assert spans([row(0, [5])], 1)[0].arrival_lag_p99_s is None


def test_the_worst_second_shows_for_the_health_of_a_span() -> None:
    (span,) = spans([row(0, [5]), row(1, [5]), row(2, [5])], 5)
    assert span.cpu_max == pytest.approx(0.002)
