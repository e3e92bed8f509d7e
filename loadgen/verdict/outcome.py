"""Decide how a run ended, from everything that was judged.

The first line that applies is the outcome::

    failed              it never started, or lost every worker: there is nothing to judge
    guard               a guard stopped it: the shop broke, whatever the generator did
    stopped             a person stopped it: thresholds over half a run prove nothing
    invalid             the generator could not do what the plan asked, or its Redis was emptied: neither good nor
                        bad news counts
    thresholds_failed   a threshold did not hold, or the shop broke its own rules
    passed              none of these

Thresholds and validity are kept in the verdict in every case, so a stopped run still shows how it was doing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from loadgen.endings import Outcome, Validity
from loadgen.units import format_duration
from loadgen.verdict.results import GuardResult, ThresholdResult, ValidityResult, Verdict, ViolationResult

StoppedBy = Literal["failure", "guard", "person", "emptied"]
"""What ended a run before its time (``emptied``: Redis had lost it); None when it ended by itself."""

_OUTCOMES: Final[Mapping[StoppedBy, Outcome]] = {
    "failure": Outcome.FAILED,
    "guard": Outcome.GUARD,
    "person": Outcome.STOPPED,
    "emptied": Outcome.INVALID,
}


def decide(
    stopped_by: StoppedBy | None,
    guards: tuple[GuardResult, ...],
    thresholds: tuple[ThresholdResult, ...],
    validity: ValidityResult,
    reason: str = "",
    violations: tuple[ViolationResult, ...] = (),
) -> Verdict:
    """Put the verdict together.

    Args:
        stopped_by: what ended the run before its time.
        guards: every guard as it stood at the end.
        thresholds: every threshold, judged.
        validity: whether the generator can be believed.
        reason: one sentence for people; made from the figures when empty.
        violations: rules that the shop broke.
    """
    outcome = _outcome(stopped_by, thresholds, validity, violations)
    return Verdict(
        outcome=outcome,
        reason=reason or _reason(outcome, guards, thresholds, validity, violations),
        thresholds=thresholds,
        guards=guards,
        validity=validity,
        violations=violations,
    )


def _outcome(
    stopped_by: StoppedBy | None,
    thresholds: tuple[ThresholdResult, ...],
    validity: ValidityResult,
    violations: tuple[ViolationResult, ...],
) -> Outcome:
    if stopped_by is not None:
        return _OUTCOMES[stopped_by]
    if validity.verdict is Validity.INVALID:
        return Outcome.INVALID
    if violations or not all(threshold.ok for threshold in thresholds):
        return Outcome.THRESHOLDS_FAILED
    return Outcome.PASSED


def _reason(
    outcome: Outcome,
    guards: tuple[GuardResult, ...],
    thresholds: tuple[ThresholdResult, ...],
    validity: ValidityResult,
    violations: tuple[ViolationResult, ...],
) -> str:
    if outcome is Outcome.GUARD:
        tripped = [guard for guard in guards if guard.tripped and guard.at_s is not None]
        return "; ".join(f"guard '{guard.text}' tripped at {format_duration(guard.at_s or 0)}" for guard in tripped)
    if outcome is Outcome.INVALID:
        return next(reason.text for reason in validity.reasons if reason.severity is Validity.INVALID)
    if outcome is Outcome.THRESHOLDS_FAILED:
        return "; ".join((*_thresholds_failed(thresholds), *_rules_broken(violations)))
    if outcome is Outcome.PASSED:
        return "every threshold held" if thresholds else "it ended by itself; the plan has no thresholds"
    return {Outcome.STOPPED: "a person stopped it", Outcome.FAILED: "it could not be run"}[outcome]


def _thresholds_failed(thresholds: tuple[ThresholdResult, ...]) -> Iterator[str]:
    failed = [threshold.text for threshold in thresholds if not threshold.ok]
    if failed:
        yield f"{len(failed)} of {len(thresholds)} thresholds did not hold: {', '.join(failed)}"


def _rules_broken(violations: tuple[ViolationResult, ...]) -> Iterator[str]:
    if violations:
        listed = ", ".join(f"{violation.rule} ({violation.text})" for violation in violations)
        yield f"the shop broke its own rules: {listed}"
