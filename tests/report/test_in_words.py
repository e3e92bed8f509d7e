import pytest

from loadgen.plan.conditions import Condition, Guard
from loadgen.report.in_words import condition_in_words, guard_in_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("p(95) < 800ms", "95% of requests take less than 800ms"),
        ("p(99.9){step:payment} <= 2s", "99.9% of requests (step payment) take at most 2s"),
        ("p(50){clock:due} < 1s", "50% of requests take less than 1s, counted from when the visitor was due"),
        ("mean{journey:Browser} < 300ms", "Requests (journey Browser) take less than 300ms on average"),
        ("max < 10s", "Every request takes less than 10s"),
        ("error_rate < 1%", "Less than 1% of requests fail"),
        ("rate(requests) > 500/s", "More than 500 requests per second"),
        ("rate(arrivals) >= 20/s", "At least 20 visitors per second"),
        ("count(dropped) <= 5", "At most 5 visitors turned away in all"),
        ("count(failures){step:payment} < 3", "Less than 3 failed requests (step payment) in all"),
    ],
)
def test_a_condition_reads_as_a_sentence(text: str, words: str) -> None:
    assert condition_in_words(Condition.model_validate(text)) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("error_rate > 20% for 10s: stop", "More than 20% of requests fail, for 10s"),
        ("unavailable for 5s: stop", "The shop answers less than 5% of requests, for 5s"),
    ],
)
def test_a_guard_reads_as_a_sentence(text: str, words: str) -> None:
    assert guard_in_words(Guard.model_validate(text)) == words
