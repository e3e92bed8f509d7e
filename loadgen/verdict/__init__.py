"""What is judged about a run: thresholds, guards, validity, and the outcome they make.

``measure`` reads the figure behind a condition, ``thresholds`` judges the plan's thresholds at the end, ``promises``
whether the shop kept its own rules, ``guards`` watches the plan's guards second by second, ``colouring`` tells when a
worker's own lateness colours what it measures, ``validity`` judges the generator, ``outcome`` puts the verdict together
and ``results`` holds the values that travel. Layer 3: no clock, no I/O.
"""

from loadgen.verdict.generator import Balance, GeneratorFacts, GeneratorSeconds, Unreported
from loadgen.verdict.guards import GuardStanding, GuardWatch
from loadgen.verdict.measure import holds, measure
from loadgen.verdict.outcome import StoppedBy, decide
from loadgen.verdict.promises import broken
from loadgen.verdict.results import (
    Evidence,
    GuardResult,
    ThresholdResult,
    ValidityReason,
    ValidityResult,
    Verdict,
    ViolationResult,
)
from loadgen.verdict.thresholds import judge
from loadgen.verdict.validity import REASONS, assess

__all__ = [
    "REASONS",
    "Balance",
    "Evidence",
    "GeneratorFacts",
    "GeneratorSeconds",
    "GuardResult",
    "GuardStanding",
    "GuardWatch",
    "StoppedBy",
    "ThresholdResult",
    "Unreported",
    "ValidityReason",
    "ValidityResult",
    "Verdict",
    "ViolationResult",
    "assess",
    "broken",
    "decide",
    "holds",
    "judge",
    "measure",
]
