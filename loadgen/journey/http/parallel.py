"""Things done by a few greenlets at once, so many for each host and no more.

::

    add ─▶ a lane for each host, by rank ─▶ run: the caller works one lane itself, greenlets help it and work the
                                                 others, as many as there are places; it ends when all have ended

The greenlets are children of the one that spawned them, so they belong to the same shopper. When that is stopped, what
is on the wire is finished and counted, and nothing follows; when the caller is interrupted in any other way (a timeout
of the author's, a kill, the end of a shopper's patience), they are gone at once, as with a click on the browser's stop.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, Generic, TypeVar

import gevent
from gevent import GreenletExit

from loadgen.journey.http.wires import Origin
from loadgen.journey.leaving import ShopperGone
from loadgen.journey.patience import LostPatience
from loadgen.journey.session import session_of

T = TypeVar("T")


class _Lane(Generic[T]):
    """What is to be done with one host: a heap of (rank, number, item).

    Attributes:
        places: how many greenlets may be at it.
        busy: how many are.
        coming: of those, the ones that have not begun yet.
        waiting: what nobody has taken yet.
    """

    __slots__ = ("busy", "coming", "places", "waiting")

    def __init__(self, places: int) -> None:
        self.places = places
        self.busy = self.coming = 0
        self.waiting: list[tuple[int, int, T]] = []


class Parallel(Generic[T]):
    """Does things in parallel, once.

    Args:
        work: does one thing; may add further ones.
        places: how many things at once may be done with a host.
    """

    def __init__(self, work: Callable[[T], None], places: Callable[[Origin], int]) -> None:
        self._work, self._places = work, places
        self._lanes: dict[Origin, _Lane[T]] = {}
        self._number = 0
        self._running = False
        self._greenlets: set[Any] = set()
        self._errors: list[tuple[int, Exception]] = []
        self._gone = False

    def add(self, origin: Origin, rank: int, item: T) -> None:
        """Something to be done.

        Args:
            origin: whom it is done with.
            rank: the lower, the sooner; of the same rank in the order in which they were added.
            item: what the work is given.
        """
        lane = self._lanes.get(origin)
        if lane is None:
            lane = self._lanes[origin] = _Lane(self._places(origin))
        self._number += 1
        heappush(lane.waiting, (rank, self._number, item))
        if self._running:
            self._staff(lane)

    def run(self) -> None:
        """Do it all.

        Raises:
            ShopperGone: the shopper was stopped.
            Exception: the first that the work raised, by the order in which things were added; all others were done.
        """
        self._running = True
        lanes = list(self._lanes.values())
        if not lanes:
            return
        lanes[0].busy = lanes[0].coming = 1
        for lane in lanes:
            self._staff(lane)
        try:
            self._do(lanes[0])
            self._wait()
        except ShopperGone:
            self._stop()
            raise
        except BaseException as error:
            self._forget()
            lost = error if isinstance(error, LostPatience) else GreenletExit  # those are counted, as abandoned
            gevent.killall(list(self._greenlets), lost, block=False)
            raise
        if self._gone:
            raise ShopperGone
        if self._errors:
            errors, self._errors = sorted(self._errors, key=lambda known: known[0]), []
            raise errors[0][1]

    def _staff(self, lane: _Lane[T]) -> None:
        """As many greenlets as there are things to do, if there is room for them."""
        for _ in range(min(len(lane.waiting) - lane.coming, lane.places - lane.busy)):
            lane.busy += 1
            lane.coming += 1
            self._greenlets.add(gevent.spawn(self._help, lane))

    def _help(self, lane: _Lane[T]) -> None:
        try:
            self._do(lane)
        except ShopperGone:
            self._gone = True
            self._forget()
        finally:
            self._greenlets.discard(gevent.getcurrent())

    def _do(self, lane: _Lane[T]) -> None:
        lane.coming -= 1
        try:
            while lane.waiting:
                _, number, item = heappop(lane.waiting)
                try:
                    self._work(item)
                except Exception as error:  # noqa: BLE001 - raised by run, when the others have ended
                    self._errors.append((number, error))
        finally:
            lane.busy -= 1

    def _wait(self) -> None:
        while self._greenlets:
            gevent.joinall(list(self._greenlets))

    def _forget(self) -> None:
        for lane in self._lanes.values():
            lane.waiting.clear()

    def _stop(self) -> None:
        """The shopper was stopped: let what is on the wire end; who only waits for a place would wait for ever."""
        self._forget()
        session = session_of()
        try:
            while self._greenlets and session is not None and session.in_flight:
                gevent.joinall(list(self._greenlets), count=1)
        finally:
            gevent.killall(list(self._greenlets), block=False)
