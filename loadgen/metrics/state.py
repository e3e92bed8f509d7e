"""How a run stands: its state, its workers, its thresholds and guards, and at the end the verdict on its generator."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Final

from loadgen.endings import Validity
from loadgen.messages import RunState
from loadgen.metrics import families
from loadgen.metrics.page import Sheet
from loadgen.metrics.snapshot import RunSnapshot
from loadgen.metrics.words import PLACES
from loadgen.stats import RunStats
from loadgen.verdict import REASONS, ThresholdResult, judge

_WEIGHTS: Final = {Validity.VALID: 0, Validity.DEGRADED: 1, Validity.INVALID: 2}


def put_state(sheet: Sheet, run: RunSnapshot) -> None:
    """Write where a run stands."""
    record = run.record
    for state in RunState:
        sheet.put(families.RUN_STATE, record.state is state, state.value)
    if record.started_at is not None:
        sheet.put(families.RUN_STARTED, record.started_at)
    places = Counter(run.places.values())
    for place in PLACES:
        sheet.put(families.RUN_WORKERS, places[place], place)
    sheet.put(families.FRAMES_QUARANTINED, record.quarantined)
    judged = record.verdict.validity if record.verdict else record.validity
    if judged is not None:
        for validity in Validity:
            sheet.put(families.RUN_VALIDITY, judged.verdict is validity, validity.value)
        against = {reason.code: reason.severity for reason in judged.reasons}
        for code in REASONS:
            sheet.put(families.RUN_VALIDITY_REASON, _WEIGHTS[against.get(code, Validity.VALID)], code)
    # A plan may say the same thing twice; a sample may not.
    for threshold in {result.text: result for result in _thresholds(run)}.values():
        undecided = threshold.value is None and record.verdict is None
        sheet.put(families.THRESHOLD_OK, math.nan if undecided else threshold.ok, threshold.text)
    tripped = _tripped(run)
    held_s = {str(standing.guard): standing.held_s for standing in run.guards}
    for text, guard in {str(guard): guard for guard in run.plan.guards}.items():
        sheet.put(families.GUARD_TRIPPED, text in tripped, text)
        sheet.put(families.GUARD_HELD, held_s.get(text, 0), text)
        sheet.put(families.GUARD_WINDOW, guard.window_s, text)


def _thresholds(run: RunSnapshot) -> Iterable[ThresholdResult]:
    """The thresholds as judged at the end, before it as they would be judged now."""
    if run.record.verdict is not None and run.record.verdict.thresholds:
        return run.record.verdict.thresholds
    so_far = RunStats()
    so_far.total = run.total
    elapsed_s = run.recent[-1].second + 1 if run.recent else 0
    return judge(run.plan.thresholds, so_far, min(elapsed_s, run.plan.duration))


def _tripped(run: RunSnapshot) -> set[str]:
    """The guards that have stopped the run: from the verdict, before it from the event that a guard leaves."""
    if run.record.verdict is not None:
        return {guard.text for guard in run.record.verdict.guards if guard.tripped}
    left = [event.text for event in tuple(run.record.events) if event.kind == "guard"]
    guards = map(str, run.plan.guards)
    return {guard for guard in guards if any(text.endswith(f": {guard}") for text in left)}
