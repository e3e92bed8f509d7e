"""What there is to look at: the leader, the workers, the runs and how they ended; and the report of each."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from loadgen.bus import Bus, ClusterBus, RunBus
from loadgen.bus.following import Follower
from loadgen.errors import MessageError
from loadgen.messages import RunState

RUNS_LISTED: Final = 50
"""The latest runs; older ones are found by loadgen status."""

FRESH_S: Final = 1.0
"""The list is read once for all who ask within this time."""

REPORTS_KEPT: Final = 4
"""Reports of runs that have ended, kept so that a reload costs nothing: some megabytes each."""


class Overview:
    """The list of runs and what leads and serves them.

    Args:
        bus: open connection.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus, self._lock = bus, Lock()
        self._ended: dict[str, dict[str, Any]] = {}
        self._found: dict[str, Any] = {}
        self._at_s = -FRESH_S

    def read(self) -> dict[str, Any]:
        """What there is now.

        Raises:
            BusError: Redis does not answer.
        """
        with self._lock:
            if time.monotonic() - self._at_s >= FRESH_S:
                self._found, self._at_s = self._read(), time.monotonic()
            return self._found

    def _read(self) -> dict[str, Any]:
        cluster = ClusterBus(self._bus)
        members = cluster.members().values()
        runs = [self._run(run) for run in cluster.runs()[:RUNS_LISTED]]
        self._ended = {run["run"]: run for run in runs if run and run["state"] == RunState.FINISHED}
        return {
            "leader": cluster.leader(),
            "workers": len(members),
            "busy": sum(bool(member.info.run) for member in members),
            "runs": [run for run in runs if run],
        }

    def _run(self, run: str) -> dict[str, Any] | None:
        if run in self._ended:
            return self._ended[run]
        of_run = RunBus(self._bus, run)
        if not of_run.exists():
            return None
        told: dict[str, Any] = {"run": run, "name": run, "state": RunState.QUEUED.value, "outcome": None, "detail": ""}
        try:
            record = of_run.record()
        except MessageError as error:
            return told | {"state": "unreadable", "detail": error.message}
        if record is None:
            return told | {"submitted_at": ClusterBus(self._bus).submitted_at(run)}
        verdict = record.verdict
        return told | {
            "name": record.name,
            "state": record.state.value,
            "outcome": verdict.outcome.value.replace("_", " ") if verdict else None,
            "detail": verdict.reason if verdict else record.detail,
            "submitted_at": record.submitted_at,
        }


class Reports:
    """Reports as HTML, one made at a time: a long run's takes a second of a core.

    Args:
        connect: opens a connection to Redis.
    """

    def __init__(self, connect: Callable[[], Bus]) -> None:
        self._connect, self._lock = connect, Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def html(self, run: str) -> bytes:
        """The report of a run that has ended, or of one under way as far as it is.

        Raises:
            NotFoundError: there is no such run.
            BusError: Redis does not answer.
        """
        with self._lock:
            if run not in self._kept:
                return self._made(run)
            self._kept.move_to_end(run)
            return self._kept[run]

    def _made(self, run: str) -> bytes:
        from loadgen.report import summarise
        from loadgen.report.html import render_html

        bus = self._connect()
        try:
            follower = Follower(bus, run)
            follower.look()
        finally:
            bus.close()
        page = render_html(summarise(follower.record, follower.plan, follower.stats)).encode()
        if follower.finished:
            self._kept[run] = page
            if len(self._kept) > REPORTS_KEPT:
                self._kept.popitem(last=False)
        return page
