"""Steps: the named parts of a journey that are measured and form the funnel.

::

    with self.step("payment"):          entered ──▶ completed            the block ended
        ...                                     ├─▶ abandoned: error     it raised, or ``must`` was not met
                                                ├─▶ abandoned: slow      give_up("slow"), the shop was too slow
                                                ├─▶ abandoned: will      give_up("will"), the shopper had no wish
                                                └─▶ (still inside)       the generator ended the shopper

Requests sent inside a step carry its name. Steps may be nested; the innermost gives its name.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from types import TracebackType
from typing import Concatenate, ParamSpec, TypeVar

from gevent import GreenletExit
from locust.user.users import User

from loadgen.journey.leaving import CONTROL, GaveUp
from loadgen.journey.session import Session

P = ParamSpec("P")
R = TypeVar("R")
U = TypeVar("U", bound=User)


class _Measured:
    """A with-block that is a step."""

    # A generator would do the same in fewer lines, in more time and memory at every step.
    __slots__ = ("_name", "_outer", "_session", "_start_s")

    def __init__(self, session: Session, name: str) -> None:
        self._session, self._name = session, name

    def __enter__(self) -> None:
        session, recorder = self._session, self._session.recorder
        self._outer, self._name = session.step, recorder.step_name(self._name)
        session.step = self._name
        if session.impatience is not None:
            session.impatience.begin()
        recorder.step_entered(session.journey, self._name, session.device)
        self._start_s = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, recorder, name = self._session, self._session.recorder, self._name
        if error is None:
            time_us = round((perf_counter() - self._start_s) * 1e6)
            recorder.step_completed(session.journey, name, time_us, session.device)
        elif isinstance(error, GaveUp):
            recorder.step_abandoned(session.journey, name, error.reason, session.device)
        elif not isinstance(error, (GreenletExit, *CONTROL)):  # with these neither: something else ended it
            recorder.step_abandoned(session.journey, name, "error", session.device)
        session.step = self._outer


def measured(session: Session | None, name: str) -> AbstractContextManager[None]:
    """One step of one shopper; without a session (Locust run by itself) it measures nothing."""
    return nullcontext() if session is None else _Measured(session, name)


def step(name: str) -> Callable[[Callable[Concatenate[U, P], R]], Callable[Concatenate[U, P], R]]:
    """Make a method of a user a step.

    Example::

        @step("payment")
        def pay(self) -> None: ...
    """

    def decorate(method: Callable[Concatenate[U, P], R]) -> Callable[Concatenate[U, P], R]:
        @functools.wraps(method)
        def stepped(user: U, /, *args: P.args, **kwargs: P.kwargs) -> R:
            with measured(getattr(user, "loadgen_session", None), name):
                return method(user, *args, **kwargs)

        return stepped

    return decorate
