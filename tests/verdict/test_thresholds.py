from types import SimpleNamespace

import pytest

from loadgen.plan.conditions import Threshold
from loadgen.stats import RunStats, SecondRow, Tally
from loadgen.verdict import judge


def judged(stats: RunStats, text: str) -> tuple[float | None, bool]:
    (result,) = judge([Threshold.model_validate(text)], stats, 10.0)
    assert result.text == text
    return result.value, result.ok


def test_a_threshold_is_judged_over_the_whole_run(make: SimpleNamespace) -> None:
    stats = RunStats()
    for number in range(10):
        stats.add(make.second(number, ok=9, failed={"timeout": 1}))
    assert judged(stats, "error_rate < 10%") == (0.1, False)
    assert judged(stats, "error_rate <= 10%") == (0.1, True)
    assert judged(stats, "rate(requests) >= 10/s") == (10.0, True)


@pytest.mark.parametrize(
    "text", ["p(95) < 1s", "error_rate < 1%", "count(failures) < 10", "rate(requests) < 10/s", "max{step:home} < 1s"]
)
def test_a_threshold_without_data_does_not_hold(text: str) -> None:
    assert judged(RunStats(), text) == (None, False)


def test_a_misspelt_step_cannot_pass_by_having_no_failures(make: SimpleNamespace) -> None:
    stats = RunStats()
    stats.add(make.second(0, ok=100))
    assert judged(stats, "count(failures){step:home} < 10") == (0.0, True)
    assert judged(stats, "count(failures){step:hmoe} < 10") == (None, False)


def test_no_missed_arrivals_is_data_even_without_requests() -> None:
    stats = RunStats()
    stats.add(SecondRow(0, tally=Tally()))
    assert judged(stats, "count(missed) < 1") == (0.0, True)


def test_results_keep_the_order_of_the_plan(make: SimpleNamespace) -> None:
    texts = ["p(95) < 1s", "error_rate < 1%", "max < 1ms"]
    stats = RunStats()
    stats.add(make.second(0, ok=5))
    results = judge([Threshold.model_validate(text) for text in texts], stats, 1.0)
    assert [(result.text, result.ok) for result in results] == list(zip(texts, [True, True, False], strict=True))
