"""Which share this worker carries, and when: from its seats, and from what became of the shares it was offered. Pure.

::

    seat              offered b from T                  known to be sure       known to be off
    ───────────────▶ ──────────────────────────────▶ ┬─▶ a until T, b then
    a                 a until T, then what a and b    └─────────────────────▶ a, as if nothing had been
                      have in common: nobody else
                      has that, however it ends

An offer that is heard of only after T is not taken up: arrivals that it gives away may have been started already. Then
the worker does not say that it has heard, so the offer cannot become sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from loadgen.messages import Piece, Seat
from loadgen.shapes.shares import EMPTY, Share

SPREAD: Final = 0.25
"""The part of the time between deadline and new shares over which workers ask, so that not all ask at once."""

SOON_S: Final = 0.01
"""The least pause before asking again, where the deadline is over and it is open still: clocks differ a little."""


class Tenure:
    """What one worker carries in one run.

    Attributes:
        seat: the latest one.
    """

    def __init__(self) -> None:
        self.seat = Seat()
        self._sure: bool | None = False
        self._in_time = False

    def take(self, seat: Seat, now_s: float) -> bool:
        """Take a new seat.

        Args:
            seat: as it lies in Redis.
            now_s: seconds since the run's start.

        Returns:
            Whether it is news. Of two with one number the later one holds: a fail-over forgot the first. One without an
            offer is later than the one that made it: what was offered holds, and no later epoch will say so.
        """
        if _order(seat) <= _order(self.seat):
            return False
        self.seat = seat
        self._sure = None if seat.offer else True
        self._in_time = seat.offer is not None and now_s < seat.offer.from_s
        return True

    def settle(self, epoch: int, *, sure: bool) -> bool:
        """It is known now what became of an offer.

        Args:
            epoch: its number.
            sure: whether it holds.

        Returns:
            Whether that is news.
        """
        if epoch != self.seat.epoch or not self.is_open:
            return False
        self._sure = sure
        return True

    @property
    def is_open(self) -> bool:
        """Whether it is not known yet what became of an offer."""
        return self._sure is None

    @property
    def may_hear(self) -> bool:
        """Whether this worker may say that it has heard of the open offer: :attr:`pieces` hold to it in any case."""
        return self.is_open and self._in_time

    @property
    def doubt_from_s(self) -> float | None:
        """From when on this worker carries less than it may have to, seconds since the start; None when it does not."""
        return self.seat.offer.from_s if self.seat.offer and self.may_hear else None

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What to carry, in order."""
        pieces, offer = self.seat.pieces, self.seat.offer
        if offer is None or self._sure is False or not (self._sure or self._in_time):
            return pieces
        share = offer.share
        if not self._sure:
            share = share.common(pieces[-1].share if pieces else EMPTY)
        return (*pieces, Piece(from_s=offer.from_s, low=share.lo, high=share.hi))

    @property
    def has_begun(self) -> bool:
        """Whether this worker was surely given any share, or had it taken back."""
        return bool(self.seat.pieces) or (self.seat.offer is not None and self._sure is True)

    def is_over(self, now_s: float) -> bool:
        """Whether this worker gave its share back before an instant, seconds since the run's start."""
        last = self.pieces[-1] if self.has_begun and not self.is_open else None
        return last is not None and last.share == EMPTY and now_s > last.from_s


def _order(seat: Seat) -> tuple[int, float, bool]:
    """Seats of one worker, ordered by when they were written."""
    return seat.epoch, seat.latest_s, seat.offer is None


def ask_at_s(seat: Seat, now_s: float, dice: float) -> float:
    """When to ask again what became of an offer, cluster time: soon after its deadline.

    Args:
        seat: has an offer.
        now_s: cluster time.
        dice: from 0 to 1, another for each worker.
    """
    offer = seat.offer
    assert offer is not None  # noqa: S101 -- nothing else is open
    return max(now_s + SOON_S, seat.start_s + offer.by_s) + SPREAD * (offer.from_s - offer.by_s) * dice


def share_at(pieces: Sequence[Piece], at_s: float) -> Share:
    """The share at an instant, seconds since the run's start."""
    return next((piece.share for piece in reversed(pieces) if piece.from_s <= at_s), EMPTY)


def changes(held: Sequence[Piece], wanted: Sequence[Piece]) -> list[Piece]:
    """What must be assigned anew to come from some pieces to others: all from the first difference on.

    Args:
        held: what was assigned.
        wanted: what should be; says nothing of what was before its first piece.
    """
    if not wanted:
        return []
    instants = {piece.from_s for piece in (*held, *wanted) if piece.from_s >= wanted[0].from_s}
    differ = [at_s for at_s in sorted(instants) if share_at(held, at_s) != share_at(wanted, at_s)]
    if not differ:
        return []
    share = share_at(wanted, differ[0])
    first = Piece(from_s=differ[0], low=share.lo, high=share.hi)
    return [first, *(piece for piece in wanted if piece.from_s > differ[0])]
