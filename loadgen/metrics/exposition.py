"""Turn what a coordinator shows into metric families.

::

    coordinator ── ClusterSnapshot, once a tick ──▶ written() ──▶ Page of lines ────▶ text or OpenMetrics
                                                              └─▶ Page of messages ─▶ protobuf

This runs in the thread of a scrape, in slices (:mod:`loadgen.metrics.pausing`). It looks at one immutable snapshot and
at nothing else, so it takes no lock of the coordinator and never shows half a second.

Which runs are shown: those that have begun; while none has, those that are about to. So a run that waits for its
workers does not disturb the series of the one under way. All series of a run carry its id as ``run``.
"""

from __future__ import annotations

from collections.abc import Callable, Set

from loadgen import __version__
from loadgen.metrics import families
from loadgen.metrics.funnel import put_funnel
from loadgen.metrics.health import put_health
from loadgen.metrics.load import put_load
from loadgen.metrics.page import F, Page
from loadgen.metrics.pausing import Pause, slices
from loadgen.metrics.requests import put_requests
from loadgen.metrics.snapshot import ClusterSnapshot, RunSnapshot
from loadgen.metrics.state import put_state
from loadgen.metrics.words import WORKER_STATES

Latest = Callable[[], ClusterSnapshot | None]
"""Gives the latest snapshot; None before the first."""


def leads(snapshot: ClusterSnapshot, now_s: float) -> bool:
    """Whether a coordinator leads, as far as it can know by this process's monotonic clock."""
    return snapshot.leading and now_s < snapshot.leads_until_s


def written(
    snapshot: ClusterSnapshot | None,
    now_s: float,
    form: Callable[[families.Family], F],
    names: Set[str] = frozenset(),
    pause: Pause | None = None,
) -> list[F]:
    """All families of one snapshot.

    Args:
        snapshot: what is shown; without one there is nothing.
        now_s: this process's monotonic clock, seconds.
        form: makes a family in the format wanted.
        names: shows only families of these names; all when it is empty.
        pause: called between small pieces of the work; by default :func:`loadgen.metrics.pausing.slices`.

    Returns:
        The families in their order; a few from a coordinator that stands by.
    """
    if snapshot is None:
        return []
    leading = leads(snapshot, now_s)
    page = Page(families.ALL if leading else families.OF_STANDBY, form, names, pause or slices())
    page.put(families.CLUSTER_INFO, 1, snapshot.leader, __version__)
    page.put(families.LEADER, leading, snapshot.leader)
    if snapshot.led_by and now_s < snapshot.leads_until_s:
        page.put(families.LED_BY_INFO, 1, snapshot.leader, snapshot.led_by)
    if leading:
        _put_cluster(page, snapshot)
        _put_runs(page, snapshot.runs)
    return page.families()


def _put_cluster(page: Page[F], snapshot: ClusterSnapshot) -> None:
    page.put(families.LEADER_FENCE, snapshot.fence)
    for state in WORKER_STATES:
        page.put(families.WORKERS, snapshot.workers.get(state, 0), state)
    page.put(families.RUNS_QUEUED, snapshot.queued)
    for receiver, (sent, failed) in snapshot.pushes.items():
        page.put(families.PUSHES, sent, receiver, "sent")
        page.put(families.PUSHES, failed, receiver, "failed")
    for run in snapshot.runs:
        record = run.record
        page.put(families.RUN_INFO, 1, record.run, record.name, record.state.value, __version__)


def _put_runs(page: Page[F], runs: tuple[RunSnapshot, ...]) -> None:
    shown = [run for run in runs if run.record.started_at is not None] or list(runs)
    for run in shown:
        sheet = page.sheet(run.record.run)
        put_state(sheet, run)
        put_load(sheet, run)
        put_requests(sheet, run)
        put_funnel(sheet, run)
        put_health(sheet, run)
