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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Concatenate, ParamSpec, TypeVar

from gevent import GreenletExit
from locust.exception import RescheduleTask
from locust.user.users import User

from loadgen.journey.recorder import AbandonReason
from loadgen.journey.session import CONTROL, Session

P = ParamSpec("P")
R = TypeVar("R")
U = TypeVar("U", bound=User)


class GaveUp(RescheduleTask):
    """Ends a journey by the shopper's own decision: a return from wherever it is, not an error.

    Args:
        reason: why.
    """

    def __init__(self, reason: AbandonReason) -> None:
        super().__init__(reason)
        self.reason: AbandonReason = reason


@contextmanager
def measured(session: Session | None, name: str) -> Iterator[None]:
    """One step of one shopper; without a session (Locust run by itself) it measures nothing."""
    if session is None:
        yield
        return
    recorder, journey, outer = session.recorder, session.journey, session.step
    step = session.step = recorder.step_name(name)
    recorder.step_entered(journey, step)
    start_s = perf_counter()
    try:
        yield
    except GaveUp as gave_up:
        recorder.step_abandoned(journey, step, gave_up.reason)
        raise
    except (GreenletExit, *CONTROL):
        raise  # neither completed nor abandoned: something else ended it
    except BaseException:
        recorder.step_abandoned(journey, step, "error")
        raise
    else:
        recorder.step_completed(journey, step, round((perf_counter() - start_s) * 1e6))
    finally:
        session.step = outer


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
