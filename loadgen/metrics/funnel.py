"""Journeys of a run and what became of them: the funnel, the shoppers that gave up, and the business they brought."""

from __future__ import annotations

import math
from itertools import product
from typing import Final

from loadgen.metrics import families
from loadgen.metrics.page import Sheet
from loadgen.metrics.snapshot import RunSnapshot
from loadgen.metrics.words import ABANDON_REASONS, BUSINESS_COUNTS, OTHER_REASON
from loadgen.stats import JourneyCounts, apdex

_NONE: Final = JourneyCounts()


def put_funnel(sheet: Sheet, run: RunSnapshot) -> None:
    """Write journeys, steps, abandonments and business counters."""
    for journey in dict.fromkeys((*run.plan.users, *run.total.journeys)):
        counts = run.total.journeys.get(journey, _NONE)
        for outcome in ("started", "completed", "failed", "interrupted"):
            sheet.put(families.JOURNEYS, getattr(counts, outcome), journey, outcome)
    for (journey, step), passed in run.total.steps.items():
        sheet.put(families.STEPS, passed.entered, journey, step, "entered")
        sheet.put(families.STEPS, passed.completed, journey, step, "completed")
        abandoned = dict.fromkeys((*ABANDON_REASONS, OTHER_REASON), 0)
        for reason, shoppers in passed.abandoned.items():
            abandoned[reason if reason in abandoned else OTHER_REASON] += shoppers
        for reason, shoppers in abandoned.items():
            sheet.put(families.ABANDONMENTS, shoppers, journey, step, reason)
        sheet.put_summary(families.STEP_TIME, passed.time, passed.time.count, passed.time.sum_us, journey, step)
        sheet.put_histogram(families.STEP_DURATION, passed.time, journey, step)
        content = apdex(passed, run.plan.apdex)
        sheet.put(families.STEP_APDEX, math.nan if content is None else content, journey, step)
    at_zero = {(journey, name): 0 for journey in run.plan.users for name in BUSINESS_COUNTS}
    for labels, amount in (at_zero | run.total.counters).items():
        sheet.put(families.BUSINESS, amount, *labels)
    if run.plan.devices:
        _put_devices(sheet, run)


def _put_devices(sheet: Sheet, run: RunSnapshot) -> None:
    at_zero = product(run.plan.users, run.plan.devices, ("",), BUSINESS_COUNTS)
    for (journey, device, step, what), number in (dict.fromkeys(at_zero, 0) | run.total.devices).items():
        if step:
            sheet.put(families.DEVICE_STEPS, number, journey, device, step, what)
        else:
            sheet.put(families.DEVICE_BUSINESS, number, journey, device, what)
