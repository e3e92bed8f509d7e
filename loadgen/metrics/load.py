"""The load of a run: what the plan asks for beside what there is.

::

    plan   ──▶ loadgen_load_planned ─┐
                                     ├─ the same unit, over the same seconds: two lines that should be one
    frames ──▶ loadgen_load_actual  ─┘

In an open stream both are means over the last :data:`WINDOW_S` sealed seconds (arrivals per second), so that a ramp
does not look as if the generator lagged behind it; in a closed stream both are shoppers at the end of the last one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from loadgen.latency import Histogram
from loadgen.messages import RunState
from loadgen.metrics import families
from loadgen.metrics.page import Sheet
from loadgen.metrics.snapshot import RunSnapshot
from loadgen.plan import LoadModel, Plan, Stream
from loadgen.plan.planned import users_at
from loadgen.stats import OTHER, SecondRow

WINDOW_S: Final = 5
"""Seconds over which a rate is taken: long enough for Poisson arrivals to settle, short enough to see a spike."""

_JUST_BEFORE_S: Final = 1e-6
"""A shape's level at a jump is the level after it; the end of a second belongs to what was before."""

_OUTCOMES: Final = ("started", "late", "dropped", "missed")


def put_load(sheet: Sheet, run: RunSnapshot) -> None:
    """Write arrivals, load and shoppers of every stream."""
    sheet.put(families.ARRIVALS_PLANNED, run.planned)
    _put_arrivals(sheet, run)
    _put_lag(sheet, run)
    window = _Window.of(run)
    for index, stream in enumerate(run.plan.load):
        labels = stream.name, stream.model.value
        sheet.put(families.LOAD_PLANNED, window.planned(stream), *labels)
        sheet.put(families.LOAD_ACTUAL, window.actual(index, stream), *labels)
        sheet.put(families.SHOPPERS, window.shoppers[index], stream.name)


def _put_arrivals(sheet: Sheet, run: RunSnapshot) -> None:
    streams = [stream.name for stream in run.plan.streams(LoadModel.OPEN)]
    counts = Counter({(stream, outcome): 0 for stream in streams for outcome in _OUTCOMES})
    for index, arrivals in run.total.arrivals.items():
        for outcome in _OUTCOMES:
            counts[_name_of(run.plan, index), outcome] += getattr(arrivals, outcome)
    for labels, count in counts.items():
        sheet.put(families.ARRIVALS, count, *labels)


def _put_lag(sheet: Sheet, run: RunSnapshot) -> None:
    recent = () if run.record.state is RunState.FINISHED else run.recent
    for index, stream in enumerate(run.plan.load):
        if stream.model is LoadModel.OPEN:
            told = [row.tally.arrivals[index].lag for row in recent if index in row.tally.arrivals]
            of_run = run.total.arrivals[index].lag if index in run.total.arrivals else Histogram()
            sheet.put_summary(families.ARRIVAL_LAG, Histogram.merged(told), of_run.count, of_run.sum_us, stream.name)


def _name_of(plan: Plan, index: int) -> str:
    return plan.load[index].name if index < len(plan.load) else OTHER


@dataclass(frozen=True, slots=True)
class _Window:
    """The latest sealed seconds of a run that carries load; empty before its first and after its end.

    Attributes:
        rows: the seconds, oldest first.
        asked: whether the plan is still being followed: not after a stop.
    """

    rows: tuple[SecondRow, ...]
    asked: bool

    @classmethod
    def of(cls, run: RunSnapshot) -> _Window:
        if not run.recent or run.record.state not in {RunState.RUNNING, RunState.DRAINING}:
            return cls((), asked=False)
        last = run.recent[-1]
        rows = tuple(row for row in run.recent if row.second > last.second - WINDOW_S)
        # A stopped run drains while its plan's shape still goes on; its seconds ask for nothing any more.
        stopped = run.record.state is RunState.DRAINING and not (last.planned or last.users_planned)
        return cls(rows, asked=not stopped)

    @property
    def end_s(self) -> int:
        return self.rows[-1].second + 1

    @property
    def length_s(self) -> int:
        return min(WINDOW_S, self.end_s)

    @property
    def shoppers(self) -> Counter[int]:
        return self.rows[-1].tally.shoppers if self.rows else Counter()

    def planned(self, stream: Stream) -> float:
        if not self.asked:
            return 0.0
        if stream.model is LoadModel.CLOSED:
            return users_at(stream.level_at(self.end_s - _JUST_BEFORE_S))
        asked = stream.arrivals_by(self.end_s) - stream.arrivals_by(self.end_s - self.length_s)
        return asked / self.length_s

    def actual(self, index: int, stream: Stream) -> float:
        if stream.model is LoadModel.CLOSED or not self.rows:
            return float(self.shoppers[index])
        arrivals = (row.tally.arrivals.get(index) for row in self.rows)
        return sum(counts.started for counts in arrivals if counts is not None) / self.length_s
