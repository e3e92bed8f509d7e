"""Shops in streets: where they are, what they have, and what was set aside there for whom (click and collect).

A branch has a few pieces of each SKU, the same for the same catalogue; they are not part of the stock that is sold
online.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from loadgen.demoshop.catalogue import Sku
from loadgen.demoshop.orders import CANCELLED
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.sessions import Session

BRANCHES: Final = {
    "amsterdam": "Amsterdam, 12 Canal Street",
    "berlin": "Berlin, 3 Station Square",
    "lisbon": "Lisbon, 40 Harbour Road",
    "lyon": "Lyon, 7 Bridge Street",
    "paris": "Paris, 88 Market Street",
    "vienna": "Vienna, 1 Opera Lane",
}
"""Addresses by key."""

RESERVED: Final = "reserved"
MOST_PIECES = 4
"""No branch has more pieces of a SKU than this."""


@dataclass(slots=True)
class Reservation:
    """One piece that waits for its buyer.

    Attributes:
        number: unique, also across resets.
        session_token: of the visitor who reserved it.
        sku: what was set aside.
        branch: key of the branch.
        email: of the buyer.
        name: of the buyer.
        state: reserved or cancelled.
    """

    number: str
    session_token: bytes
    sku: Sku
    branch: str
    email: str
    name: str
    state: str = RESERVED

    def as_json(self) -> dict[str, Any]:
        """The reservation for programs."""
        return {
            "number": self.number,
            "state": self.state,
            "sku": self.sku.key,
            "name": self.sku.name,
            "branch": self.branch,
            "email": self.email,
            "price_cents": self.sku.product.price_cents,
        }


class Street:
    """All branches, and what is reserved there since the last reset.

    Attributes:
        reservations: in the order in which they were made, by number.
    """

    def __init__(self) -> None:
        self._issued = 0
        self.reset()

    def reset(self) -> None:
        """Forget the reservations; their numbers go on."""
        self.reservations: dict[str, Reservation] = {}
        self._reserved: dict[tuple[str, str], int] = {}

    def pieces(self, sku: Sku) -> Iterator[tuple[str, int]]:
        """The branches by key, each with the pieces that it has left."""
        size = sku.product.sizes.index(sku.size) if sku.size else 0
        for place, key in enumerate(BRANCHES):
            had = (sku.product.number * 3 + place * 2 + size) % (MOST_PIECES + 1)
            yield key, had - self._reserved.get((key, sku.key), 0)

    def reserve(self, session: Session, sku: Sku, branch: str, email: str, name: str) -> Reservation:
        """Set a piece aside.

        Args:
            session: of the visitor.
            sku: what they want.
            branch: key of the branch.
            email: of the visitor.
            name: of the visitor.

        Raises:
            Refusal: 404 for a branch that there is not, 409 for one that has none.
        """
        left = dict(self.pieces(sku)).get(branch)
        if left is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "branch_unknown", "There is no such shop.")
        if left <= 0:
            raise Refusal(HTTPStatus.CONFLICT, "out_of_stock", f"Out of stock: {sku.name}, in this shop.")
        self._issued += 1
        reservation = Reservation(f"RS-{self._issued:08d}", session.token, sku, branch, email, name)
        self.reservations[reservation.number] = reservation
        self._move(reservation, 1)
        return reservation

    def find(self, number: str, session: Session, email: str = "") -> Reservation:
        """The reservation of a number, as far as a visitor may see it.

        Args:
            number: of the reservation.
            session: of the visitor.
            email: an address that the visitor gave.

        Raises:
            Refusal: 404 when there is none, or it is somebody else's.
        """
        found = self.reservations.get(number)
        if found is None or not (
            found.session_token == session.token or found.email in (session.customer, email.lower())
        ):
            raise Refusal(HTTPStatus.NOT_FOUND, "reservation_unknown", "You have no such reservation.")
        return found

    def cancel(self, reservation: Reservation) -> None:
        """Put a piece back.

        Raises:
            Refusal: 409 when it is cancelled already.
        """
        if reservation.state == CANCELLED:
            raise Refusal(HTTPStatus.CONFLICT, "reservation_cancelled", "This reservation is cancelled already.")
        reservation.state = CANCELLED
        self._move(reservation, -1)

    def _move(self, reservation: Reservation, pieces: int) -> None:
        place = (reservation.branch, reservation.sku.key)
        self._reserved[place] = self._reserved.get(place, 0) + pieces
