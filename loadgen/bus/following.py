"""Following a run from outside: everything is read from what the coordinator has sealed and recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from loadgen.bus.cluster import ClusterBus
from loadgen.bus.connection import Bus
from loadgen.bus.run import RunBus
from loadgen.endings import Validity
from loadgen.errors import BusError, StaleError, WorkersError
from loadgen.messages import RunRecord, RunState
from loadgen.stats import RunStats
from loadgen.verdict import ValidityReason, ValidityResult, decide

LOOK_S: Final = 0.25
"""How often a follower looks: seconds are sealed once a second."""

TOTALS_S: Final = 1.0
"""How often the workers' own figures are read."""

LEADERLESS_S: Final = 15.0
"""How long a run may wait in the queue without any coordinator before that is said."""

FORGOTTEN_S: Final = 10.0
"""How long a run may be missing from Redis before it is given up: the coordinator that drove it writes it anew within a
second or two, once Redis answers it."""

AWAY_S: Final = 300.0
"""How long a Redis may be away while a run is followed: the run goes on without it, or waits for it, so whoever watches
waits too. Five minutes are a restart of its machine."""


class Follower:
    """One run as seen from outside.

    Args:
        bus: open connection.
        run: the run's id.

    Raises:
        NotFoundError: there is no such run.
        PlanError: its plan is of another version of loadgen.
    """

    def __init__(self, bus: Bus, run: str) -> None:
        self._bus, self._cluster = RunBus(bus, run), ClusterBus(bus)
        self.spec = self._bus.spec()
        self.plan = self.spec.read_plan()
        self.stats = RunStats()
        self.record = RunRecord(run=run, name=self.plan.name, submitted_at=self.spec.submitted_at)
        self._position = "0-0"
        self._totals_at_s = 0.0
        self._leaderless_since_s: float | None = None
        self._missed_since_s: float | None = None

    @property
    def finished(self) -> bool:
        """Whether the run has ended."""
        return self.record.state is RunState.FINISHED

    def look(self) -> None:
        """Take in what is new."""
        # The record first: a record that says finished is followed by no further second.
        found = self._bus.record()
        if found is None and not self._bus.exists():
            self._miss()
            return
        self._missed_since_s = None
        try:
            self._read_sealed()
        except StaleError:  # a fail-over forgot some of what was read; it is sealed again under other ids
            self.stats, self._position = RunStats(), "0-0"
            self._read_sealed()
        if found is None:
            self._look_for_leader()
            return
        if not found.workers and time.monotonic() - self._totals_at_s > TOTALS_S:
            self._totals_at_s = time.monotonic()
            found.workers = self._bus.totals()
        elif not found.workers:
            found.workers = self.record.workers
        self.record = found

    def follow(self, show: Callable[[RunRecord, RunStats], None], check: Callable[[], None] = lambda: None) -> None:
        """Look again and again until the run has ended; the run outlives a Redis that is away for a moment, so do we.

        Args:
            show: called with what is known after every look.
            check: called between looks; may raise to give up.

        Raises:
            BusError: Redis was away for too long.
        """
        seen_at_s = time.monotonic()
        while True:
            try:
                self.look()
                seen_at_s = time.monotonic()
            except BusError as error:
                if time.monotonic() - seen_at_s > AWAY_S:
                    raise
                self.record = self.record.model_copy(update={"detail": f"waits for Redis ({error.message})"})
            show(self.record, self.stats)
            if self.finished:
                return
            check()
            time.sleep(LOOK_S)

    def _read_sealed(self) -> None:
        position, rows = self._bus.sealed(self._position)
        while rows:
            for row in rows:
                self.stats.add(row)
            self._position = position
            position, rows = self._bus.sealed(position)

    def _miss(self) -> None:
        """Redis has forgotten the run. Its leader still knows it and writes it anew; if it died too, nobody does."""
        now_s = time.monotonic()
        if self._missed_since_s is None:
            self._missed_since_s = now_s
        elif now_s - self._missed_since_s > FORGOTTEN_S:
            reason = "Redis was emptied, and no coordinator knows the run any more"
            lost = ValidityReason(code="emptied", severity=Validity.INVALID, text=reason)
            validity = ValidityResult(verdict=Validity.INVALID, reasons=(lost,))
            verdict = decide("emptied", (), (), validity, reason)
            changes = {"state": RunState.FINISHED, "detail": reason, "verdict": verdict}
            self.record = self.record.model_copy(update=changes)

    def _look_for_leader(self) -> None:
        if self._cluster.leader():
            self._leaderless_since_s = None
            return
        now_s = time.monotonic()
        if self._leaderless_since_s is None:
            self._leaderless_since_s = now_s
        elif now_s - self._leaderless_since_s > LEADERLESS_S:
            raise WorkersError(
                f"run {self.record.run} waits, but no coordinator leads this cluster",
                hint="start one: loadgen coordinator --redis URL; the run stays in the queue",
            )
