"""The figures of one run as its leader keeps them: frames are read, seconds sealed, guards and validity follow.

::

    frames ─▶ intake ─▶ second + what the plan asked of it ─▶ sealed in Redis ─▶ stats, health, guards
                              ▲
              arrivals that lost workers left undone

What is not sealed in Redis has not happened: a new leader reads the sealed seconds and stands where this one stood.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from loadgen.bus import Refused, RunBus, Sealing
from loadgen.coordinator.intake import GRACE_S, Intake
from loadgen.coordinator.losses import Losses
from loadgen.coordinator.names import RunNames
from loadgen.messages import Loss, Piece, RunRecord, WorkerTotals
from loadgen.plan.model import Plan
from loadgen.plan.planned import PlannedLoad
from loadgen.stats import RunStats, SecondRow
from loadgen.verdict import (
    GeneratorFacts,
    GeneratorSeconds,
    GuardResult,
    GuardStanding,
    GuardWatch,
    Unreported,
    ValidityResult,
    Verdict,
    assess,
    broken,
    decide,
    judge,
)

FRAMES_A_TICK: Final = 2000
"""Frames read in one step, so that the loop stays quick while it catches up."""

KEEP_S: Final = 300
"""Seconds kept in full for guards and live views; the rest lies sealed in Redis."""


class Accounts:
    """The figures of one run, taken up where the sealed seconds end.

    Args:
        plan: what the run asks for.
        bus: the run's part of the bus.
        fence: the leader's fencing number.
        losses: the list in the run's record.
        load_ended_at_s: when the run was stopped, seconds since its start; None if it was not.

    Attributes:
        stats: totals and the latest seconds.
        tripped: the guard that tripped; None while all is well.

    Raises:
        MessageError: what is sealed is malformed.
    """

    def __init__(self, plan: Plan, bus: RunBus, fence: int, losses: list[Loss], load_ended_at_s: float | None) -> None:
        self._plan, self._bus, self._fence = plan, bus, fence
        self.stats = RunStats(keep_s=KEEP_S)
        self.tripped: GuardResult | None = None
        self._planned = PlannedLoad(plan)
        self._guards = GuardWatch(plan.guards, plan.duration)
        self._health = GeneratorSeconds(plan)
        self._names, self._losses = RunNames(plan.max_names), Losses(losses, self._planned)
        self._read = bus.positions()
        self._entries = 0
        self._unwritten: list[SecondRow] = []
        if load_ended_at_s is not None:
            self.end_load_at(load_ended_at_s)
        self._resume()
        self._intake = Intake(bus.totals(), self.stats.last_second + 1, self._losses.completed)

    def _resume(self) -> None:
        position, rows = self._bus.sealed("0-0")
        while rows:
            self._entries += len(rows)
            for row in rows:
                self._names.remember(row.tally)
                self._take(row)
            position, rows = self._bus.sealed(position)

    # -- load

    @property
    def load_ends_s(self) -> float:
        """When the load ends, seconds since the run's start."""
        return self._planned.ends_s

    @property
    def sealed_to(self) -> int:
        """The first second that is not sealed."""
        return self._intake.next_second

    def end_load_at(self, at_s: float) -> None:
        """The run was stopped at this instant, seconds since its start: nothing is asked for from then on."""
        self._planned.end_at(at_s)
        self._guards.end_at(at_s)

    def lose(self, worker: str, pieces: Sequence[Piece], at_s: float) -> bool:
        """A worker has surely started nobody from an instant on, seconds since the run's start.

        Args:
            worker: its name.
            pieces: what it carried, as far back as its frames may tell of.
            at_s: the instant.

        Returns:
            Whether that is news.
        """
        return self._losses.lose(worker, pieces, at_s)

    def served(self, from_s: float) -> None:
        """The whole load is served from an instant on, seconds since the run's start."""
        self._losses.served(from_s)

    def guards(self) -> tuple[GuardStanding, ...]:
        """How near each guard is to stopping the run."""
        return self._guards.standing()

    # -- workers

    @property
    def totals(self) -> dict[str, WorkerTotals]:
        """What each worker did, as far as sealed."""
        return self._intake.totals

    def reported(self, worker: str) -> int:
        """The latest second up to which a worker's frames are here without gap; -1 before the first."""
        return self._intake.reported(worker)

    def dealt_to_s(self, worker: str) -> float | None:
        """Up to when a worker's sealed frames tell of all its arrivals, seconds since the start; None without any."""
        known = self.totals.get(worker)
        return known.dealt_to_s if known else None

    def holds_all(self, worker: str, sequence: int) -> bool:
        """Whether everything up to a worker's given frame is sealed."""
        return self._intake.holds_all(worker, sequence)

    # -- frames

    def read(self, now_second: float) -> list[Refused]:
        """Take in the frames that have come.

        Args:
            now_second: seconds since the run's start.

        Returns:
            What was refused. A leader that takes a run over comes upon some of it again.
        """
        self._read, good, bad = self._bus.frames(self._read, FRAMES_A_TICK)
        for place, frame in good:
            why = self._intake.take(place, frame, now_second)
            if why:
                shard, entry_id = place
                bad.append(Refused(frame.encode(), f"{frame.worker}: {why}", entry_id, shard))
        return bad

    def seal(self, now_second: float, expected: Sequence[str], node_of: Callable[[str], str]) -> None:
        """Seal what can be sealed.

        Args:
            now_second: seconds since the run's start.
            expected: workers that should report each second that has ended.
            node_of: a worker's machine; empty where it is not known.

        Raises:
            FencedError: another coordinator leads; nothing was written.
            StaleError: Redis holds other seconds than these accounts; nothing was written.
        """
        fresh = self._intake.next_second
        before = dict(self.totals)
        rows = [self._planned_in(row, fresh) for row in self._intake.seal(now_second, expected)]
        rows += self._losses.amend(self.totals, self._intake.next_second)
        if rows or self._losses:  # nothing else changes anyone's totals
            self._write(rows, before, node_of)

    def _write(self, rows: list[SecondRow], before: Mapping[str, WorkerTotals], node_of: Callable[[str], str]) -> None:
        moved = {worker: totals for worker, totals in self.totals.items() if before.get(worker) is not totals}
        for worker, totals in moved.items():
            totals.node = node_of(worker) or totals.node  # a new leader does not know the machines of lost workers
        self._unwritten = rows
        if rows or moved:
            self._bus.seal(self._fence, Sealing(rows, self._intake.positions(), moved, after=self._entries))
            self._entries += len(rows)
        self._unwritten = []
        for row in rows:
            self._take(row)

    def sealed(self) -> list[SecondRow]:
        """All that is known to be sealed: the latest seconds one by one, what lies before them in one."""
        earlier = [self.stats.earlier] if self.stats.earlier else []
        return [*earlier, *self.stats.timeline(), *self._unwritten]

    def close(
        self,
        now_second: float,
        node_of: Callable[[str], str],
        given_up: Iterable[str],
        carried: Mapping[str, Sequence[Piece]],
    ) -> None:
        """Seal all that is left of a run whose end has come.

        Args:
            now_second: seconds since the run's start.
            node_of: a worker's machine; empty where it is not known.
            given_up: workers whose missing frames nobody will send any more.
            carried: what each worker carried, as far back as its frames may tell of.
        """
        for worker in given_up:
            self._intake.give_up(worker)
        self.seal(now_second, (), node_of)
        self.seal(max(self._intake.next_second, math.ceil(self.load_ends_s)) + GRACE_S, (), node_of)
        before = dict(self.totals)
        self._write(self._losses.close(self.totals, carried), before, node_of)

    def validity(self, record: RunRecord) -> ValidityResult:
        """The generator, judged by what is known so far."""
        silent = (s for s in record.silences if s.worker not in self.totals or not self.totals[s.worker].ended)
        facts = GeneratorFacts(
            quarantined=record.quarantined,
            emptied_at_s=record.emptied_at_s,
            unreported=tuple(Unreported(s.worker, s.first_second, s.last_second) for s in silent),
            clock_error_us=max((totals.clock_error_us for totals in self.totals.values()), default=0),
            balances=tuple(totals.balance for totals in self.totals.values()),
        )
        return assess(self._plan, self.stats, self._health, facts)

    def verdict(self, record: RunRecord) -> Verdict:
        """How the run ended, judged by all that is known."""
        return decide(
            record.stop.by if record.stop else None,
            self._guards.results(),
            judge(self._plan.thresholds, self.stats, max(self.load_ends_s, 1e-9)),
            self.validity(record),
            record.stop.reason if record.stop else "",
            broken(self._plan.commerce, self.stats),
        )

    def _planned_in(self, row: SecondRow, fresh_from: int) -> SecondRow:
        self._names.fold(row.tally)
        if row.second >= fresh_from:
            row.planned = self._planned.planned(row.second)
            row.users_planned = self._planned.users(row.second)
        return row

    def _take(self, row: SecondRow) -> None:
        self.stats.add(row)
        self._health.add(row)
        self.tripped = self.tripped or self._guards.observe(row)
