"""When Python looks for garbage: as seldom as memory allows, for nobody is served meanwhile.

What shoppers take is free as they leave: they leave no circles of objects behind. What journeys' own code leaves in
circles (a parsed page, an error that was kept) only the garbage collector finds. By itself it looks at all that lives
whenever a quarter more has come, a quarter of a second with 15,000 shoppers. While 1,000 new ones came each second, the
99th percentile of their lag was 150 ms so, and 5 ms in this way:

==============================  =====================================================================================
what was there at the start     plan, data, modules: never looked at
what is young                   looked at by itself, a few hundred or thousand objects at once: a millisecond or two
everything else                 looked at when the process has grown, see :class:`Rounds`
==============================  =====================================================================================

Sizes are in bytes.
"""

from __future__ import annotations

import gc
import logging
import time
from typing import Final

import gevent
import psutil

from loadgen.worker import essential

log = logging.getLogger("loadgen.worker")

LOOK_S: Final = 1.0
"""How often the size of the process is looked at."""

_YOUNG: Final = (700, 4)
"""Objects that come before those that are new are looked at, as in Python; and how often that is done before those that
were left are looked at once more: less often than in Python, which makes each time shorter."""

_NEVER: Final = 1_000_000_000

LEAST_GROWTH: Final = 100_000_000
"""Less is not worth a pause."""

SOON: Final = 1.25
LATE: Final = 2.0
"""How much larger the process becomes before the next round: soon after one that found garbage, late after another."""

WORTH_WHILE: Final = 10_000
"""Objects that make a round worth its pause: some megabytes."""


class Rounds:
    """Decides when to look at everything.

    Args:
        size_bytes: of the process now.
    """

    def __init__(self, size_bytes: int) -> None:
        self._next_bytes = self._after(size_bytes, LATE)

    def is_due(self, size_bytes: int) -> bool:
        """Whether the process has grown enough."""
        return size_bytes >= self._next_bytes

    def done(self, size_bytes: int, found: int) -> None:
        """A round is over.

        Args:
            size_bytes: of the process now.
            found: objects that were garbage.
        """
        self._next_bytes = self._after(size_bytes, SOON if found >= WORTH_WHILE else LATE)

    @staticmethod
    def _after(size_bytes: int, factor: float) -> float:
        return max(size_bytes * factor, size_bytes + LEAST_GROWTH)


def begin() -> None:
    """Look for garbage in this way from now on: all that is there by now stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_YOUNG, _NEVER)
    essential.spawn(_watch)


def _watch() -> None:
    process = psutil.Process()
    rounds = Rounds(process.memory_info().rss)
    while True:
        gevent.sleep(LOOK_S)
        if rounds.is_due(process.memory_info().rss):
            began_s = time.monotonic()
            found = gc.collect()
            log.info("looked for garbage: %d objects, %.0f ms", found, 1e3 * (time.monotonic() - began_s))
            rounds.done(process.memory_info().rss, found)
