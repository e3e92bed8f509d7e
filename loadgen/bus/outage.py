"""What a process says while Redis does not do what it asks: one line a while, however often it tries again.

Several parts of a process speak to Redis; one outage hits them all, so they share one of these::

    part of a process ── met(what, error) ─┐                 "what, what: why" at first, then every EVERY_S
                      ── over(what) ───────┴─▶ Outage ──▶ log "Redis is back after 12 s"
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from loadgen.errors import LoadgenError
from loadgen.units import format_duration

EVERY_S: Final = 10.0
"""How often it is said again that Redis is away: often enough to be seen at the end of a log, rarely enough to read."""


class Outage:
    """The present outage of one process, if there is one.

    Args:
        log: where to say so.
        monotonic: the clock, seconds.
    """

    def __init__(self, log: logging.Logger, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log, self._monotonic = log, monotonic
        self._waiting: dict[str, None] = {}
        self._since_s = 0.0
        self._said_at_s = 0.0

    def met(self, what: str, error: LoadgenError) -> None:
        """Redis did not do it.

        Args:
            what: what waits, in words that end a sentence: "frames wait".
            error: why.
        """
        now_s = self._monotonic()
        began = not self._waiting
        self._waiting[what] = None
        if began:
            self._since_s = now_s
        if began or now_s - self._said_at_s >= EVERY_S:
            self._said_at_s = now_s
            since = "" if began else f" (for {format_duration(now_s - self._since_s)})"
            self._log.warning("%s%s: %s; trying again", ", ".join(self._waiting), since, error.message)

    def over(self, what: str) -> None:
        """Redis did it; harmless when there was no outage."""
        if what in self._waiting:
            del self._waiting[what]
            if not self._waiting:
                self._log.info("Redis is back after %s", format_duration(self._monotonic() - self._since_s))
