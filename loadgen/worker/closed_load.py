"""Closed load: a number of shoppers at once, each of which starts again when it is done.

The stream's shoppers are numbered 0, 1, 2, … over the whole cluster; at a level of n the first n are wanted, and this
worker has those of them that its share owns. The number decides the journey, so the mix of the whole cluster is right
at every level. Of each journey, surplus shoppers are asked to leave at the end of their task, the youngest first.
Who leaves by itself is replaced at once, or (``replace: false``, as in Locust) not before the number wanted changes.
While the worker has no lease nobody is wanted: shoppers that loop would be a load that nobody watches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

import gevent

from loadgen.journey.recorder import Recorder
from loadgen.journey.session import Session
from loadgen.plan.planned import users_at
from loadgen.plan.stream import Stream
from loadgen.shapes.arrivals import EMPTY, Share
from loadgen.shapes.mix import Mix
from loadgen.worker import essential
from loadgen.worker.shoppers import Shoppers

ADJUST_S: Final = 0.05
"""How often the number of shoppers is brought to its level."""

GIVE_UP_S: Final = 2 * ADJUST_S
"""Where a share changes its bearer the old one asks its shoppers to leave first, and so much later the new one starts
its own: the level is never exceeded."""


class ClosedLoad:
    """The shoppers of one closed stream on this worker.

    Args:
        index: the stream's index in the plan.
        stream: the stream.
        mix: weights by user class name.
        shoppers: who starts and stops them.
        recorder: who counts them.
        elapsed: seconds since the run's start, by cluster time.
        may_start: whether this worker's lease still holds.
    """

    def __init__(
        self,
        index: int,
        stream: Stream,
        mix: dict[str, float],
        shoppers: Shoppers,
        recorder: Recorder,
        elapsed: Callable[[], float],
        may_start: Callable[[], bool],
    ) -> None:
        self._index, self._stream = index, stream
        self._journeys, self._mix = list(mix), Mix(list(mix.values()))
        self._shoppers, self._recorder = shoppers, recorder
        self._elapsed, self._may_start = elapsed, may_start
        self._epochs: list[tuple[float, Share]] = [(float("-inf"), EMPTY)]
        self._staying: dict[str, list[Session]] = {journey: [] for journey in mix}
        self._arranged: tuple[int, Share] = (0, EMPTY)
        self._wanted: Counter[str] = Counter()
        self._started = 0
        self._greenlet = essential.spawn(self._run)

    def assign(self, share: Share, from_s: float) -> None:
        """Carry this share from an instant on, seconds since the run's start."""
        self._epochs = [epoch for epoch in self._epochs if epoch[0] < from_s] + [(from_s, share)]

    def doubt(self, from_s: float | None) -> None:
        """Nothing: shoppers who loop are not counted by when they were due."""

    @property
    def beyond(self) -> Counter[int]:
        """Nothing."""
        return Counter()

    def deal(self, now_s: float) -> float:
        """Bring the number of shoppers to its level; seconds until the next look."""
        self._adjust(now_s)
        return ADJUST_S

    def stop(self, _now_s: float) -> None:
        """Start nobody any more, and let everyone end what they are at."""
        self._greenlet.kill()
        self._shoppers.stop(now=False, sessions=[s for staying in self._staying.values() for s in staying])

    def _run(self) -> None:
        while True:
            gevent.sleep(self.deal(self._elapsed()))

    def _adjust(self, now_s: float) -> None:
        before = self._wanted
        wanted = self._wanted_at(now_s) if self._may_start() else Counter()
        replace = self._stream.replace or wanted != before
        for journey, sessions in self._staying.items():
            if replace:
                sessions[:] = [session for session in sessions if not session.leaving and session in self._shoppers]
            surplus = len(sessions) - wanted[journey]
            if surplus > 0:
                self._shoppers.stop(now=False, sessions=sessions[-surplus:])
                del sessions[-surplus:]
            sessions += [self._start(journey) for _ in range(-surplus)]

    def _wanted_at(self, now_s: float) -> Counter[str]:
        before_s = max(now_s - GIVE_UP_S, min(now_s, 0.0))  # before the start nobody carried anything
        share = self._share_at(now_s).common(self._share_at(before_s))
        level = users_at(self._stream.level_at(now_s))
        if (level, share) != self._arranged:
            self._arranged = level, share
            journeys = self._mix.journeys(share.owned(0, level))
            self._wanted = Counter(self._journeys[index] for index in journeys)
        return self._wanted

    def _share_at(self, at_s: float) -> Share:
        return next(share for from_s, share in reversed(self._epochs) if from_s <= at_s)

    def _start(self, journey: str) -> Session:
        self._started += 1
        who = f"{self._recorder.worker}:{self._started}"
        session = Session(self._recorder, journey, self._index, 0, who)
        self._shoppers.come(session, None)
        return session
