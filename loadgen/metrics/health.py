"""The health of a run's workers: the only series with the label ``worker``."""

from __future__ import annotations

from itertools import islice
from typing import Final

from loadgen.metrics import families
from loadgen.metrics.page import Sheet
from loadgen.metrics.snapshot import RunSnapshot

WORKERS_MOST: Final = 500
"""Workers with series of their own: as many as first reported, so that none of them comes and goes. More cannot be
told apart on a chart; the run's totals and its verdict look at every worker."""

HAS_LEFT: Final = "done"
"""Where a worker stands of which no more frames are expected."""


def put_health(sheet: Sheet, run: RunSnapshot) -> None:
    """Write how each worker fared, and how many have no series of their own."""
    for worker, totals in islice(run.totals.items(), WORKERS_MOST):
        sheet.put(families.WORKER_REQUESTS, totals.requests, worker)
        sheet.put(families.WORKER_LATE, totals.late, worker)
        if run.record.started_at is not None and totals.last_second >= 0 and run.places.get(worker) != HAS_LEFT:
            sheet.put(families.WORKER_LAST_FRAME, run.record.started_at + totals.last_second + 1, worker)
        sheet.put(families.WORKER_CPU, totals.cpu_max, worker)
        sheet.put(families.WORKER_LOOP_LAG, totals.loop_lag_max_us / 1e6, worker)
        sheet.put(families.WORKER_COLOURED, totals.coloured_seconds, worker)
        sheet.put(families.WORKER_COLOURED_REQUESTS, totals.coloured_requests, worker)
        sheet.put(families.WORKER_CLOCK_ERROR, totals.clock_error_us / 1e6, worker)
        sheet.put(families.WORKER_RSS, totals.rss_max_bytes, worker)
    sheet.put(families.WORKERS_UNLISTED, max(0, len(run.totals) - WORKERS_MOST))
