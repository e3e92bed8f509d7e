"""What is to be sent next: always the newest, and of a run that has ended what it ended with.

::

    run:      waiting ── running ── … ── finished │
    sent:     ▲ at each turn    ▲ and every few seconds     ▲ its last figures, until they were taken,
                                                              and for one interval more; then it is gone

The coordinator shows a run that has finished until the next begins, be it for hours or for a moment. Who scrapes can
live with either; here its last figures are kept until a receiver has them, and are left out some time after.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import Final

from loadgen.messages import RunState
from loadgen.metrics.exposition import leads
from loadgen.metrics.snapshot import ClusterSnapshot, RunSnapshot

ENDED_MOST: Final = 4
"""Ended runs kept for a receiver that is away; of more the newest."""


class Outgoing:
    """What one receiver is to be sent. Snapshots come from one thread, pages go to another.

    Args:
        shown_s: for how long the last figures of a run are shown after they were first taken, seconds.
    """

    def __init__(self, shown_s: float) -> None:
        self._shown_s = shown_s
        self._lock = Lock()
        self._latest: ClusterSnapshot | None = None
        self._turn: tuple[object, ...] = ()
        self._ended: dict[str, RunSnapshot] = {}
        self._over_s: dict[str, float] = {}

    def take(self, snapshot: ClusterSnapshot) -> bool:
        """Take what the coordinator shows.

        Returns:
            Whether it is worth sending at once: a run has come or goes another way.
        """
        states = tuple((run.record.run, run.record.state) for run in snapshot.runs)
        turn = (snapshot.leading, snapshot.fence, states)
        with self._lock:
            self._latest = snapshot
            for run in snapshot.runs:
                if run.record.state is RunState.FINISHED and run.record.run not in self._over_s:
                    self._ended[run.record.run] = run
            if not snapshot.leading:
                self._ended.clear()
            while len(self._ended) > ENDED_MOST:
                del self._ended[next(iter(self._ended))]
            known = {run for run, _ in states} | self._ended.keys()
            self._over_s = {run: over_s for run, over_s in self._over_s.items() if run in known}
            turned, self._turn = turn != self._turn, turn
            return turned

    def page(self, now_s: float) -> ClusterSnapshot | None:
        """What to send now.

        Args:
            now_s: this process's monotonic clock, seconds.

        Returns:
            None from a coordinator that does not lead: it has nothing to say.
        """
        with self._lock:
            if self._latest is None or not leads(self._latest, now_s):
                return None
            runs = self._ended | {run.record.run: run for run in self._latest.runs}
            shown = tuple(one for run, one in runs.items() if now_s < self._over_s.get(run, now_s + 1))
            return replace(self._latest, runs=shown)

    def taken(self, page: ClusterSnapshot, now_s: float) -> None:
        """Note that a page has arrived."""
        with self._lock:
            for run in page.runs:
                if run.record.state is RunState.FINISHED:
                    self._over_s.setdefault(run.record.run, now_s + self._shown_s)
            for run_id, over_s in self._over_s.items():
                if over_s <= now_s:
                    self._ended.pop(run_id, None)


def goes_on(page: ClusterSnapshot) -> bool:
    """Whether a run on it is under way: if this coordinator ends, another one shows it."""
    return any(run.record.state is not RunState.FINISHED for run in page.runs)
