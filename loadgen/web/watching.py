"""Who looks at Redis for whom: one poller for each run that is watched, shared by all who watch it.

A poller looks twice a second, makes what is new once, and wakes the viewers; one that lags behind gets what it lacks by
itself. It ends when its run has ended or nobody has watched for a while.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Lock, Thread
from typing import Any, Final

from loadgen.bus import Bus
from loadgen.bus.following import Follower
from loadgen.errors import BusError, LoadgenError
from loadgen.messages import RunRecord
from loadgen.verdict import GuardWatch
from loadgen.web.board import Seen, board
from loadgen.web.timeline import StepLines, outline, timeline

log = logging.getLogger("loadgen.web")

LOOK_S: Final = 0.5
"""How often a poller looks: seconds are sealed once a second."""

PART_OF_A_CORE: Final = 0.25
"""What a poller may use at most: the figures of a very large run come less often."""

IDLE_S: Final = 20.0
"""How long a run nobody watches is still looked at: as long as a reload takes, and a lost network."""

RUNS: Final = 20
"""Runs watched at once at most."""

VIEWERS: Final = 100
"""Viewers at once at most, of all runs."""


class FullError(LoadgenError):
    """So many watch that one more would be one too many."""


@dataclass(frozen=True)
class Event:
    """What a viewer is told.

    Attributes:
        version: number of the state it tells of.
        second: the latest sealed second in it, -1 before the first.
        data: JSON on one line.
        last: whether nothing follows.
    """

    version: int
    second: int
    data: str
    last: bool


class Watch:
    """One run and its poller.

    Args:
        bus: open connection.
        run: the run's id.

    Raises:
        NotFoundError: there is no such run.
        PlanError: its plan is of another version of loadgen.
    """

    def __init__(self, bus: Bus, run: str) -> None:
        self._bus, self._follower = bus, Follower(bus, run)
        plan = self._follower.plan
        self._guards, self._lines = GuardWatch(plan.guards, plan.duration), StepLines()
        self._outline = outline(plan)
        self._changed = Condition()
        self._version = self._looks = 0
        self._second = self._second_before = -1
        self._shared: Event | None = None
        self._board: dict[str, Any] = {}
        self._known: tuple[RunRecord, int] | None = None
        self.viewers = 0
        self.left_at_s = time.monotonic()
        self.ended = False
        """Whether nobody looks any more."""

    @property
    def finished(self) -> bool:
        """Whether the run has ended, and that has been seen."""
        return self._shared is not None and self._shared.last

    @property
    def is_idle(self) -> bool:
        """Whether nobody has watched for a while."""
        return not self.viewers and time.monotonic() - self.left_at_s > IDLE_S

    @property
    def is_over(self) -> bool:
        """Whether it has nothing to tell a viewer who comes now: nobody looks, and the run had not ended."""
        return self.is_idle or (self.ended and not self.finished)

    def poll(self) -> None:
        """Look until the run has ended or nobody watches any more."""
        try:
            while not (self.ended or self.finished or self.is_idle):
                began_at_s = time.monotonic()
                self.look()
                took_s = time.monotonic() - began_at_s
                time.sleep(max(LOOK_S, took_s / PART_OF_A_CORE))
        finally:
            self.ended = True
            self._bus.close()

    def look(self) -> None:
        """Take in what is new, and wake the viewers if there is any."""
        with self._changed:
            record = self._look()
            known = (record, self._follower.stats.last_second)
            if known == self._known:
                return
            self._known = known
            self._take(record)
            self._changed.notify_all()

    def next(self, version: int, second: int, wait_s: float) -> Event | None:
        """What comes after a version of the state; None if nothing did in time.

        Args:
            version: that the viewer has; 0 for none.
            second: the latest second that it has; -1 for none.
            wait_s: how long to wait.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._version > version, wait_s):
                return None
            shared = self._shared
            if shared is not None and 0 < version == shared.version - 1 and second == self._second_before:
                return shared
            return self._event(second, first=version == 0)

    def _look(self) -> RunRecord:
        try:
            self._follower.look()
        except BusError as error:
            return self._follower.record.model_copy(update={"detail": f"waits for Redis ({error.message})"})
        except LoadgenError as error:  # nobody leads, or what was sealed is of another version
            return self._follower.record.model_copy(update={"detail": error.message})
        return self._follower.record

    def _take(self, record: RunRecord) -> None:
        stats, plan = self._follower.stats, self._follower.plan
        for row in stats.timeline() if self._second < 0 else stats.window(stats.last_second - self._second):
            self._guards.observe(row)
        self._lines.take(stats)
        self._board = board(Seen(plan, record, stats, self._guards.standing(), self._lines))
        self._version += 1
        self._second_before, self._second = self._second, stats.last_second
        self._shared = self._event(self._second_before, first=False)

    def _event(self, second: int, *, first: bool) -> Event:
        told = {"board": self._board, "timeline": timeline(self._follower.stats, second)}
        if first:
            told["outline"] = self._outline
        data = json.dumps(told, separators=(",", ":"), allow_nan=False)
        return Event(self._version, self._second, data, self._follower.finished)


class Watches:
    """All runs that are watched.

    Args:
        connect: opens a connection to Redis; each poller has its own.
    """

    def __init__(self, connect: Callable[[], Bus]) -> None:
        self._connect = connect
        self._lock = Lock()
        self._watches: dict[str, Watch] = {}

    @contextmanager
    def watching(self, run: str) -> Iterator[Watch]:
        """Watch a run, with whoever else does.

        Raises:
            NotFoundError: there is no such run.
            PlanError: its plan is of another version of loadgen.
            FullError: too many watch already.
            BusError: Redis does not answer.
        """
        with self._lock:
            watch = self._entered(run)
            watch.viewers += 1
        try:
            yield watch
        finally:
            with self._lock:
                watch.viewers -= 1
                watch.left_at_s = time.monotonic()

    def close(self) -> None:
        """Look at nothing any more."""
        with self._lock:
            for watch in self._watches.values():
                watch.ended = True
            self._watches = {}

    def _entered(self, run: str) -> Watch:
        self._watches = {name: watch for name, watch in self._watches.items() if not watch.is_over}
        if sum(watch.viewers for watch in self._watches.values()) >= VIEWERS:
            raise FullError(f"{VIEWERS} watch already", hint="close a page, or use loadgen watch")
        if run in self._watches:
            return self._watches[run]
        if len(self._watches) >= RUNS:
            raise FullError(f"{RUNS} runs are watched already", hint="close the page of one of them")
        watch = self._watches[run] = Watch(self._connect(), run)
        Thread(target=watch.poll, name=f"loadgen-watch-{run}", daemon=True).start()
        return watch
