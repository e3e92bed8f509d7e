"""Undoing what the shoppers of a run have created, through the shop's dialect: ``loadgen clean``.

One thing after the other, each by a visitor of its own who knows nothing but where the thing is: no more load than one
person makes.

===========  =============================================================================================
undone       the shop has undone it
refused      the shop did not: it is cancelled already, or sent, or the shop answered with an error
unsupported  it is no order, or the dialect has no ``cancel``
===========  =============================================================================================
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import gevent

from loadgen.commerce import Order, Refusal
from loadgen.errors import UsageError
from loadgen.journey import chatter
from loadgen.journey.dialect import Dialect
from loadgen.journey.environment import JourneyEnvironment, PlanContext
from loadgen.journey.leaving import GaveUp
from loadgen.journey.load import dialect_of
from loadgen.journey.recorder import Recorder
from loadgen.journey.session import Session
from loadgen.journey.shopper import Shopper
from loadgen.journey.wire import install, listen
from loadgen.messages.created import Created
from loadgen.plan.read import LoadedPlan
from loadgen.plan.secrets import resolve_target

ORDER = "order"
"""The kind of thing that a dialect can undo."""


class Fate(StrEnum):
    """What became of a thing."""

    UNDONE = "undone"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"


class Cleaner(Shopper):
    """Cancels one order.

    Attributes:
        order: which.
        fate: what became of it.
        why: the shop's words where it refused.
    """

    order: Order
    fate = Fate.REFUSED
    why = ""

    def journey(self) -> None:
        """Cancel it, and remember what the shop said."""
        try:
            self.shop.cancel(self.order)
        except Refusal as refusal:
            self.why = str(refusal)
        except GaveUp:
            self.why = "the shop answered with an error"
        else:
            self.fate = Fate.UNDONE


def undo(things: Iterable[Created], loaded: LoadedPlan, run: str) -> Iterator[tuple[Created, Fate, str]]:
    """Undo things one by one.

    Args:
        things: what shoppers created.
        loaded: the plan whose target and dialect these are.
        run: the run that created them; marks requests where the plan says so.

    Yields:
        Each thing with what became of it, and why.

    Raises:
        UsageError: the plan names no dialect.
        PlanError: a variable of the target is not set here.
        JourneyError: the dialect does not import.
    """
    dialect = _dialect_of(loaded)
    target = resolve_target(loaded.plan.target, os.environ)
    install()
    chatter.silence()
    context = PlanContext(
        headers=target.headers_in(run), insecure_tls=target.insecure_tls, http=target.http, dialect=dialect
    )
    environment = JourneyEnvironment(context, user_classes=[Cleaner], host=target.base_url)
    recorder = Recorder("clean")
    unlisten = listen(environment, recorder)
    try:
        for thing in things:
            if thing.kind == ORDER and _can_cancel(dialect):
                yield thing, *_cancel(thing, environment, recorder)
            else:
                yield thing, Fate.UNSUPPORTED, ""
            recorder.take(0)
    finally:
        unlisten()


def _cancel(thing: Created, environment: JourneyEnvironment, recorder: Recorder) -> tuple[Fate, str]:
    cleaner: Any = environment.new_user(Cleaner)
    cleaner.order = Order(thing.number, 0, path=thing.path)
    session = Session(recorder, Cleaner.__name__)
    gevent.spawn(session.run, cleaner).get()
    return cleaner.fate, cleaner.why or (str(session.error) if session.error is not None else "")


def _can_cancel(dialect: type[Dialect]) -> bool:
    return dialect.cancel is not Dialect.cancel


def _dialect_of(loaded: LoadedPlan) -> type[Dialect]:
    dialect = dialect_of(loaded)
    if dialect is None:
        raise UsageError(
            "the plan does not say how the shop is spoken to, so nothing can be undone",
            hint="name a dialect as target.dialect; docs/dialects.md shows how to write one",
        )
    return dialect
