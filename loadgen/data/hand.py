"""The rows that one process may hand out: ranges it was dealt, and who of its shoppers uses which row. Pure.

::

    range   lo ······ next ──────── hi        before next: drawn, of which ``out`` are still in use
            │ drawn   │ to be drawn  │

A range whose rows are all drawn, and of which none is in use, is finished: it goes back to whoever dealt it. Until then
rows of it that came back wait here, and are drawn again where nothing new is to be had. Positions
count along the source's order; which row stands at a position is for others to say.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple


class Range:
    """Positions ``low … high − 1``."""

    __slots__ = ("back", "high", "low", "next", "out", "token")

    def __init__(self, low: int, high: int, token: int) -> None:
        self.low, self.high, self.token = low, high, token
        self.back: deque[int] = deque()
        self.next, self.out = low, 0

    @property
    def is_finished(self) -> bool:
        """Whether nothing of it is left to draw or in use."""
        return self.next == self.high and not self.out


class Held(NamedTuple):
    """A position in somebody's use.

    Attributes:
        position: which one.
        range: where it belongs.
    """

    position: int
    range: Range


class Rest(NamedTuple):
    """A range that goes back, and which part of it may be dealt again.

    Attributes:
        low: the range's first position.
        token: told apart by this from the same range at another time.
        from_: the first position to be dealt again.
        to: one behind the last.
    """

    low: int
    token: int
    from_: int
    to: int


class Hand:
    """What is left of the ranges that were dealt.

    Args:
        recycle: whether rows that were used may be dealt again.
    """

    def __init__(self, *, recycle: bool) -> None:
        self._recycle = recycle
        self._ranges: dict[int, Range] = {}
        self._current: Range | None = None

    def deal(self, low: int, high: int, token: int = 0) -> None:
        """Take a range, to be drawn from next."""
        self._current = self._ranges[low] = Range(low, high, token)

    @property
    def has_more(self) -> bool:
        """Whether something is left to draw that nobody had."""
        return self._current is not None

    def draw(self) -> Held | None:
        """The next position; None when all are drawn."""
        current = self._current
        if current is None:
            return None
        position = current.next
        current.next += 1
        current.out += 1
        if current.next == current.high:
            self._current = None
        return Held(position, current)

    def draw_again(self) -> Held | None:
        """A position that came back and waits here; None when none does, or rows are used only once."""
        for known in self._ranges.values():
            if known.back:
                known.out += 1
                return Held(known.back.popleft(), known)
        return None

    def put_back(self, held: Held) -> Rest | None:
        """A position is not in use any more; the range that is finished by it, if one is."""
        held.range.out -= 1
        if held.range.is_finished:
            return self._done_with(held.range)
        if self._recycle:
            held.range.back.append(held.position)
        return None

    def all(self) -> Iterator[Rest]:
        """Everything: the process leaves. What is in use still is not dealt again by this."""
        self._current = None
        for known in list(self._ranges.values()):
            if known.out == 0 or known.next < known.high:
                yield self._done_with(known)

    def _done_with(self, known: Range) -> Rest:
        del self._ranges[known.low]
        unused = known.next if known.out or not self._recycle else known.low
        return Rest(known.low, known.token, unused, known.high)
