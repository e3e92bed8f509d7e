"""The client of a shopper whose patience has an end: :class:`Client`, with a clock beside each wait.

A shopper that will wait no longer stops as a browser does: the connection is closed (over HTTP/2 the stream is reset),
and the shop may well go on with its work. The request is counted as failed, ``abandoned``, with the time that was
waited; how long it would have taken is not known. Then the shopper reloads, which sends the same once more, forms
included, or leaves the step for slowness.

A page is waited for as a whole, with its assets; so is a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any, Final, TypeVar

import gevent

from loadgen.journey.environment import PlanContext
from loadgen.journey.http.batches import Call
from loadgen.journey.http.client import Client
from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.pages.page import Page
from loadgen.journey.http.reporting import Reporter
from loadgen.journey.http.response import Response
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.leaving import GaveUp
from loadgen.journey.patience import Impatience, LostPatience, impatience_of
from loadgen.journey.session import Session
from loadgen.journey.steps import measured

T = TypeVar("T")

RELOADS: Final = "reloads"
"""The business counter of shoppers that pressed F5."""


class PatientClient(Client):
    """One shopper's client, which waits as long as the shopper does.

    Args:
        base_url: as for :class:`Client`.
        settings: the same.
        dialer: the same.
        reporter: the same.
        plan: how patient shoppers are.
    """

    def __init__(
        self, base_url: str, settings: ClientSettings, dialer: Dialer, reporter: Reporter, plan: PlanContext
    ) -> None:
        super().__init__(base_url, settings, dialer, reporter)
        self._plan = plan
        self._is_waiting = False

    def request(self, *args: Any, **options: Any) -> Response:
        """As :meth:`Client.request`, for as long as the shopper waits.

        Raises:
            GaveUp: the shopper has left, for slowness.
        """
        return self._await(super().request, *args, **options)

    def page(self, url: str, *, name: str | None = None, step: str | None = None, **options: Any) -> Page:
        """As :meth:`Client.page`, for as long as the shopper waits.

        Raises:
            GaveUp: the shopper has left, for slowness.
        """
        if step is None:
            return self._await(super().page, url, name=name, **options)
        with measured(self._reporter.session, step):
            return self._await(super().page, url, name=name, **options)

    def batch(self, calls: Iterable[Call]) -> list[Response]:
        """As :meth:`Client.batch`, for as long as the shopper waits.

        Raises:
            GaveUp: the shopper has left, for slowness.
        """
        return self._await(super().batch, list(calls))

    def _await(self, load: Callable[..., T], *args: Any, **options: Any) -> T:
        session = self._reporter.session
        if session is None or self._is_waiting:  # what belongs to a page is waited for with it
            return load(*args, **options)
        impatience = session.impatience
        if impatience is None:
            impatience = session.impatience = impatience_of(self._plan, session)
        elif not session.step:
            impatience.begin()
        while True:
            try:
                return self._try(impatience, load, *args, **options)
            except LostPatience:
                if not impatience.reloads():
                    raise GaveUp("slow") from None
                _count_reload(session)

    def _try(self, impatience: Impatience, load: Callable[..., T], *args: Any, **options: Any) -> T:
        left_s = impatience.left_s
        if left_s <= 0:
            raise LostPatience(impatience.patience_s)
        begun_s = perf_counter()
        self._is_waiting = True
        clock = gevent.Timeout.start_new(left_s, LostPatience(impatience.patience_s))
        try:
            return load(*args, **options)
        finally:
            clock.close()
            self._is_waiting = False
            impatience.waited(perf_counter() - begun_s)


def _count_reload(session: Session) -> None:
    session.recorder.count(session.journey, RELOADS)
