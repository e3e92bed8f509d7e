"""The sources of a plan's data in one process, and which rows its shoppers have of their own.

A source's dealer decides which of its rows this process may hand out: :class:`OwnDealer` all of them, a worker's those
that it was dealt by Redis (:mod:`loadgen.worker.rows`).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, overload

from locust.user.users import User

from loadgen.data import Zipf, shuffled
from loadgen.data.hand import Hand, Held
from loadgen.data.opening import Rows
from loadgen.plan.data import DataSource, Exhausted, Order

if TYPE_CHECKING:
    from loadgen.journey.session import Session

_HELD: Final = "loadgen_rows"
"""Where a user keeps what it holds: it has this only if it ever held a row."""


class Dealer(Protocol):
    """Who decides which process hands out which rows."""

    def may_use(self) -> bool:
        """Whether the rows of this process are surely still its own."""

    def deal(self, source: Source, session: Session | None) -> Held | None:
        """A row's position for a shopper; None when there is none. Blocks while that cannot be known."""

    def take_back(self, source: Source, held: Held) -> None:
        """A shopper does not use a row any more. Never blocks."""


class Source(Sequence[Any]):
    """Rows under a name, in this process. Read by number, it is a sequence.

    Args:
        plan: the plan's entry.
        rows: its rows.
        seed: the plan's; decides the order of unique rows that are drawn uniformly.

    Attributes:
        dealer: by default one that knows only this process.
        hand: what was dealt to this process.
    """

    def __init__(self, plan: DataSource, rows: Rows, seed: int = 0) -> None:
        self.plan, self._rows, self._seed = plan, rows, seed
        self._zipf = Zipf(len(rows), plan.exponent or 1.0) if plan.drawn is Order.ZIPF else None
        self._shuffled = plan.is_dealt and plan.drawn is Order.UNIFORM
        self.hand = Hand(recycle=plan.exhausted is Exhausted.RECYCLE)
        self.dealer: Dealer = OwnDealer()

    @property
    def name(self) -> str:
        """As the plan calls it."""
        return self.plan.name

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, number: int) -> Any: ...
    @overload
    def __getitem__(self, number: slice) -> list[Any]: ...
    def __getitem__(self, number: int | slice) -> Any:
        return self._rows[number]

    def drawn(self, rng: random.Random) -> Any:
        """A row by chance, as the plan's order has it."""
        return self._rows[self._zipf.draw(rng) if self._zipf else rng.randrange(len(self._rows))]

    def at(self, position: int) -> Any:
        """The row at a position of the source's order."""
        return self._rows[shuffled(position, len(self), self._seed) if self._shuffled else position]


class OwnDealer:
    """Deals all rows to this process: for one shopper that is tried, and for tests."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[tuple[int, int]]] = {}

    def may_use(self) -> bool:
        """Nobody else has any."""
        return True

    def deal(self, source: Source, _session: Session | None) -> Held | None:
        """The next one."""
        held = source.hand.draw()
        waiting = self._waiting.setdefault(source.name, deque([(0, len(source))]))
        if held is None and waiting:
            source.hand.deal(*waiting.popleft())
            held = source.hand.draw()
        return held or source.hand.draw_again()

    def take_back(self, source: Source, held: Held) -> None:
        """It is dealt again when all others were, where the plan says so."""
        rest = source.hand.put_back(held)
        if rest is not None and rest.from_ < rest.to:
            self._waiting[source.name].append((rest.from_, rest.to))


def held_by(user: User | None) -> list[tuple[Source, Held]]:
    """The rows that a user has of its own, in the order in which it took them."""
    held: list[tuple[Source, Held]] = user.__dict__.get(_HELD, []) if user is not None else []
    return held


def how_many_held(user: User) -> int:
    """How many rows a user has of its own."""
    return len(user.__dict__.get(_HELD, ()))


def hold(user: User, source: Source, held: Held) -> None:
    """A row is this user's own from now on."""
    user.__dict__.setdefault(_HELD, []).append((source, held))


def give_back(user: User, but: int = 0) -> None:
    """A user's rows are nobody's any more.

    Args:
        user: whose.
        but: so many of them, the first ones, it keeps.
    """
    if _HELD in user.__dict__:
        held = held_by(user)
        while len(held) > but:
            give_one_back(user, *held[-1])


def give_one_back(user: User, source: Source, one: Held) -> None:
    """One row is nobody's any more; no harm if it went back with all others."""
    if (source, one) in held_by(user):
        held_by(user).remove((source, one))
        source.dealer.take_back(source, one)
