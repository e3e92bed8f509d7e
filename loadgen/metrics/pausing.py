"""Cut the writing of a page into slices, so that it never holds up what the coordinator has to do.

::

    scrape's thread   ▐█▌   ▐█▌   ▐█▌   ▐█▌        a slice is a millisecond of work, then it pauses
    coordinator       ███▌ ▐██▌ ▐███▌ ▐███         takes frames in and seals seconds in between

Two threads of a process share one interpreter. One that only computes lets go of it every five milliseconds and when
asked, so each time the coordinator comes back from Redis it would wait for as long, and have half of the time at best.
A pause lets it have the interpreter at once, and go on until it waits for Redis itself. Measured while one page was
written after the other, which is more than scrapers can cause: sealing a second of 1,000 workers took 6.8 times as long
as alone without slices, and with those below 1.2 to 1.5 times, by how much else the machine does. Shorter slices and
longer pauses gained nothing more that could be told from noise. A page takes three times as long for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

SLICE_S: Final = 0.001
"""Work without a pause."""

PAUSE_S: Final = 0.002
"""Enough for some questions to Redis and their answers."""

Pause = Callable[[], None]
"""To be called between small pieces of work; pauses when a slice is over."""


def slices(clock: Callable[[], float] = time.perf_counter, sleep: Callable[[float], None] = time.sleep) -> Pause:
    """Begin a slice of work.

    Args:
        clock: seconds.
        sleep: waits so many seconds, and lets other threads run.
    """
    ends_s = clock() + SLICE_S

    def pause() -> None:
        nonlocal ends_s
        if clock() >= ends_s:
            sleep(PAUSE_S)
            ends_s = clock() + SLICE_S

    return pause
