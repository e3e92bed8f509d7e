"""Hears of the shares that this worker is offered, says so, and learns what became of them.

::

    seat with an offer ──▶ load holds to it ──▶ heard ──▶ sure, off, or open: ask again when the time to hear is over

In a greenlet of its own. Where Redis does not answer the load goes on with what surely is this worker's, and no more.
When the load has ended nothing is asked any more: what was dealt with in doubt is told as that.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from gevent.event import Event

from loadgen.bus import Agreement, RunBus
from loadgen.errors import BusError
from loadgen.worker import essential
from loadgen.worker.serving import Serving
from loadgen.worker.tenure import ask_at_s

RETRY_S: Final = 0.2
"""Pause before asking again a Redis that did not answer, or that knows nothing of the offer."""

_UNKNOWN: Final = "it is not known which share holds"


class Handover:
    """Sees offers through.

    Args:
        bus: the run's part of the bus.
        worker: this worker's name.
        serving: who carries the load.
        now: cluster time.
        look_again: called when there must be a newer seat.
    """

    def __init__(
        self,
        bus: RunBus,
        worker: str,
        serving: Serving,
        now: Callable[[], float],
        look_again: Callable[[], None],
    ) -> None:
        self._bus, self._worker, self._serving = bus, worker, serving
        self._now, self._look_again = now, look_again
        self._news = Event()
        essential.spawn(self._run)

    def begin(self) -> None:
        """There is a new seat."""
        self._news.set()

    def _run(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            while self._serving.goes_on and self._serving.tenure.is_open:
                try:
                    wait_s = self._ask()
                    self._bus.outage.over(_UNKNOWN)
                except BusError as error:
                    self._bus.outage.met(_UNKNOWN, error)
                    wait_s = RETRY_S
                self._news.wait(wait_s)
                self._news.clear()

    def _ask(self) -> float:
        """One step further; how long to wait then, seconds."""
        tenure, seat = self._serving.tenure, self._serving.tenure.seat  # while it is asked there may come a newer one
        agreement = self._bus.hear(seat.epoch, self._worker if tenure.may_hear else "", self._now())
        match agreement:
            case Agreement.SURE | Agreement.OFF:
                self._serving.settle(seat.epoch, sure=agreement is Agreement.SURE)
                return 0.0
            case Agreement.OVER:
                self._look_again()
                return RETRY_S
            case Agreement.OPEN:
                now_s = self._now()
                return ask_at_s(seat, now_s, random.random()) - now_s
