"""What shoppers have created, on its way from journeys to whoever keeps it.

Kept apart for each environment, so for each run; only where somebody has asked for it is anything kept at all.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final
from weakref import WeakKeyDictionary

from pydantic import ValidationError

from loadgen.messages.created import Created

MOST: Final = 20_000
"""Things that wait in one worker process while Redis is away; the oldest make room for new ones, and are counted."""


class Creations:
    """Things that wait to be sent.

    Args:
        worker: whose shoppers created them.
        most: how many.
    """

    def __init__(self, worker: str = "", most: int = MOST) -> None:
        self._waiting: deque[Created] = deque()
        self._worker, self._most = worker, most
        self._serial = 0
        self.lost = 0
        """How many were not kept."""

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def note(self, kind: str, number: str, path: str = "", journey: str = "", arrival: object = "") -> None:
        """Keep one thing; one that has no number, or a path beyond all measure, is only counted.

        Args:
            kind: what it is.
            number: what the shop calls it.
            path: where it is to be found.
            journey: of the shopper who created it.
            arrival: of that shopper.
        """
        self._serial += 1
        told = {"kind": kind, "number": number, "path": path, "journey": journey, "arrival": str(arrival)}
        try:
            self._waiting.append(Created.model_validate({**told, "worker": self._worker, "serial": self._serial}))
        except ValidationError:  # what shops call their orders must not end a journey
            self.lost += 1
        if len(self._waiting) > self._most:
            self._waiting.popleft()
            self.lost += 1

    def first(self, count: int) -> list[Created]:
        """The oldest of them, so many at most; they stay."""
        return [self._waiting[place] for place in range(min(count, len(self._waiting)))]

    def sent(self, things: list[Created]) -> None:
        """These need not wait any more."""
        gone = set(things)
        self._waiting = deque(thing for thing in self._waiting if thing not in gone)


_of: WeakKeyDictionary[Any, Creations] = WeakKeyDictionary()


def keep_for(environment: Any, worker: str = "") -> Creations:
    """Keep what the shoppers of an environment create, which this worker runs."""
    return _of.setdefault(environment, Creations(worker))


def kept_for(environment: Any) -> Creations | None:
    """Where to keep it; None where nobody asked for it."""
    return _of.get(environment)
