"""Turn what a coordinator shows into metric families.

::

    coordinator ── ClusterSnapshot, once a tick ──▶ latest() ──▶ SnapshotCollector ──▶ text or OpenMetrics

The collector runs in the thread of the HTTP server. It looks at one immutable snapshot and at nothing else, so it takes
no lock of the coordinator and never shows half a second.

Which runs are shown: those that have begun; while none has, those that are about to. So a run that waits for its
workers does not disturb the series of the one under way. All series of a run carry its id as ``run``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from prometheus_client import Metric
from prometheus_client.registry import Collector

from loadgen import __version__
from loadgen.metrics import families
from loadgen.metrics.funnel import put_funnel
from loadgen.metrics.health import put_health
from loadgen.metrics.load import put_load
from loadgen.metrics.page import Page
from loadgen.metrics.requests import put_requests
from loadgen.metrics.snapshot import ClusterSnapshot, RunSnapshot
from loadgen.metrics.state import put_state
from loadgen.metrics.words import WORKER_STATES

Latest = Callable[[], ClusterSnapshot | None]
"""Gives the latest snapshot; None before the first."""


class SnapshotCollector(Collector):
    """Exports the latest snapshot of a coordinator.

    Args:
        latest: gives it; called once a scrape, from any thread.
        monotonic: this process's clock, seconds.
    """

    def __init__(self, latest: Latest, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._latest, self._monotonic = latest, monotonic

    def collect(self) -> Iterable[Metric]:
        """All families, of one snapshot; none before there is one, and two from a coordinator that stands by."""
        snapshot = self._latest()
        if snapshot is None:
            return []
        leads = snapshot.leading and self._monotonic() < snapshot.leads_until_s
        page = Page(families.ALL if leads else families.OF_STANDBY)
        page.put(families.CLUSTER_INFO, 1, snapshot.leader, __version__)
        page.put(families.LEADER, leads, snapshot.leader)
        if leads:
            _put_cluster(page, snapshot)
            _put_runs(page, snapshot.runs)
        return page.metrics()


def _put_cluster(page: Page, snapshot: ClusterSnapshot) -> None:
    page.put(families.LEADER_FENCE, snapshot.fence)
    for state in WORKER_STATES:
        page.put(families.WORKERS, snapshot.workers.get(state, 0), state)
    page.put(families.RUNS_QUEUED, snapshot.queued)
    for run in snapshot.runs:
        record = run.record
        page.put(families.RUN_INFO, 1, record.run, record.name, record.state.value, __version__)


def _put_runs(page: Page, runs: tuple[RunSnapshot, ...]) -> None:
    shown = [run for run in runs if run.record.started_at is not None] or list(runs)
    for run in shown:
        sheet = page.sheet(run.record.run)
        put_state(sheet, run)
        put_load(sheet, run)
        put_requests(sheet, run)
        put_funnel(sheet, run)
        put_health(sheet, run)
