"""The class that journeys are written with: one visitor, one journey, made of steps.

::

    class Browser(Shopper):
        think = uniform(1, 3)

        def journey(self) -> None:
            with self.step("home"):
                self.must(self.client.get("/"))
            self.think_time()
            with self.step("product"):
                self.client.get(self.pick(["/product/socks", "/product/hat"]), name="/product/{slug}")

A shopper has its own connections and cookies, as a new visitor would. A failed request does not end a journey by
itself: a visitor may well go on. ``must`` says that this one does not.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, TypeVar

import gevent
from gevent import GreenletExit
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING, DefaultTaskSet

from loadgen.errors import JourneyError
from loadgen.journey.creations import kept_for
from loadgen.journey.data import ShopperData
from loadgen.journey.dialect import Dialect
from loadgen.journey.dice import Dice
from loadgen.journey.environment import NO_PLAN, JourneyEnvironment
from loadgen.journey.http.batches import Call
from loadgen.journey.http.pages.page import Page
from loadgen.journey.http.response import Response
from loadgen.journey.http.user import FastHttpUser
from loadgen.journey.leaving import GaveUp
from loadgen.journey.patience import device_of
from loadgen.journey.recorder import AbandonReason
from loadgen.journey.session import Session
from loadgen.journey.sources import give_back, how_many_held
from loadgen.journey.steps import measured
from loadgen.journey.thinking import Think, uniform
from loadgen.markup import Form, forms_of
from loadgen.stats.evidence import EVIDENCE, VIOLATION

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R", bound=Response | Page)

ABANDON_REASONS = ("error", "slow", "will")


class Shopper(FastHttpUser):
    """One visitor with one journey. Subclass it and write :meth:`journey`.

    Attributes:
        insecure: whether any TLS certificate is accepted; unlike Locust's users, a shopper is careful by default.
        think: draws the think times of :meth:`think_time`.
        one_journey: tells the session that one task is the whole journey.
        dialect: how the shop is spoken to where the plan does not say so.
        assets: whether a dialect's pages are loaded with their stylesheets, scripts and pictures.
    """

    abstract = True
    environment: JourneyEnvironment
    loadgen_session: Session | None = None

    insecure = False
    think: ClassVar[Think] = uniform(1, 3)
    one_journey: ClassVar[bool] = True
    dialect: ClassVar[type[Dialect] | None] = None
    assets: bool = False

    _shop: Dialect | None = None
    _rng: random.Random | None = None
    _device: str | None = None

    def _take_journey(self) -> None:
        own = how_many_held(self)  # rows that it took when it started stay its own
        try:
            self.journey()
        except GaveUp as gave_up:
            if gave_up.reason == "error" and self.loadgen_session is not None:
                self.loadgen_session.task_failed(None)
            raise
        finally:
            give_back(self, but=own)

    def visit(self) -> None:
        """``on_start``, one journey, ``on_stop``: what ``run()`` does for a single task, without a TaskSet.

        Raises:
            Exception: what ``run()`` lets pass: an error in ``on_start``, an ``interrupt()``, or any error of the
                journey where the environment does not catch them.
        """
        session = self.loadgen_session
        if session is None or not self.tasks:  # tags left nothing to do: Locust says so
            self.run()  # type: ignore[no-untyped-call]
            return
        self._state = LOCUST_STATE_RUNNING
        try:
            self._arrive()
            if self._state == LOCUST_STATE_RUNNING:  # and not asked to leave meanwhile
                self._look_around(session)
        except (GreenletExit, StopUser, StopTest):
            pass
        self.on_stop()  # type: ignore[no-untyped-call]

    def _arrive(self) -> None:
        try:
            self.on_start()
        except (StopUser, StopTest):
            raise
        except Exception as error:
            self._report(error)
            raise

    def _look_around(self, session: Session) -> None:
        try:
            self._take_journey()
        except (RescheduleTask, RescheduleTaskImmediately):
            session.task_done()
        except (StopUser, StopTest):
            session.task_left()
            raise
        except InterruptTaskSet:
            raise
        except Exception as error:
            session.task_failed(error)
            self._report(error)
            if not self.environment.catch_exceptions:
                raise
        else:
            session.task_done()

    def _report(self, error: Exception) -> None:
        told = {"user_instance": self, "exception": error, "tb": error.__traceback__}
        self.environment.events.user_error.fire(**told)  # type: ignore[no-untyped-call]
        logger.error("%s: %s", type(self).__name__, error, exc_info=error)

    def wait(self) -> None:
        """Sleep for the class's ``wait_time``."""
        if self._taskset_instance is None:
            self._taskset_instance = DefaultTaskSet(self)
        super().wait()  # type: ignore[no-untyped-call]

    def journey(self) -> None:
        """What the shopper does, once. To be written by the author."""
        raise NotImplementedError(f"{type(self).__name__} has no journey()")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if any(getattr(known, "__name__", "") != "whole_journey" for known in cls.tasks):
            raise TypeError(f"{cls.__name__} is a Shopper: it has a journey() and no @task")

        def whole_journey(shopper: Shopper) -> None:
            shopper._take_journey()

        cls.tasks = [whole_journey]  # its own for each class, so that @tag on one class leaves the others alone

    # -- steps ------------------------------------------------------------------------------------------------------

    def step(self, name: str) -> AbstractContextManager[None]:
        """A measured part of the journey: ``with self.step("payment"): ...``."""
        return measured(self.loadgen_session, name)

    def give_up(self, reason: AbandonReason = "will") -> None:
        """Abandon the step and end the journey.

        Args:
            reason: ``will`` (no wish to go on), ``slow`` (the shop was too slow) or ``error`` (the journey failed).

        Raises:
            GaveUp: always; Locust takes it as a return.
        """
        if reason not in ABANDON_REASONS:
            raise ValueError(f"a shopper gives up for one of {', '.join(ABANDON_REASONS)}, not {reason}")
        raise GaveUp(reason)

    def must(self, response: R) -> R:
        """Go on only with an answer below 400; otherwise the step is abandoned and the journey has failed.

        Args:
            response: or a page; its assets may be missing.

        Returns:
            The same.
        """
        if not 0 < response.status_code < 400:
            self.give_up("error")
        return response

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a business counter: orders, revenue_cents, carts."""
        session = self.loadgen_session
        if session is not None:
            session.recorder.count(session.journey, name, amount, session.device)

    def created(self, kind: str, number: str, path: str = "") -> bool:
        """Put something that now is in the shop on the list that ``loadgen clean`` undoes, where the plan wants one.

        No number is to be given twice: whoever adds one that is on the list already breaks the rule ``order_number``.

        Args:
            kind: what it is; ``order`` is what dialects can undo.
            number: what the shop calls it.
            path: where it is to be found: what ``cancel`` of the dialect needs to know.

        Returns:
            Whether there is such a list.
        """
        creations = kept_for(self.environment)
        if creations is None:
            return False
        session = self.loadgen_session
        creations.note(kind, number, path, type(self).__name__, session.arrival if session else "")
        return True

    def complain(self, rule: str, words: str) -> None:
        """Report that the shop did what it must never do: the run fails, this shopper goes on.

        Args:
            rule: a short name, of which there are few; counted as ``violation:RULE``.
            words: what was seen.
        """
        self.count(f"{VIOLATION}{rule}")
        self.evidence(f"{VIOLATION}{rule}", words)

    def evidence(self, of: str, words: str) -> None:
        """Keep a sentence about something counted, with who saw it and when; the first few of each are kept."""
        session = self.loadgen_session
        if session is not None:
            told = f"{words} (arrival {session.arrival})"
            session.recorder.sample(session, of, "", EVIDENCE, told)

    # -- the shop ---------------------------------------------------------------------------------------------------

    @property
    def shop(self) -> Dialect:
        """The shop as this shopper speaks to it: the plan's dialect, or else that of the class.

        Raises:
            JourneyError: neither names one.
        """
        if self._shop is None:
            dialect = getattr(self.environment, "context", NO_PLAN).dialect or self.dialect
            if dialect is None:
                raise JourneyError(
                    f"{type(self).__name__} does not know how to speak to the shop",
                    hint="name a dialect: target.dialect in the plan, --dialect FILE, or the class attribute dialect",
                )
            self._shop = dialect(self)
        return self._shop

    # -- behaviour --------------------------------------------------------------------------------------------------

    @property
    def data(self) -> ShopperData:
        """The plan's data: ``self.data.customers.take()``, see :mod:`loadgen.journey.data`."""
        return ShopperData(self)

    @property
    def rng(self) -> random.Random:
        """This shopper's own random generator, seeded by the plan's seed and the arrival: repeatable."""
        if self._rng is None:
            self._rng = self.dice_for("")
        return self._rng

    def dice_for(self, purpose: str) -> Dice:
        """A random generator for one purpose, untouched by what is drawn for others; seeded as :attr:`rng` is."""
        seed = getattr(getattr(self.environment, "context", None), "seed", 0)
        session = self.loadgen_session
        who = f"{session.stream}:{session.arrival}" if session else ""
        return Dice(f"{seed}:{type(self).__name__}:{who}{purpose and ':'}{purpose}")

    @property
    def device(self) -> str:
        """What this shopper holds in its hand: one of the plan's ``devices``, ``""`` if it names none."""
        if self._device is None:
            self._device = device_of(getattr(self.environment, "context", NO_PLAN), self.loadgen_session)
        return self._device

    def pick(self, choices: Sequence[T]) -> T:
        """One of them, all alike."""
        return self.rng.choice(choices)

    def chance(self, share: float) -> bool:
        """True for this share of all shoppers: ``if self.chance(0.3): ...``."""
        return self.rng.random() < share

    def think_time(self, think: Think | None = None) -> None:
        """Look at the page for a while. A shopper that is asked to leave does so here.

        Args:
            think: another time than the journey's own :attr:`think`.

        Raises:
            StopUser: the shopper was asked to leave.
        """
        scale = getattr(self.environment, "think_scale", 1.0)
        if self._state == LOCUST_STATE_STOPPING:
            raise StopUser
        self._state = LOCUST_STATE_WAITING
        gevent.sleep((think or self.think).draw(self.rng) * scale)
        if self._state == LOCUST_STATE_STOPPING:
            raise StopUser
        self._state = LOCUST_STATE_RUNNING

    def page(self, url: str, *, name: str | None = None, step: str | None = None, **options: Any) -> Page:
        """Load a page with its stylesheets, scripts, pictures and fonts, as a browser does.

        See :meth:`loadgen.journey.http.visiting.Visiting.page`; this is ``self.client.page``.
        """
        return self.client.page(url, name=name, step=step, **options)

    def batch(self, calls: Iterable[Call]) -> list[Response]:
        """Send some requests at once, at most six to one host; the responses come in the order of the calls.

        See :meth:`loadgen.journey.http.visiting.Visiting.batch`; this is ``self.client.batch``.
        """
        return self.client.batch(calls)

    def form(self, page: Response | Page | str, action: str | None = None, *, having: str = "") -> Form:
        """A form of the page, with its hidden fields.

        Args:
            page: a response or page, or its HTML.
            action: the beginning of the form's action; None takes the page's first form.
            having: a field of it, where its action does not tell it from others.

        Raises:
            AssertionError: the page has no such form.
        """
        for form in forms_of(page if isinstance(page, str) else page.text or ""):
            if (action is None or form.action.startswith(action)) and (not having or having in form.fields):
                return form
        which = (f" for {action}" if action else "") + (f" with a field {having}" if having else "")
        raise AssertionError(f"the page has no form{which}")
