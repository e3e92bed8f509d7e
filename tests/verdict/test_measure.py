from types import SimpleNamespace

import pytest

from loadgen.latency import Histogram
from loadgen.plan.conditions import Condition, Guard
from loadgen.stats import FAILED, ArrivalCounts, Tally
from loadgen.verdict.measure import holds, measure


@pytest.fixture
def tally(make: SimpleNamespace) -> Tally:
    return Tally(
        series={
            make.key("home"): make.series([10] * 90, late_ms=5),
            make.key("payment", name="/pay", method="POST"): make.series([100] * 8, late_ms=5),
            make.key("payment", FAILED, name="/pay", method="POST"): make.series(
                [1000] * 2, late_ms=5, reasons=["timeout"] * 2
            ),
            make.key("home", journey="Buyer"): make.series([20] * 100, late_ms=5),
        },
        arrivals={0: ArrivalCounts(50, 4, 3, 2, Histogram()), 1: ArrivalCounts(10, 1, 1, 1, Histogram())},
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p(95) < 1s", 0.020),
        ("p(99){step:payment} < 1s", 1.0),
        ("p(50){step:payment} < 1s", 0.100),
        ("p(50){step:payment, clock:due} < 1s", 0.105),
        ("p(50){journey:Browser} < 1s", 0.010),
        ("p(50){name:/pay, method:POST} < 1s", 0.100),
        ("mean{journey:Buyer} < 1s", 0.020),
        ("mean{step:payment} < 1s", 0.280),
        ("max < 1s", 1.0),
        ("max{clock:due} < 1s", 1.005),
        ("error_rate < 1%", 0.01),
        ("error_rate{step:payment} < 1%", 0.2),
        ("error_rate{step:home} < 1%", 0.0),
        ("rate(requests) > 1/s", 20.0),
        ("rate(failures){step:payment} > 1/s", 0.2),
        ("rate(arrivals) > 1/s", 6.0),
        ("count(requests){method:POST} > 1", 10),
        ("count(failures) > 1", 2),
        ("count(arrivals) > 1", 60),
        ("count(late) > 1", 5),
        ("count(dropped) > 1", 4),
        ("count(missed) > 1", 3),
    ],
)
def test_every_metric_is_read_from_the_series_that_match(tally: Tally, text: str, expected: float) -> None:
    assert measure(Condition.model_validate(text), tally, 10.0) == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize("text", ["p(95) < 1s", "mean < 1s", "max < 1s", "error_rate < 1%", "p(95){step:gone} < 1s"])
def test_without_a_matching_request_there_is_no_latency_and_no_error_rate(text: str) -> None:
    assert measure(Condition.model_validate(text), Tally(), 10.0) is None


@pytest.mark.parametrize("text", ["rate(requests){step:gone} > 1/s", "count(failures) > 1", "rate(arrivals) > 1/s"])
def test_without_a_matching_request_rates_and_counts_are_zero(text: str) -> None:
    assert measure(Condition.model_validate(text), Tally(), 10.0) == 0


def test_a_rate_over_no_time_has_no_figure(tally: Tally) -> None:
    assert measure(Condition.model_validate("rate(requests) > 1/s"), tally, 0.0) is None


def test_percentiles_come_from_the_merged_distribution_not_from_an_average(make: SimpleNamespace) -> None:
    fast, slow = make.series([10] * 99), make.series([1000])
    tally = Tally(series={make.key("a"): fast, make.key("b"): slow})
    assert measure(Condition.model_validate("p(98) < 1s"), tally, 1.0) == pytest.approx(0.010, rel=0.005)


def test_nothing_holds_without_a_figure() -> None:
    assert not holds(Condition.model_validate("p(95) < 1s"), None)


def test_unavailable_has_no_single_figure() -> None:
    with pytest.raises(ValueError, match="no single figure"):
        measure(Guard.model_validate("unavailable for 5s: stop").condition, Tally(), 1.0)
