"""What was judged, as values that travel: in the run's record, in every report.

All are frozen pydantic models, so that the coordinator writes them to Redis and every reader checks them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from loadgen.endings import Outcome, Validity


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ThresholdResult(_Result):
    """A threshold judged at the end.

    Attributes:
        text: the condition as the plan says it.
        value: what was measured, in the condition's unit (seconds, share, per second, count); None without data.
        ok: whether it held. A condition without data did not hold.
    """

    text: str
    value: float | None
    ok: bool


class GuardResult(_Result):
    """A guard as it stood at the end.

    Attributes:
        text: the guard as the plan says it.
        tripped: whether it stopped the run.
        at_s: when, seconds since the run's start; None when it did not trip.
        values: the measured value of each second of the window that led to it, oldest first.
    """

    text: str
    tripped: bool = False
    at_s: int | None = None
    values: tuple[float | None, ...] = ()


class ValidityReason(_Result):
    """One thing that speaks against the generator.

    Attributes:
        code: closed set, e.g. ``cpu``, ``coloured``, ``late``, ``dropped``, ``missed``, ``unreported``, ``clock``.
        severity: what it makes of the verdict.
        text: one sentence with the figures.
    """

    code: str
    severity: Literal[Validity.DEGRADED, Validity.INVALID]
    text: str


class ValidityResult(_Result):
    """Whether the generator can be believed, and why not."""

    verdict: Validity = Validity.VALID
    reasons: tuple[ValidityReason, ...] = ()


class Evidence(_Result):
    """What one shopper saw.

    Attributes:
        second: seconds since the run's start.
        worker: that it came from.
        journey: of the shopper.
        step: it was in; empty outside of steps.
        text: what it saw, with its arrival's number.
    """

    second: int
    worker: str
    journey: str
    step: str
    text: str


class ViolationResult(_Result):
    """A rule that the shop broke.

    Attributes:
        rule: its name, as in :mod:`loadgen.commerce.violations`, or the author's own.
        count: how often it was seen; of a limit, by how much it was overcome.
        text: the same in words.
        evidence: the first few that were seen, or of a limit the first orders.
    """

    rule: str
    count: int
    text: str
    evidence: tuple[Evidence, ...] = ()


class Verdict(_Result):
    """All that was judged about a finished run."""

    outcome: Outcome
    reason: str = ""
    thresholds: tuple[ThresholdResult, ...] = ()
    guards: tuple[GuardResult, ...] = ()
    validity: ValidityResult = ValidityResult()
    violations: tuple[ViolationResult, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit code that goes with the outcome."""
        return self.outcome.exit_code
