"""Who a visitor is from one request to the next: a random token, in a cookie or a bearer header.

Memory is bounded by two generations: a session that is used moves to the young one; when that is full it becomes the
old one, and what was in the old one is forgotten (and counted). So a session lives at least until
``generation_size`` others were used after it.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from loadgen.demoshop.coupons import Coupon

GENERATION_SIZE = 200_000
"""At 150 new visitors per second a session is kept at least 22 minutes; two generations take about 200 MB."""

_COOKIE = re.compile(rb"(?:^|;)\s*sid=([0-9a-f]{32})(?:;|\s|$)")
_BEARER = re.compile(rb"(?i:bearer) +([0-9a-f]{32})\s*$")


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where an order goes.

    Attributes:
        email: of the buyer.
        name: of the buyer.
        address: one line.
        method: key of one of :data:`loadgen.demoshop.methods.DELIVERIES`.
    """

    email: str
    name: str
    address: str
    method: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """A payment that waits for the customer to prove who they are.

    Attributes:
        key: the end of its path; nobody can guess it.
        total_cents: what is to be paid; a cart that has changed since needs another.
    """

    key: str
    total_cents: int


class Session:
    """What the shop remembers about one visitor."""

    __slots__ = ("cart", "challenge", "coupon", "csrf", "customer", "delivery", "token", "wishes")

    def __init__(self, token: bytes, csrf: bytes) -> None:
        self.token = token
        self.csrf = csrf
        self.cart: dict[str, int] = {}
        self.customer: str | None = None
        self.delivery: Delivery | None = None
        self.coupon: Coupon | None = None
        self.challenge: Challenge | None = None
        self.wishes: tuple[str, ...] = ()


class Sessions:
    """All living sessions.

    Args:
        generation_size: sessions used before the oldest generation is forgotten.
    """

    def __init__(self, generation_size: int = GENERATION_SIZE) -> None:
        self._size = generation_size
        self._young: dict[bytes, Session] = {}
        self._old: dict[bytes, Session] = {}
        self.created = 0
        self.forgotten = 0

    def create(self) -> Session:
        """Welcome a new visitor."""
        random = secrets.token_hex(32).encode("ascii")
        session = Session(token=random[:32], csrf=random[32:])
        self.created += 1
        self._keep(session)
        return session

    def find(self, token: bytes) -> Session | None:
        """Recognise a visitor by the token; None for a token that is not ours or was forgotten."""
        session = self._young.get(token)
        if session is None:
            session = self._old.pop(token, None)
            if session is not None:
                self._keep(session)
        return session

    def _keep(self, session: Session) -> None:
        if len(self._young) >= self._size:
            self.forgotten += len(self._old)
            self._old, self._young = self._young, {}
        self._young[session.token] = session


def token_from_cookie(header: bytes) -> bytes:
    """The session token in a ``Cookie`` header; empty when there is none."""
    match = _COOKIE.search(header)
    return match[1] if match else b""


def token_from_bearer(header: bytes) -> bytes:
    """The session token in an ``Authorization`` header; empty when there is none."""
    match = _BEARER.match(header)
    return match[1] if match else b""
