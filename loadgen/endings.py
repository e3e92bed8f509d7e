"""How a run ended, and whether its generator can be believed: values, not errors.

================  ====  =====================================================================
outcome           exit  meaning
================  ====  =====================================================================
passed               0  ended by itself and every threshold held
thresholds_failed   10  ended by itself, a threshold did not hold or the shop broke its rules
guard               11  a guard stopped it (the report names which, and the seconds before)
stopped             12  a person stopped it (``loadgen stop`` or Ctrl-C)
invalid             13  the generator could not do what the plan asked; figures must not be trusted
failed              14  it never started or lost every worker (no worker, refused journey, …)
================  ====  =====================================================================

The same words and codes appear in the shell, JSON, JUnit and HTML.
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The ending of a run."""

    PASSED = "passed"
    THRESHOLDS_FAILED = "thresholds_failed"
    GUARD = "guard"
    STOPPED = "stopped"
    INVALID = "invalid"
    FAILED = "failed"

    @property
    def exit_code(self) -> int:
        """The exit code of ``loadgen run`` and ``loadgen report`` for this ending."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Outcome.PASSED: 0,
    Outcome.THRESHOLDS_FAILED: 10,
    Outcome.GUARD: 11,
    Outcome.STOPPED: 12,
    Outcome.INVALID: 13,
    Outcome.FAILED: 14,
}


class Validity(StrEnum):
    """Whether the generator did what the plan asked."""

    VALID = "VALID"
    DEGRADED = "DEGRADED"
    INVALID = "INVALID"
