"""What an author draws rows with: ``self.data.customers.take()``, ``self.data.terms.sample()``.

::

    class Buyer(Shopper):
        def journey(self) -> None:
            term = self.data.terms.sample()["term"]           # any row, as the plan's order says
            customer = self.data.customers.take()             # this shopper's own until its journey ends
            with self.data.coupons.lease() as coupon:         # its own until the end of the block
                ...

A name that is no identifier is asked for by ``self.data["search-terms"]``. Users that are no ``Shopper`` write
``data_of(self)``. What a shopper draws follows from the plan's seed and its arrival; who gets which unique row follows
from who asks first.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import gevent
from locust.exception import StopUser
from locust.user.users import User

from loadgen.data.hand import Held
from loadgen.errors import JourneyError
from loadgen.journey.dice import Dice
from loadgen.journey.session import Session
from loadgen.journey.sources import Source, give_one_back, held_by, hold
from loadgen.plan.data import Access, Exhausted

LOOK_S: Final = 0.05
"""How often a shopper looks whether its worker may go on."""


class NoRowLeft(Exception):  # noqa: N818 - it reads as what it is
    """A source has no row for this shopper: all were handed out, or all are in use."""


class Draw:
    """One source, as one shopper draws from it.

    Args:
        user: the shopper.
        source: the source.
    """

    __slots__ = ("_source", "_user")

    def __init__(self, user: User, source: Source) -> None:
        self._user, self._source = user, source

    def __len__(self) -> int:
        return len(self._source)

    def sample(self) -> Any:
        """A row by chance or in order, as the plan says; others may draw the same.

        Raises:
            JourneyError: the plan calls the source unique.
            NoRowLeft: all were handed out, and the plan does not begin again.
        """
        if self._source.plan.access is Access.UNIQUE:
            raise JourneyError(
                f"{self._source.name} is unique: its rows cannot be sampled", hint=f"{self._source.name}.take()"
            )
        return self.take()

    def take(self) -> Any:
        """A row. One of a unique source is this shopper's own until its journey ends.

        Raises:
            NoRowLeft: all were handed out and the plan does not begin again, or all are in use.
            StopUser: the shopper was asked to leave while it waited, or the plan ends the run.
        """
        source = self._source
        if not source.plan.is_dealt:
            return source.drawn(_dice_of(self._user))
        return source.at(self._hold().position)

    @contextmanager
    def lease(self) -> Iterator[Any]:
        """A row that is this shopper's own until the end of the block: ``with self.data.customers.lease() as one:``.

        Raises:
            NoRowLeft: as :meth:`take`.
        """
        source = self._source
        if not source.plan.is_dealt:
            yield source.drawn(_dice_of(self._user))
            return
        held = self._hold()
        try:
            yield source.at(held.position)
        finally:
            give_one_back(self._user, source, held)

    def _hold(self) -> Held:
        source, user = self._source, self._user
        session: Session | None = getattr(user, "loadgen_session", None)
        held = source.dealer.deal(source, session)
        if held is None:
            _tell_end(user, source, session)
        if source.plan.access is Access.UNIQUE:
            hold(user, source, held)
            if session is not None:
                session.before_sending = _await_leave
        else:
            source.dealer.take_back(source, held)
        return held


class ShopperData:
    """All sources of a plan, as one shopper draws from them.

    Args:
        user: the shopper.
    """

    __slots__ = ("_user",)

    def __init__(self, user: User) -> None:
        self._user = user

    def __getitem__(self, name: str) -> Draw:
        known = getattr(getattr(self._user.environment, "context", None), "data", {})
        if name not in known:
            names = ", ".join(known) or "none"
            raise JourneyError(f"the plan has no data called {name}", hint=f"it has {names}")
        return Draw(self._user, known[name])

    def __getattr__(self, name: str) -> Draw:
        if name.startswith("__"):
            raise AttributeError(name)  # whoever copies or inspects asks for such names
        return self[name]


def data_of(user: User) -> ShopperData:
    """The plan's data for a user of any class."""
    return ShopperData(user)


def _tell_end(user: User, source: Source, session: Session | None) -> NoReturn:
    if session is not None:
        session.recorder.count(session.journey, f"{source.name}_exhausted")
    if source.plan.exhausted is Exhausted.STOP:
        end_run = getattr(user.environment.runner, "end_run", None)
        if end_run is not None:
            end_run(f"all rows of {source.name} were handed out")
        raise StopUser
    why = "are in use" if source.plan.exhausted is Exhausted.RECYCLE else "were handed out"
    raise NoRowLeft(f"all {len(source)} rows of {source.name} {why}")


def _dice_of(user: User) -> random.Random:
    own: random.Random | None = getattr(user, "rng", None)
    if own is not None:
        return own
    dice: Dice | None = user.__dict__.get("loadgen_dice")
    if dice is None:
        seed = getattr(getattr(user.environment, "context", None), "seed", 0)
        session: Session | None = getattr(user, "loadgen_session", None)
        who = f"{session.stream}:{session.arrival}" if session else ""
        dice = user.__dict__["loadgen_dice"] = Dice(f"{seed}:{type(user).__name__}:{who}:data")
    return dice


def _await_leave(session: Session) -> None:
    """A shopper that uses rows of its own sends nothing while they may be somebody else's."""
    held = held_by(session.user)
    while held and not session.stopping and not held[0][0].dealer.may_use():
        gevent.sleep(LOOK_S)
