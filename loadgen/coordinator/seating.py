"""Who serves a run, and with which share. Pure; time is an argument.

A worker of one run goes through::

    invited ──▶ ready ──▶ seated ──▶ done           the usual way
       │          │          ├────▶ leaving ─▶ done  SIGTERM: its share is given back, its shoppers finish
       └─ refused └──────────┴────▶ lost             its lease ended or its supervisor saw it die

A lost worker may come back, when only the network was cut: it finds its seat vacated, and is done.

Whenever the set of ready and seated workers changes, the whole load is cut anew, by weight, from an instant a little
in the future: that is a new epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from loadgen.messages import Seat
from loadgen.shapes.arrivals import EMPTY, Share, split
from loadgen.shapes.shares import PLACES

NOTICE_S: Final = 0.5
"""How far ahead new shares take effect: time for every worker to hear of them."""


class Place(StrEnum):
    """Where a worker stands in a run."""

    INVITED = "invited"
    READY = "ready"
    SEATED = "seated"
    LEAVING = "leaving"
    REFUSED = "refused"
    DONE = "done"
    LOST = "lost"


@dataclass(slots=True)
class Guest:
    """One worker of a run.

    Attributes:
        place: where it stands.
        node: name of its machine.
        weight: how much it can take compared with others.
        share: what it carries now.
        from_s: since when it carries any, seconds since the run's start; None before.
        last_sequence: number of its last frame, once it is done.
        says: why it refused.
    """

    place: Place = Place.INVITED
    node: str = ""
    weight: float = 1.0
    share: Share = EMPTY
    from_s: float | None = None
    last_sequence: int = 0
    says: str = ""


class Seating:
    """The workers of one run."""

    def __init__(self) -> None:
        self.guests: dict[str, Guest] = {}
        self.epoch = 0
        self._changed = False

    def invite(self, worker: str, weight: float) -> Seat | None:
        """Take a worker in; its seat invites it to prepare. None when it is known already."""
        if worker in self.guests:
            return None
        self.guests[worker] = Guest(weight=weight)
        return Seat()

    def restore(self, seats: Mapping[str, Seat]) -> None:
        """Take up what an earlier leader had arranged."""
        for worker, seat in seats.items():
            width = seat.high - seat.low
            place = Place.SEATED if width else Place.LEAVING if seat.epoch else Place.INVITED
            from_s = seat.from_s if seat.epoch else None
            self.guests[worker] = Guest(place=place, share=Share(seat.low, seat.high), from_s=from_s)
            self.epoch = max(self.epoch, seat.epoch)

    def whole_since_s(self) -> float | None:
        """Since when those who are seated carry the whole load, as restored, seconds since the start; None if not."""
        seated = [guest for guest in self.guests.values() if guest.place is Place.SEATED]
        if sum(guest.share.hi - guest.share.lo for guest in seated) < PLACES:
            return None
        return max(guest.from_s or 0.0 for guest in seated)

    def ready(self, worker: str) -> None:
        """A worker has prepared the run."""
        self._move(worker, Place.READY, {Place.INVITED})

    def refused(self, worker: str, why: str) -> None:
        """A worker will not or cannot serve the run."""
        if worker in self.guests:
            self.guests[worker].says = why
            self._move(worker, Place.REFUSED, {Place.INVITED})

    def leaving(self, worker: str) -> bool:
        """A worker wants to leave: it gets no share in the next epoch.

        Returns:
            Whether that is news.
        """
        return self._move(worker, Place.LEAVING, {Place.READY, Place.SEATED})

    def done(self, worker: str, last_sequence: int) -> None:
        """A worker has sent its last frame."""
        if worker in self.guests:
            self.guests[worker].last_sequence = last_sequence
            self._move(worker, Place.DONE, {Place.SEATED, Place.LEAVING, Place.READY, Place.LOST})

    def lost(self, worker: str) -> Share:
        """A worker is gone without a word.

        Returns:
            The share it carried, which nobody serves until the next epoch.
        """
        if worker not in self.guests:
            return EMPTY
        share = self.guests[worker].share
        self._move(worker, Place.LOST, {Place.INVITED, Place.READY, Place.SEATED, Place.LEAVING})
        self.guests[worker].share = EMPTY
        return share

    def vacated(self, start_s: float, from_s: float) -> Seat:
        """A seat for a lost worker, should it still be alive somewhere: it carries nothing any more.

        Args:
            start_s: the run's start instant, cluster time.
            from_s: seconds since the start.
        """
        self.epoch += 1
        return self._seat(EMPTY, start_s, from_s, len(self.names(Place.SEATED)))

    def dismiss(self, worker: str) -> None:
        """The run ends before a worker was given any share: nothing is expected of it."""
        self._move(worker, Place.DONE, {Place.INVITED, Place.READY})

    def next_epoch(self, start_s: float, from_s: float) -> dict[str, Seat]:
        """Cut the load anew, if the workers that carry it have changed.

        Args:
            start_s: the run's start instant, cluster time.
            from_s: from when the new shares hold, seconds since the start.

        Returns:
            The seats to write; empty when nothing changed or nobody is there.
        """
        bearers = sorted(self.names(Place.READY, Place.SEATED))
        if not self._changed or not bearers:
            return {}
        self._changed = False
        self.epoch += 1
        shares = split([self.guests[worker].weight for worker in bearers])
        seats = {}
        for worker, share in zip(bearers, shares, strict=True):
            guest = self.guests[worker]
            guest.share, guest.place = share, Place.SEATED
            guest.from_s = from_s if guest.from_s is None else guest.from_s
            seats[worker] = self._seat(share, start_s, from_s, len(bearers))
        for worker in self.names(Place.LEAVING):
            self.guests[worker].share = EMPTY
            seats[worker] = self._seat(EMPTY, start_s, from_s, len(bearers))
        return seats

    def names(self, *places: Place) -> list[str]:
        """The workers that stand in one of some places."""
        return [worker for worker, guest in self.guests.items() if guest.place in places]

    def _seat(self, share: Share, start_s: float, from_s: float, workers: int) -> Seat:
        return Seat(epoch=self.epoch, start_s=start_s, from_s=from_s, low=share.lo, high=share.hi, workers=workers)

    def _move(self, worker: str, place: Place, allowed: set[Place]) -> bool:
        guest = self.guests.get(worker)
        if guest is None or guest.place not in allowed:
            return False
        bears = {Place.READY, Place.SEATED}
        self._changed |= (guest.place in bears) != (place in bears) or place is Place.READY
        guest.place = place
        return True
