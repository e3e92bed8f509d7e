"""Rows that the cluster must agree on, as this worker hands them out: dealt by Redis in ranges.

A worker whose lease has run out by its own clock hands out nothing, and its shoppers send nothing with rows of their
own, until it has the lease again: as long as it gets it, nobody took it off the list, so its rows are still its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from locust.exception import StopUser

from loadgen.bus.rows import Dealt, Returned, RowsBus
from loadgen.data.hand import Held, Rest
from loadgen.errors import BusError, JourneyError
from loadgen.journey.session import Session
from loadgen.journey.sources import Source
from loadgen.plan.data import Access, Exhausted
from loadgen.worker import essential

log = logging.getLogger("loadgen.worker")

RETRY_S: Final = 0.2
"""Pause before asking again a Redis that did not answer, and between looks at the lease."""

_WHY: Final = {
    Dealt.TAKEN_AWAY: ("the cluster took this worker off its list, and its rows", "its shoppers leave"),
    Dealt.FORGOTTEN: ("Redis has forgotten which rows are in use", "was it emptied? start the run again"),
    Dealt.OTHER_ROWS: ("workers count different rows in this source", "bring its file to the same version everywhere"),
}


class ClusterDealer:
    """Hands out what this worker was dealt, and asks for more.

    Args:
        bus: the run's rows.
        worker: this worker's name.
        may_use: whether its lease still holds.
    """

    def __init__(self, bus: RowsBus, worker: str, may_use: Callable[[], bool]) -> None:
        self._bus, self._worker, self._may_use = bus, worker, may_use
        self._locks: dict[str, BoundedSemaphore] = {}
        self._returned: list[Returned] = []
        self._some_returned = Event()
        essential.spawn(self._give)

    def may_use(self) -> bool:
        """Whether this worker's rows are surely still its own."""
        return self._may_use()

    def deal(self, source: Source, session: Session | None) -> Held | None:
        """A row for a shopper; None when there is none. Waits while Redis does not answer, or the lease is over.

        Raises:
            StopUser: the shopper was asked to leave meanwhile.
            JourneyError: rows cannot be dealt in this run (any more).
        """
        while True:
            if self._may_use():
                held = source.hand.draw()
                if held is not None:
                    return held
                answered = self._ask(source)
                if answered is Dealt.NONE_LEFT and self._may_use():
                    return source.hand.draw() or source.hand.draw_again()
                if answered is not None:
                    continue
            if session is not None and (session.leaving or session.stopping):
                raise StopUser
            gevent.sleep(RETRY_S)

    def take_back(self, source: Source, held: Held) -> None:
        """A shopper does not use a row any more."""
        rest = source.hand.put_back(held)
        if rest is not None and source.plan.access is Access.UNIQUE:
            self._returned.append(_returned(source, rest))
            self._some_returned.set()

    def close(self, sources: list[Source]) -> None:
        """This worker leaves: give back what no shopper uses, and try again what was not taken back so far.

        The rest, and all that Redis does not take now, goes back when this worker is off the list.
        """
        for source in sources:
            if source.plan.access is Access.UNIQUE:
                self._returned += [_returned(source, rest) for rest in source.hand.all()]
        self._flush()

    def _ask(self, source: Source) -> Dealt | None:
        """Ask Redis for more, one shopper at a time; None when it did not answer."""
        with self._locks.setdefault(source.name, BoundedSemaphore()):
            if source.hand.has_more:
                return Dealt.SOME  # somebody else has asked meanwhile
            unique = source.plan.access is Access.UNIQUE
            again = source.plan.exhausted is Exhausted.RECYCLE
            try:
                answer = self._bus.take(source.name, self._worker, len(source), unique=unique, again=again)
            except BusError as error:
                log.warning("no rows of %s for now: %s", source.name, error.message)
                return None
            if answer.dealt in _WHY:
                what, hint = _WHY[answer.dealt]
                raise JourneyError(f"no rows of {source.name}: {what}", hint=hint)
            if answer.dealt is Dealt.SOME:
                source.hand.deal(answer.first, answer.behind, answer.token)
            return answer.dealt

    def _give(self) -> None:
        while True:
            self._some_returned.wait()
            self._some_returned.clear()
            if not self._flush():
                gevent.sleep(RETRY_S)
                self._some_returned.set()

    def _flush(self) -> bool:
        giving = self._returned
        if not giving:
            return True
        self._returned = []
        try:
            self._bus.give(self._worker, giving)
        except BusError as error:
            log.warning("rows are given back later, or when this worker has left: %s", error.message)
            self._returned = giving + self._returned
            return False
        return True


def _returned(source: Source, rest: Rest) -> Returned:
    return Returned(source.name, *rest)
