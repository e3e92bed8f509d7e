"""The shoppers that are active in this process."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any, Final

import gevent
from gevent import Greenlet

from loadgen.errors import JourneyError
from loadgen.journey.recorder import Recorder
from loadgen.journey.session import Session
from loadgen.worker.preparation import Prepared

log = logging.getLogger("loadgen.worker")

WAIT_STEP_S: Final = 0.02
"""How often the end of the last shopper is looked for."""


class _Life(Greenlet):  # type: ignore[misc]  # gevent has no types
    """Runs one shopper. Who spawned it is not written down, as gevent does: 2 of 6 µs, and 170 bytes."""

    __slots__ = ()

    spawning_stack_limit = 0


class Shoppers:
    """Starts shoppers, knows who is active, and sees them out.

    Args:
        prepared: what they live in.
        recorder: where they are counted.
    """

    def __init__(self, prepared: Prepared, recorder: Recorder) -> None:
        self._prepared, self._recorder = prepared, recorder
        self._active: dict[Session, Any] = {}

    def __len__(self) -> int:
        return len(self._active)

    def __contains__(self, session: Session) -> bool:
        return session in self._active

    def journeys(self) -> Counter[str]:
        """Active shoppers of each journey."""
        return Counter(session.journey for session in self._active)

    def active(self, stream: int) -> int:
        """Active shoppers of one stream."""
        return self._recorder.shoppers[stream]

    def come(self, session: Session, tasks: int | None) -> None:
        """Start a shopper.

        Args:
            session: its life.
            tasks: how many tasks make its journey (open model); None lets it loop (closed model).
        """
        self._recorder.shoppers[session.stream] += 1
        self._active[session] = _Life.spawn(self._live, session, tasks)

    def _live(self, session: Session, tasks: int | None) -> None:
        try:
            user = self._prepared.environment.new_user(self._prepared.users[session.journey])
            if tasks is None:
                session.loop(user)
            else:
                session.run(user, tasks)
        except JourneyError as error:
            self._recorder.sample(session, "", "", "error", error.message)
            self._recorder.journey_started(session.journey)
            self._recorder.journey_ended(session.journey, "failed")
        finally:
            session.error = None  # counted; its frames hold the shopper, until the collector comes by
            self._recorder.shoppers[session.stream] -= 1
            self._active.pop(session, None)

    def stop(self, now: bool, sessions: list[Session] | None = None) -> None:
        """Ask shoppers to leave, all of them by default.

        Args:
            now: no further request; otherwise they end the task they are in.
            sessions: which ones.
        """
        for session in list(self._active) if sessions is None else sessions:
            session.stop(now)

    def wait(self, patience_s: float) -> bool:
        """Wait until everyone has left; False when some have not by then."""
        with gevent.Timeout(patience_s, exception=False):
            while self._active:
                gevent.sleep(WAIT_STEP_S)
        return not self._active

    def kill(self) -> int:
        """End those who do not leave; their requests on the wire stay unrecorded and count as in flight.

        Returns:
            How many there were.
        """
        greenlets = list(self._active.values())
        gevent.killall(greenlets, block=True, timeout=2)
        return len(greenlets)
