"""Who holds which rows of a run's data: numbers only, dealt in ranges.

::

    nobody had it ──take──▶ a worker's ──give──▶ came back ──take──▶ another worker's ─ …
                                └── lost: the leader frees it ──▶

What a worker holds is its own until it gives it back or the leader frees it; the leader does so only when the worker is
off the cluster's list, which takes the end of its lease. Where Redis has forgotten all this, nothing is dealt any more:
rows that are in use cannot be told from others.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

from loadgen.bus import keys
from loadgen.bus.cluster import fenced
from loadgen.bus.connection import Bus, speaking_to
from loadgen.bus.scripts import script


class Dealt(IntEnum):
    """What became of asking for rows."""

    SOME = 1
    NONE_LEFT = 0
    TAKEN_AWAY = -1
    FORGOTTEN = -2
    OTHER_ROWS = -3


class Answer(NamedTuple):
    """Rows that were dealt, or why none were.

    Attributes:
        dealt: what became of it.
        first: the first row.
        behind: one behind the last.
        token: rises with each range that is dealt.
    """

    dealt: Dealt
    first: int = 0
    behind: int = 0
    token: int = 0


class Returned(NamedTuple):
    """A range that a worker gives back.

    Attributes:
        source: the source's name.
        low: the range's first row.
        token: as it was dealt with; it may have been dealt to the same worker again.
        from_: the first row that may be dealt again.
        to: one behind the last.
    """

    source: str
    low: int
    token: int
    from_: int
    to: int


_SCRIPTS: Final = ("open_rows", "take_rows", "give_rows", "free_rows")


class RowsBus:
    """One run's rows. Every method raises :class:`loadgen.errors.BusError` when Redis does not do it."""

    def __init__(self, bus: Bus, run: str) -> None:
        self._bus = bus
        self._redis: Any = bus.client  # redis-py's types mix sync and async answers
        self._open, self._take, self._give, self._free = (script(bus.client, name) for name in _SCRIPTS)
        self._run = run
        self._fence, self._rows, self._held = (keys.run_key(run, part) for part in ("fence", "rows", "rows-held"))

    def open(self, fence: int) -> None:
        """Rows can be dealt from now on; done before the run starts.

        Raises:
            FencedError: another coordinator leads.
        """
        with speaking_to(self._bus.url):
            opened = self._open(keys=[self._fence, self._rows], args=[fence, keys.KEPT_WITHOUT_END_S])
        fenced(bool(opened), self._run)

    def take(self, source: str, worker: str, total: int, *, unique: bool, again: bool) -> Answer:
        """Deal a worker some rows.

        Args:
            source: the source's name.
            worker: who asks.
            total: how many rows the source has.
            unique: whether they are the worker's alone until it gives them back.
            again: whether rows that are not unique begin again after the last.
        """
        args: list[Any] = [source, worker, total, int(unique), int(again and not unique)]
        with speaking_to(self._bus.url):
            answer = self._take(keys=[self._rows, self._held], args=args)
        return Answer(Dealt(answer[0]), *answer[1:])

    def give(self, worker: str, ranges: Sequence[Returned]) -> int:
        """Give ranges back; how many of them the worker still held."""
        args: list[Any] = [worker, *(part for known in ranges for part in known)]
        with speaking_to(self._bus.url):
            return int(self._give(keys=[self._rows, self._held], args=args))

    def holders(self) -> set[str]:
        """All workers that hold rows."""
        with speaking_to(self._bus.url):
            return {held.decode().split(" ", 2)[2] for held in self._redis.hvals(self._held)}

    def free(self, fence: int, worker: str, again: Sequence[str]) -> int:
        """Take a lost worker's rows from it.

        Args:
            fence: the leader's.
            worker: whose.
            again: the sources of which rows may be used again.

        Returns:
            How many ranges it held.

        Raises:
            FencedError: another coordinator leads.
        """
        with speaking_to(self._bus.url):
            freed = int(self._free(keys=[self._fence, self._rows, self._held], args=[fence, worker, *again]))
        fenced(freed >= 0, self._run)
        return freed
