"""The journeys as funnels: how many visitors reached each step, and where the others were lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from loadgen.report.summary import Summary
from loadgen.report.visitors import JourneyFigures, StepFigures
from loadgen.report.wording import percent

WHY: Final = {"will": "left", "slow": "too slow", "error": "error"}
"""Reasons to abandon a step, in few words."""


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step.

    Attributes:
        figures: the step.
        entered: how often it was entered, per visitor of the journey; above 1 where visitors repeat it.
        lost: share of its entries that gave up in it.
        why: the reasons in words, with their shares; empty where nobody did.
    """

    figures: StepFigures
    entered: float
    lost: float
    why: str


@dataclass(frozen=True, slots=True)
class Funnel:
    """One journey, with its steps in the order in which visitors come to them."""

    journey: str
    figures: JourneyFigures | None
    steps: tuple[FunnelStep, ...]


def funnels(summary: Summary) -> tuple[Funnel, ...]:
    """One funnel for each journey that has steps."""
    return funnels_of(summary.steps, summary.journeys)


def funnels_of(all_steps: Iterable[StepFigures], journeys: Iterable[JourneyFigures]) -> tuple[Funnel, ...]:
    """The funnels of a run that need not have ended; steps of one journey stand together."""
    by_name = {journey.journey: journey for journey in journeys}
    found = []
    for journey, group in groupby(all_steps, key=lambda step: step.journey):
        steps = [step for step in group if step.entered]
        if not steps:
            continue
        figures = by_name.get(journey)
        visitors = (figures.started if figures else 0) or steps[0].entered
        drawn = tuple(
            FunnelStep(step, step.entered / visitors, sum(step.abandoned.values()) / step.entered, _why(step))
            for step in steps
        )
        found.append(Funnel(journey, figures, drawn))
    return tuple(found)


def _why(step: StepFigures) -> str:
    return ", ".join(
        f"{WHY.get(reason, reason)} {percent(lost / step.entered)}" for reason, lost in step.abandoned.items() if lost
    )
