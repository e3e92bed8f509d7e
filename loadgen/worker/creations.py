"""Sends what shoppers have created, so that ``loadgen clean`` finds it when this worker is long gone.

The list knows all numbers of the run: one that somebody else was given already breaks a rule, and is counted here.
"""

from __future__ import annotations

import logging
from typing import Final

import gevent

from loadgen.bus.created import CreatedBus
from loadgen.commerce.violations import given_twice
from loadgen.errors import BusError
from loadgen.journey.creations import Creations
from loadgen.journey.recorder import Recorder, Visit
from loadgen.messages.created import Created
from loadgen.stats.evidence import EVIDENCE, VIOLATION
from loadgen.worker import essential

log = logging.getLogger("loadgen.worker")

SEND_S: Final = 1.0
"""Pause between two sendings: a process that is killed loses no more than the orders of this long."""

BATCH: Final = 1000
"""Things sent at once."""

TRIES: Final = 5
"""How often a worker that leaves tries to send the last ones."""


class CreationsPost:
    """Takes what waits to Redis, once a second.

    Args:
        bus: the run's list.
        creations: what waits.
        recorder: counts what was given twice.
    """

    def __init__(self, bus: CreatedBus, creations: Creations, recorder: Recorder) -> None:
        self._bus, self._creations, self._recorder = bus, creations, recorder
        self._told_lost = 0
        self._keeper = essential.spawn(self._keep_sending)

    def close(self) -> None:
        """The last shopper has left: send the rest."""
        self._keeper.kill()
        for _ in range(TRIES):
            if self._send():
                return
            gevent.sleep(SEND_S)
        log.error("%d things that shoppers created are not known to loadgen clean", len(self._creations))

    def _keep_sending(self) -> None:
        while True:
            gevent.sleep(SEND_S)
            self._send()

    def _send(self) -> bool:
        """Whether nothing waits any more."""
        try:
            while batch := self._creations.first(BATCH):
                clashes = self._bus.add(batch)
                self._creations.sent(batch)
                for thing, first in clashes:
                    self._tell(thing, first)
            lost = self._creations.lost
            self._bus.lose(lost - self._told_lost)
            self._told_lost = lost
        except BusError as error:
            log.warning("what shoppers created is sent later: %s", error.message)
            return False
        return True

    def _tell(self, thing: Created, first: Created) -> None:
        found = given_twice(str(thing), f"arrival {first.arrival} of {first.worker}")
        name = f"{VIOLATION}{found.rule}"
        self._recorder.count(thing.journey, name)
        self._recorder.sample(Visit(thing.journey), name, "", EVIDENCE, f"{found.words} (arrival {thing.arrival})")
