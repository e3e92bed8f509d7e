"""One shopper's life: from the instant it is started to the instant it has left.

::

    open model     run(user, tasks)   on_start ─▶ one journey ─▶ on_stop
    closed model   loop(user)         on_start ─▶ journey ─▶ wait ─▶ journey ─▶ … ─▶ on_stop

Both are Locust's own ``User.run()``, but for a ``Shopper``'s one journey, which needs no loop: ``Shopper.visit()`` does
the same and saves 10 µs a visitor. What is ours is the count of journeys (:mod:`loadgen.journey.rounds`), which user is
being run by the present greenlet, and how it is stopped:

===========  ==========================================================================================================
stop(False)  no further task: the shopper leaves at its next wait or at the end of its task, as Locust's own users do
stop(True)   no further request: one on the wire is finished and recorded, then the shopper is gone
===========  ==========================================================================================================

A greenlet that an author spawns belongs to the session of the greenlet that spawned it. gevent does not hand context
variables down, but it does share ``spawn_tree_locals``; :func:`session_of` looks at both.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

import gevent
from gevent import Greenlet, GreenletExit
from gevent.event import Event
from locust.exception import StopTest, StopUser
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING
from locust.user.users import User

from loadgen.journey.leaving import CONTROL, ShopperGone
from loadgen.journey.mistakes import place_of
from loadgen.journey.patience import Impatience, device_of
from loadgen.journey.recorder import JourneyHow, Recorder, Visit
from loadgen.journey.target import let_go

logger = logging.getLogger(__name__)

current: ContextVar[Session | None] = ContextVar("loadgen_session", default=None)
"""The session of the present greenlet, None outside of one. See :func:`session_of` for spawned greenlets."""

_TREE_KEY: Final = "loadgen_session"


def session_of(owner: Any = None) -> Session | None:
    """The session of the present greenlet, of those it was spawned by, or else of a client's user.

    Args:
        owner: a client with a ``user`` attribute, for clients used outside of their shopper's greenlets.
    """
    session = current.get()
    if session is not None:
        return session
    tree: dict[str, Session] | None = getattr(gevent.getcurrent(), "spawn_tree_locals", None)
    session = tree.get(_TREE_KEY) if tree else None
    if session is not None:
        return session
    found: Session | None = getattr(getattr(owner, "user", None), "loadgen_session", None)
    return found


class Session(Visit):
    """One shopper, from its start to its end. Runs once.

    Args:
        recorder: where everything is counted.
        journey: name of the user class.
        stream: index of the plan's stream of load.
        lag_us: how late the shopper was started, microseconds.
        arrival: tells this shopper from all others of its stream, on whatever worker; seeds its choices.

    Attributes:
        step: the step the shopper is in, "" outside of steps.
        device: what its shopper holds in its hand, "" where the plan names no devices.
        greenlet: the greenlet that runs it, None before and after.
        user: the Locust user, None before.
        error: the last error that its journey raised, None when there was none.
        leaving: whether it was asked to stop.
        stopping: whether every further request is refused.
        in_flight: its requests on the wire, those of greenlets it spawned included.
        impatience: how much longer it waits; None before its first request, and without patience in the plan.
        before_sending: called before each request, if its shopper uses rows of data that are its own.
        judged_late: answered requests whose with-block (``catch_response``) has not ended yet.
    """

    __slots__ = (
        "_failed",
        "_landed",
        "_left",
        "_open_round",
        "_tasks_done",
        "_wanted",
        "arrival",
        "before_sending",
        "device",
        "error",
        "greenlet",
        "impatience",
        "in_flight",
        "judged_late",
        "leaving",
        "recorder",
        "stopping",
        "stream",
        "user",
    )

    def __init__(self, recorder: Recorder, journey: str, stream: int = 0, lag_us: int = 0, arrival: object = 0) -> None:
        super().__init__(journey, "", lag_us)
        self.recorder = recorder
        self.stream = stream
        self.arrival = arrival
        self.device = ""
        self.greenlet: Any = None
        self.user: User | None = None
        self.error: Exception | None = None
        self.leaving = False
        self.stopping = False
        self.in_flight = 0
        self.impatience: Impatience | None = None
        self.before_sending: Callable[[Session], None] | None = None
        self.judged_late: list[Any] = []
        self._wanted: int | None = None
        self._tasks_done = 0
        self._failed = False
        self._left = False
        self._open_round = False
        self._landed: Any = None

    # -- life -------------------------------------------------------------------------------------------------------

    def run(self, user: User, tasks: int = 1) -> JourneyHow:
        """One arrival of the open model: ``on_start``, one journey, ``on_stop``.

        A journey is a ``Shopper``'s ``journey()``, one pass of a ``SequentialTaskSet``, or so many random tasks.
        An error in a task, or in ``on_start``, ends it as failed.

        Args:
            user: a fresh user, as :meth:`JourneyEnvironment.new_user` makes it.
            tasks: how many random tasks make a journey; a ``Shopper`` does its one journey whatever this says.

        Returns:
            How it ended; counted already.
        """
        if getattr(user, "one_journey", False):
            self._wanted = 1
            return self._live(user, user.visit)  # type: ignore[attr-defined]  # a Shopper's
        self._wanted = tasks
        return self._live(user, user.run)

    def loop(self, user: User) -> JourneyHow:
        """A shopper of the closed model: journeys, one after the other, until it is stopped.

        An error in a task fails that journey; the shopper goes on with the next, as in Locust.

        Returns:
            How the last journey ended; each was counted.
        """
        return self._live(user, user.run)

    def _live(self, user: User, life: Callable[[], None]) -> JourneyHow:
        self.user = user
        context = getattr(user.environment, "context", None)
        if context is not None and context.devices:
            self.device = device_of(context, self)
        user.loadgen_session = self  # type: ignore[attr-defined]  # found there by clients of other greenlets
        self.greenlet = greenlet = gevent.getcurrent()
        tree = getattr(greenlet, "spawn_tree_locals", None)
        token = current.set(self)
        try:
            if isinstance(greenlet, Greenlet):
                greenlet.spawn_tree_locals = {_TREE_KEY: self}
            self.round_begins()
            if not self.leaving:
                life()
        except (GreenletExit, StopUser, StopTest):
            pass  # from on_stop, which Locust leaves unguarded; the shopper leaves either way
        except Exception as error:  # noqa: BLE001 - authors' code; counted, and shown as a sample
            self.task_failed(error)
        finally:
            try:
                self._leave()
            finally:
                let_go(user)
                # No circle is left behind: to find those of each shopper took a seventh of a worker's CPU, in pauses of
                # a tenth of a second.
                self.user = None
                self.before_sending = None
                how = self._ending()
                current.reset(token)
                if isinstance(greenlet, Greenlet):
                    greenlet.spawn_tree_locals = tree
        return how

    def _leave(self) -> None:
        """Nothing is lost: judge what no with-block judged, wait for the requests of spawned greenlets."""
        self.greenlet = None  # from here on nothing may be thrown at it
        self.stopping = True
        for response in self.judged_late[:]:
            with contextlib.suppress(GreenletExit, *CONTROL):
                response.__exit__(None, None, None)
        if self.in_flight:
            self._landed = Event()
            self._landed.wait()

    def _ending(self) -> JourneyHow:
        finished = self._left or (self._wanted is not None and self._tasks_done >= self._wanted)
        how: JourneyHow = "failed" if self._failed else "completed" if finished else "interrupted"
        if self._open_round:
            self._open_round = False
            self.recorder.journey_ended(self.journey, how)
        return how

    # -- rounds: called by loadgen.journey.rounds -------------------------------------------------------------------

    def round_begins(self) -> None:
        """A task is about to run; it begins a journey unless one is under way."""
        if not self._open_round:
            self._open_round = True
            self._failed = False
            self.recorder.journey_started(self.journey)

    def task_done(self) -> None:
        """A task that counts has ended well: with the last one wanted, the journey is complete."""
        self._tasks_done += 1
        if self._wanted is None:
            self._end_round("completed")
        elif self._tasks_done >= self._wanted:
            self.be_last_task()

    def task_left(self) -> None:
        """A task raised ``StopUser``: the author's own way of ending the journey, unless it was asked to stop."""
        self._left = not self.leaving

    def task_failed(self, error: Exception | None) -> None:
        """A task raised an error, or the shopper gave up for one: the journey has failed."""
        if error is not None and error is not self.error:
            self.error = error
            self.recorder.sample(self, "", "", "error", f"{type(error).__name__}: {error} ({place_of(error)})")
        self._failed = True
        if self._wanted is None:
            self._end_round("failed")
        else:
            self.be_last_task()

    def _end_round(self, how: JourneyHow) -> None:
        if self._open_round:
            self._open_round = False
            self.recorder.journey_ended(self.journey, "failed" if self._failed else how)

    def be_last_task(self) -> None:
        """Let Locust end the user instead of waiting for the next task."""
        if self.user is not None:
            self.user._state = LOCUST_STATE_STOPPING  # noqa: SLF001 - Locust offers no other way in

    # -- stop -------------------------------------------------------------------------------------------------------

    def stop(self, now: bool) -> None:
        """Ask the shopper to leave. Returns at once; the greenlet ends soon after.

        Args:
            now: False lets the task under way end (a waiting shopper leaves at once); True refuses every further
                request, lets those on the wire be finished and recorded, and ends the shopper then.
        """
        if self.stopping or (self.leaving and not now):
            return
        self.leaving = True
        self.stopping = now
        if self.user is not None:
            gevent.get_hub().loop.run_callback(self._interrupt)

    def _interrupt(self) -> None:
        """End the shopper where that loses nothing. Runs in the hub, so nothing moves between look and throw."""
        user, greenlet = self.user, self.greenlet
        if user is None or greenlet is None:
            return
        waiting = user._state == LOCUST_STATE_WAITING  # noqa: SLF001
        if user._state in (LOCUST_STATE_RUNNING, LOCUST_STATE_WAITING):  # noqa: SLF001
            self.be_last_task()
        if waiting or (self.stopping and not self.in_flight):
            greenlet.throw(ShopperGone())

    def check(self) -> None:
        """Refuse a request if the shopper must send none any more.

        Raises:
            ShopperGone: it was stopped.
        """
        if self.before_sending is not None:
            self.before_sending(self)
        if self.stopping:
            if self.greenlet is None:
                logger.warning("a greenlet that outlived its %s wanted to send a request; it was refused", self.journey)
            gevent.sleep(0)  # an author's loop that swallows even this must not freeze the process
            raise ShopperGone

    def takes_off(self) -> None:
        """A request goes on the wire."""
        self.recorder.takes_off()
        self.in_flight += 1

    def lands(self) -> None:
        """A request has ended, and is recorded or waits for its with-block."""
        self.recorder.lands()
        self.settles()

    def settles(self) -> None:
        """One thing less that must not be interrupted."""
        self.in_flight -= 1
        if self.stopping and not self.in_flight:
            if self._landed is not None:
                self._landed.set()
            gevent.get_hub().loop.run_callback(self._interrupt)
