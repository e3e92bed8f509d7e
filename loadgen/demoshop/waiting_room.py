"""A waiting room in front of the shop: so many visitors per second are let in, in the order in which they came.

::

    a visitor without a ticket gets one that is due at
        due = max(now, due of the last one + 1 / rate)
    and waits until then; from its due on a ticket lets its owner in for good.

Nothing is kept but the last due instant: a ticket is its own proof, signed by the room. Who does not come back leaves a
gap, as in most real ones. Times are seconds of any monotonic clock, given by the caller.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

_TICKET: Final = re.compile(rb"(?:^|;)\s*queue=(\d{1,18})\.([0-9a-f]{32})(?:;|\s|$)")
_MICROS: Final = 1_000_000


class WaitingRoom:
    """Gives tickets and lets visitors in.

    Args:
        rate_per_s: visitors let in per second, above 0.
    """

    def __init__(self, rate_per_s: float) -> None:
        self._gap_us = _MICROS / rate_per_s
        self._next_us = 0.0
        self._secret = secrets.token_bytes(16)

    def issue(self, now_s: float) -> tuple[bytes, float]:
        """Give a ticket to a visitor who has just come.

        Returns:
            The value of the cookie ``queue``, and the seconds until it is due.
        """
        due_us = max(now_s * _MICROS, self._next_us)
        self._next_us = due_us + self._gap_us
        due = b"%d" % due_us
        return due + b"." + self._signature(due), max(0.0, due_us / _MICROS - now_s)

    def wait_s(self, cookie: bytes, now_s: float) -> float | None:
        """How long a visitor still waits: 0 or less to be let in; None for one without a ticket of this room.

        Args:
            cookie: the ``Cookie`` header; empty when there is none.
            now_s: by the same clock as when the ticket was given.
        """
        ticket = _TICKET.search(cookie)
        if ticket is None or not hmac.compare_digest(ticket[2], self._signature(ticket[1])):
            return None
        return int(ticket[1]) / _MICROS - now_s

    def _signature(self, due: bytes) -> bytes:
        return hmac.new(self._secret, due, hashlib.sha256).hexdigest()[:32].encode()
