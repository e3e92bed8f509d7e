import pytest

from loadgen.endings import Outcome, Validity
from loadgen.messages.record import RunState
from loadgen.report import Summary
from loadgen.report.story import headline, load, story
from loadgen.report.summary import Arrivals, Capacity, ErrorFigures, Lag, Totals
from loadgen.verdict import ThresholdResult, ValidityReason, ValidityResult, Verdict

HELD = Capacity(kind="held", unit="arrivals_per_s", level=100.0, p95_s=0.42, by="thresholds")
BROKE = HELD.model_copy(
    update={"kind": "broke", "broke_at_s": 95, "broke_level": 104.0, "after_p95_s": 4.2, "after_error_rate": 0.12}
)


def totals(requests: int = 1000, failures: int = 0) -> Totals:
    return Totals(
        requests=requests,
        failures=failures,
        response_bytes=0,
        error_rate=failures / requests if requests else None,
        requests_per_s=10.0,
        sent=requests,
        in_flight_at_end=0,
        peak_requests_per_s=20,
        peak_shoppers=5,
        coloured_requests=0,
        lengthened_requests=0.0,
    )


PASSED = Verdict(outcome=Outcome.PASSED)


def told(capacity: Capacity | None, verdict: Verdict | None = PASSED, **others: object) -> str:
    arrivals = Arrivals(planned=500, started=500, late=0, dropped=0, missed=0, lag_s=Lag())
    given = {"totals": totals(), "counters": {}, "errors": []} | others
    return " ".join(story(verdict, capacity, arrivals, **given))  # type: ignore[arg-type]


def test_a_shop_that_held_is_praised_with_figures() -> None:
    assert told(HELD) == (
        "The shop welcomed up to 6,000 visitors per minute, the most this plan asked for, with 95% of requests "
        "answered within 420 ms. It did not reach its limit. In all 500 visitors came."
    )


def test_a_run_cut_short_does_not_claim_the_plans_load() -> None:
    assert "the most it was given" in told(HELD, Verdict(outcome=Outcome.STOPPED))


def test_a_shop_slow_at_the_end_is_not_said_to_be_within_its_limit() -> None:
    late = BROKE.model_copy(update={"kind": "broke_late", "broke_level": None})
    assert told(late).startswith(
        "The shop welcomed up to 6,000 visitors per minute, the most this plan asked for, with 95% of requests "
        "answered within 420 ms. It may have been near its limit: once the load had ended, 95% of requests took up "
        "to 4.20 s, and 12.0% of them failed."
    )


def test_a_shop_that_broke_is_told_from_where_on() -> None:
    assert told(BROKE).startswith(
        "The shop welcomed up to 6,000 visitors per minute with 95% of requests answered within 420 ms. "
        "From there on it slowed down, 1:35 into the run: 95% of requests took up to 4.20 s, and 12.0% of them failed."
    )


def test_a_leap_is_told_as_a_leap() -> None:
    leap = BROKE.model_copy(update={"level": 10.0, "broke_level": 100.0})
    assert "At 6,000 visitors per minute it slowed down, 1:35 into the run" in told(leap)


def test_a_shop_that_never_held_is_told_so() -> None:
    assert "Even the lowest load of this plan was too much" in told(
        BROKE.model_copy(update={"kind": "never_held", "level": None})
    )


def test_what_cannot_be_known_is_not_said() -> None:
    assert told(None) == "In all 500 visitors came."


def test_orders_are_told_when_they_were_counted() -> None:
    assert told(None, counters={"orders": 42}) == "In all 500 visitors came and placed 42 orders."


def test_the_most_frequent_failure_is_named() -> None:
    errors = [
        ErrorFigures(reason="timeout", name="/pay", method="POST", count=80, samples=()),
        ErrorFigures(reason="status_5xx", name="/", method="GET", count=20, samples=()),
    ]
    said = told(None, totals=totals(failures=100), errors=errors)
    assert said.endswith("100 of 1,000 requests (10.0%) failed; most were timeouts, above all at POST /pay.")


@pytest.mark.parametrize(
    ("severity", "beginning"),
    [
        (Validity.INVALID, "These figures say little about the shop: half of it was missed."),
        (Validity.DEGRADED, "The shop welcomed"),
    ],
)
def test_an_invalid_run_says_nothing_of_the_shops_capacity(severity: Validity, beginning: str) -> None:
    reason = ValidityReason(code="missed", severity=severity, text="half of it was missed")  # type: ignore[arg-type]
    validity = ValidityResult(verdict=severity, reasons=(reason,))
    said = told(HELD, Verdict(outcome=Outcome.PASSED, validity=validity))
    assert said.startswith(beginning)
    assert "half of it was missed" in said


@pytest.mark.parametrize(
    ("level", "unit", "text"),
    [
        (100.0, "arrivals_per_s", "6,000 visitors per minute"),
        (0.1, "arrivals_per_s", "360 visitors per hour"),
        (125.0, "shoppers", "125 shoppers at once"),
    ],
)
def test_loads_are_counted_as_merchants_count(level: float, unit: str, text: str) -> None:
    assert load(level, unit) == text


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_headline(outcome: Outcome) -> None:
    assert headline(RunState.FINISHED, Verdict(outcome=outcome), 60.0)


def test_targets_are_met_only_where_there_are_targets() -> None:
    held = ThresholdResult(text="p(95) < 1s", value=0.1, ok=True)
    passed = Verdict(outcome=Outcome.PASSED, thresholds=(held,))
    assert headline(RunState.FINISHED, passed, 60.0) == "The shop met its targets"
    assert headline(RunState.FINISHED, Verdict(outcome=Outcome.PASSED), 60.0) == "The run ended by itself"


def test_a_whole_run_is_told_in_a_few_sentences(summary: Summary) -> None:
    assert summary.story == (
        "The shop welcomed up to 2,250 visitors per minute with 95% of requests answered within 246 ms.",
        "From there on it slowed down, 1:05 into the run: 95% of requests took up to 2.83 s, and 9.8% of them failed.",
        "In all 4,200 visitors came and placed 813 orders.",
        "1,005 of 14,581 requests (6.9%) failed; most were timeouts, above all at GET /.",
    )
