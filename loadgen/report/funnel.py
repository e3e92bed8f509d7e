"""The journeys as funnels: how many visitors reached each step, and where the others were lost."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from loadgen.report.summary import JourneyFigures, StepFigures, Summary


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step, with shares of the widest step of its journey (1 = full width).

    Attributes:
        figures: the step.
        reached: share of those that entered it.
        lost: share of those that gave up in it.
        remaining: share of the first step's visitors that entered it; above 1 where a step is repeated.
    """

    figures: StepFigures
    reached: float
    lost: float
    remaining: float


@dataclass(frozen=True, slots=True)
class Funnel:
    """One journey, with its steps in the order in which visitors come to them."""

    journey: str
    figures: JourneyFigures | None
    steps: tuple[FunnelStep, ...]


def funnels(summary: Summary) -> tuple[Funnel, ...]:
    """One funnel for each journey that has steps."""
    by_name = {journey.journey: journey for journey in summary.journeys}
    found = []
    for journey, group in groupby(summary.steps, key=lambda step: step.journey):
        steps = [step for step in group if step.entered]
        if not steps:
            continue
        widest = max(step.entered for step in steps)
        drawn = tuple(
            FunnelStep(
                step,
                step.entered / widest,
                sum(step.abandoned.values()) / widest,
                step.entered / steps[0].entered,
            )
            for step in steps
        )
        found.append(Funnel(journey, by_name.get(journey), drawn))
    return tuple(found)
