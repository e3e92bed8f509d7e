import pytest

from loadgen.endings import Outcome, Validity
from loadgen.verdict import GuardResult, StoppedBy, ThresholdResult, ValidityReason, ValidityResult, decide

GOOD = ThresholdResult(text="p(95) < 1s", value=0.5, ok=True)
BAD = ThresholdResult(text="error_rate < 1%", value=0.5, ok=False)
TRIPPED = GuardResult(text="error_rate > 20% for 2s: stop", tripped=True, at_s=75, values=(0.3, 0.4))
BROKEN = ValidityResult(
    verdict=Validity.INVALID,
    reasons=(ValidityReason(code="missed", severity=Validity.INVALID, text="half of it was missed"),),
)
SHAKY = ValidityResult(
    verdict=Validity.DEGRADED,
    reasons=(ValidityReason(code="late", severity=Validity.DEGRADED, text="some were late"),),
)
FINE = ValidityResult()


@pytest.mark.parametrize(
    ("stopped_by", "threshold", "validity", "outcome", "exit_code"),
    [
        (None, GOOD, FINE, Outcome.PASSED, 0),
        (None, GOOD, SHAKY, Outcome.PASSED, 0),
        (None, BAD, FINE, Outcome.THRESHOLDS_FAILED, 10),
        (None, BAD, BROKEN, Outcome.INVALID, 13),
        (None, GOOD, BROKEN, Outcome.INVALID, 13),
        ("person", BAD, BROKEN, Outcome.STOPPED, 12),
        ("guard", BAD, BROKEN, Outcome.GUARD, 11),
        ("failure", BAD, BROKEN, Outcome.FAILED, 14),
    ],
)
def test_the_first_that_applies_is_the_outcome(
    stopped_by: StoppedBy | None, threshold: ThresholdResult, validity: ValidityResult, outcome: Outcome, exit_code: int
) -> None:
    verdict = decide(stopped_by, (TRIPPED,), (threshold,), validity)
    assert (verdict.outcome, verdict.exit_code) == (outcome, exit_code)
    assert verdict.thresholds == (threshold,)
    assert verdict.reason


def test_the_reason_names_the_guard_and_when() -> None:
    assert decide("guard", (TRIPPED,), (), FINE).reason == "guard 'error_rate > 20% for 2s: stop' tripped at 1m15s"


def test_the_reason_names_the_thresholds_that_did_not_hold() -> None:
    assert decide(None, (), (GOOD, BAD), FINE).reason == "1 of 2 thresholds did not hold: error_rate < 1%"


def test_the_reason_of_an_invalid_run_is_the_worst_fault_of_its_generator() -> None:
    assert decide(None, (), (), BROKEN).reason == "half of it was missed"


def test_a_given_reason_is_kept() -> None:
    assert decide("person", (), (), FINE, "Ctrl-C").reason == "Ctrl-C"
