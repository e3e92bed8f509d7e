"""Apdex: one number from 0 to 1 for how content shoppers were with the time that a step took.

After the *Application Performance Index: Apdex Technical Specification*, version 1.1 (Apdex Alliance, 2007), with a
target T that the plan gives and F = 4T::

    Apdex(T)  =  (satisfied + tolerating / 2) / (satisfied + tolerating + frustrated)

    satisfied    completed the step within T
    tolerating   completed it later, but within 4T
    frustrated   completed it later still, left it for slowness, or met an error there, which by the specification
                 counts as frustrated however quick it was

Who left of their own will, and whom the generator ended, say nothing about the shop's speed: they are no samples. Times
are those of the steps, from entering to completing, think times inside them included.
"""

from __future__ import annotations

from typing import Final

from loadgen.latency import index_of
from loadgen.stats.tally import StepCounts

FRUSTRATING: Final = 4
"""Beyond so many times the target nobody tolerates it."""

OWN_WILL: Final = "will"
"""The reason of those who left without the shop having anything to do with it."""


def apdex(step: StepCounts, target_s: float) -> float | None:
    """The Apdex of one step.

    Args:
        step: who completed it in what time, and who gave up in it.
        target_s: T, seconds; exact to the width of a histogram's bucket, less than 1 %.

    Returns:
        0 (all frustrated) to 1 (all satisfied); None without a sample.
    """
    frustrated = sum(shoppers for reason, shoppers in step.abandoned.items() if reason != OWN_WILL)
    samples = step.time.count + frustrated
    if not samples:
        return None
    satisfied, tolerated = (_within(step, bound_s) for bound_s in (target_s, FRUSTRATING * target_s))
    return (satisfied + (tolerated - satisfied) / 2) / samples


def _within(step: StepCounts, bound_s: float) -> int:
    times = step.time
    return int(times.counts[times.indices <= index_of(round(bound_s * 1e6))].sum())
