"""Keep Locust's log readable when thousands of shoppers fail alike.

Locust logs every error of every user with its traceback. Under load that fills a disk and costs more than the
requests do. The errors are counted and sampled elsewhere; here the first few in a while are let through.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Final

LOGGED: Final = 5
"""Records of one logger that pass in each :data:`WINDOW_S`."""

WINDOW_S: Final = 60.0

_TALKATIVE: Final = ("locust.user.task", "locust.user.users")


class Sparing(logging.Filter):
    """Lets the first :data:`LOGGED` records of every :data:`WINDOW_S` seconds through."""

    def __init__(self) -> None:
        super().__init__()
        self._until_s = 0.0
        self._left = 0

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - all records weigh the same
        """Whether a record may pass."""
        now_s = monotonic()
        if now_s >= self._until_s:
            self._until_s, self._left = now_s + WINDOW_S, LOGGED
        self._left -= 1
        return self._left >= 0


def install() -> None:
    """Make Locust's talkative loggers sparing, once per process."""
    for name in _TALKATIVE:
        talkative = logging.getLogger(name)
        if not any(isinstance(known, Sparing) for known in talkative.filters):
            talkative.addFilter(Sparing())


def silence() -> None:
    """Let nothing of them through, for whoever shows the errors in another way."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
