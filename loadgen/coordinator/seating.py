"""Who serves a run, and with which share. Pure; time is an argument.

A worker of one run goes through::

    invited ──▶ ready ──▶ seated ──▶ done           the usual way
       │          │          ├────▶ leaving ─▶ done  SIGTERM: its share is given back, its shoppers finish
       └─ refused └──────────┴────▶ lost             its lease ended or its supervisor saw it die

A lost worker may come back, when only the network was cut: it gives up by itself, and is done.

Whenever the set of ready and seated workers changes, the whole load is cut anew, by weight, from an instant a little
in the future: that is a new epoch. Where anybody carries a share already, the new ones are only offered at first::

                          heard by all in time ──▶ sure: all carry their new shares from that instant on
    offered to all ──▶ ┤
                          not ──▶ off: all go on with what they have

Who has heard of an offer and does not know yet what became of it carries only what its old and its new share have in
common: nobody else has that, however it comes out. Who has not heard carries its old share, and then nobody has a new
one. So no part of the load is ever carried twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from loadgen.messages import MAX_PIECES, Offer, Piece, Seat
from loadgen.shapes.arrivals import EMPTY, Share, split
from loadgen.shapes.shares import PLACES


class Place(StrEnum):
    """Where a worker stands in a run."""

    INVITED = "invited"
    READY = "ready"
    SEATED = "seated"
    LEAVING = "leaving"
    REFUSED = "refused"
    DONE = "done"
    LOST = "lost"


PRESENT = (Place.INVITED, Place.READY, Place.SEATED, Place.LEAVING)
"""Places of workers that are expected to be alive."""


@dataclass(slots=True)
class Guest:
    """One worker of a run.

    Attributes:
        place: where it stands.
        node: name of its machine.
        weight: how much it can take compared with others.
        pieces: what it surely carries and carried lately, in order.
        last_sequence: number of its last frame, once it is done.
        says: why it refused.
    """

    place: Place = Place.INVITED
    node: str = ""
    weight: float = 1.0
    pieces: tuple[Piece, ...] = ()
    last_sequence: int = 0
    says: str = ""

    @property
    def share(self) -> Share:
        """What it carries in the end."""
        return self.pieces[-1].share if self.pieces else EMPTY


@dataclass(frozen=True, slots=True)
class Turn:
    """One epoch: new shares for all who bear the load.

    Attributes:
        epoch: its number.
        start_s: the run's start instant, cluster time.
        from_s: from when on the shares hold, seconds since the run's start.
        by_s: until when all must have heard of them.
        shares: by worker.
        awaited: who must hear; empty where nobody carried anything before, so that the shares are sure at once.
    """

    epoch: int
    start_s: float
    from_s: float
    by_s: float
    shares: dict[str, Share]
    awaited: tuple[str, ...]

    @property
    def bearers(self) -> int:
        """How many workers share the load."""
        return sum(share != EMPTY for share in self.shares.values())


class Seating:
    """The workers of one run.

    Attributes:
        guests: by worker.
        epoch: number of the latest epoch.
        turn: the one of which it is open whether it holds; None mostly.
    """

    def __init__(self) -> None:
        self.guests: dict[str, Guest] = {}
        self.epoch = 0
        self.turn: Turn | None = None
        self._changed = False
        self._named: dict[tuple[Place, ...], tuple[str, ...]] = {}  # the loop asks ten times a second, for thousands
        self._places: dict[str, str] | None = None

    def invite(self, worker: str, weight: float) -> Seat | None:
        """Take a worker in; its seat invites it to prepare. None when it is known already."""
        if worker in self.guests:
            return None
        self.guests[worker] = Guest(weight=weight)
        self._forget_places()
        return Seat()

    def restore(self, seats: Mapping[str, Seat], epoch: int, lost: Iterable[str]) -> Turn | None:
        """Take up what an earlier leader had arranged.

        Args:
            seats: by worker.
            epoch: number of the latest epoch that was announced.
            lost: workers that are known to be lost.

        Returns:
            The latest epoch; :meth:`settle` says whether it holds, if somebody had to hear of it.
        """
        gone, start_s = set(lost), max((seat.start_s for seat in seats.values()), default=0.0)
        for worker, seat in seats.items():
            place = Place.LEAVING if seat.pieces else Place.INVITED
            if seat.pieces and seat.pieces[-1].share != EMPTY:
                place = Place.SEATED
            self.guests[worker] = Guest(place=Place.LOST if worker in gone else place, pieces=seat.pieces)
            self.epoch = max(self.epoch, seat.epoch)
        self._forget_places()
        latest = {worker: seat for worker, seat in seats.items() if epoch and seat.epoch == epoch}
        offers = {worker: seat.offer for worker, seat in latest.items() if seat.offer is not None}
        if offers:
            one = next(iter(offers.values()))
            shares = {worker: offer.share for worker, offer in offers.items()}
            self.turn = Turn(epoch, start_s, one.from_s, one.by_s, shares, tuple(offers))
            return self.turn
        self._changed = bool(epoch) and not self._is_whole()
        held = {worker: seat.pieces[-1] for worker, seat in latest.items() if seat.pieces}
        if not held:
            return None
        from_s = max(piece.from_s for piece in held.values())
        return Turn(epoch, start_s, from_s, from_s, {worker: piece.share for worker, piece in held.items()}, ())

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

    def done(self, worker: str, last_sequence: int) -> bool:
        """A worker has sent its last frame.

        Returns:
            Whether that is news.
        """
        if worker not in self.guests:
            return False
        self.guests[worker].last_sequence = last_sequence
        return self._move(worker, Place.DONE, {Place.SEATED, Place.LEAVING, Place.READY, Place.LOST})

    def lost(self, worker: str) -> None:
        """A worker is gone without a word."""
        self._move(worker, Place.LOST, set(PRESENT))

    def vacated(self, worker: str, start_s: float, from_s: float) -> Seat:
        """A seat for a lost worker, should it still be alive somewhere: it carries nothing any more.

        Args:
            worker: the worker.
            start_s: the run's start instant, cluster time.
            from_s: seconds since the start.
        """
        self.epoch += 1
        return Seat(epoch=self.epoch, start_s=start_s, pieces=ended(self.guests[worker].pieces, from_s))

    def dismiss(self, worker: str) -> None:
        """The run ends before a worker was given any share: nothing is expected of it."""
        self._move(worker, Place.DONE, {Place.INVITED, Place.READY})

    def propose(self, start_s: float, from_s: float, by_s: float) -> Turn | None:
        """Cut the load anew, if the workers that carry it have changed.

        Args:
            start_s: the run's start instant, cluster time.
            from_s: from when the new shares hold, seconds since the run's start.
            by_s: until when all must have heard of them.

        Returns:
            The epoch to announce; None when nothing changed, nobody is there, or an earlier one is open still.
        """
        bearers = sorted(self.names(Place.READY, Place.SEATED))
        if not self._changed or not bearers or self.turn is not None:
            return None
        self._changed = False
        self.epoch += 1
        leaving = [worker for worker in self.names(Place.LEAVING) if self.guests[worker].share != EMPTY]
        cut = split([self.guests[worker].weight for worker in bearers])
        shares = dict(zip(bearers, cut, strict=True)) | dict.fromkeys(leaving, EMPTY)
        anew = not any(self.guests[worker].pieces for worker in shares)
        turn = Turn(self.epoch, start_s, from_s, by_s, shares, () if anew else tuple(shares))
        if anew:
            self._seat(turn)
        else:
            self.turn = turn
        return turn

    def settle(self, *, sure: bool) -> None:
        """It is known now whether the open epoch holds."""
        turn, self.turn = self.turn, None
        if turn is not None and sure:
            self._seat(turn)
        self._changed |= not sure or not self._is_whole()

    def seats(self, turn: Turn) -> dict[str, Seat]:
        """What to write into the seats when an epoch is announced."""
        seats = {}
        for worker, share in turn.shares.items():
            offer = Offer(from_s=turn.from_s, by_s=turn.by_s, low=share.lo, high=share.hi) if turn.awaited else None
            pieces = self.guests[worker].pieces
            seats[worker] = Seat(epoch=turn.epoch, start_s=turn.start_s, pieces=pieces, offer=offer)
        return seats

    def given_back(self, turn: Turn) -> dict[str, Seat]:
        """Seats that no later epoch will say anything of: what was offered to them holds."""
        left = [worker for worker, share in turn.shares.items() if share == EMPTY]
        return {w: Seat(epoch=turn.epoch, start_s=turn.start_s, pieces=self.guests[w].pieces) for w in left}

    def trim(self, dealt_to_s: Callable[[str], float | None]) -> None:
        """Forget what workers carried so long ago that it is dealt with.

        Args:
            dealt_to_s: up to when a worker's sealed frames tell of all its arrivals, seconds since the start.
        """
        for worker in self.names(*PRESENT):
            guest, to_s = self.guests[worker], dealt_to_s(worker)
            while len(guest.pieces) > 1 and to_s is not None and guest.pieces[1].from_s <= to_s:
                guest.pieces = guest.pieces[1:]
            guest.pieces = guest.pieces[1 - MAX_PIECES :]

    def places(self) -> dict[str, str]:
        """Where each worker stands, in words; the same mapping until one has moved."""
        if self._places is None:
            self._places = {worker: guest.place.value for worker, guest in self.guests.items()}
        return self._places

    def names(self, *places: Place) -> tuple[str, ...]:
        """The workers that stand in one of some places; the same tuple until one has moved."""
        known = self._named.get(places)
        if known is None:
            known = tuple(worker for worker, guest in self.guests.items() if guest.place in places)
            self._named[places] = known
        return known

    def _forget_places(self) -> None:
        self._named, self._places = {}, None

    def _is_whole(self) -> bool:
        carried = [self.guests[worker].share for worker in self.names(Place.SEATED)]
        return sum(share.hi - share.lo for share in carried) == PLACES

    def _seat(self, turn: Turn) -> None:
        for worker, share in turn.shares.items():
            guest = self.guests[worker]
            guest.pieces = (*guest.pieces, Piece(from_s=turn.from_s, low=share.lo, high=share.hi))
            if guest.place in {Place.READY, Place.INVITED}:  # a new leader knows it only as invited yet
                guest.place = Place.SEATED
        self._forget_places()

    def _move(self, worker: str, place: Place, allowed: set[Place]) -> bool:
        guest = self.guests.get(worker)
        if guest is None or guest.place not in allowed:
            return False
        bears = {Place.READY, Place.SEATED}
        self._changed |= (guest.place in bears) != (place in bears) or place is Place.READY
        guest.place = place
        self._forget_places()
        return True


def ended(pieces: Iterable[Piece], at_s: float) -> tuple[Piece, ...]:
    """What a worker carried, and nothing from an instant on, seconds since the run's start."""
    before = [piece for piece in pieces if piece.from_s < at_s]
    return (*before[1 - MAX_PIECES :], Piece(from_s=at_s))
