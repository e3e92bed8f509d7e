"""Telling the recorder, the session and Locust's listeners of each request.

While nobody but loadgen listens to Locust's ``request`` event, a finished request goes straight into the recorder: no
dictionary is made. As soon as a journey listens, the event fires with all that it should carry (and loadgen's own
listener records from it).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from time import perf_counter
from typing import Any

from gevent import GreenletExit
from locust.exception import ResponseError

from loadgen.journey.http.response import Response
from loadgen.journey.leaving import CONTROL, ShopperGone
from loadgen.journey.patience import LostPatience
from loadgen.journey.reasons import reason_of
from loadgen.journey.recorder import counted_us
from loadgen.journey.session import Session


class Reporter:
    """The link between one client and those who count.

    Args:
        user: whose client it is; its ``loadgen_session`` is set while it lives.
        event: Locust's ``request`` event.
    """

    __slots__ = ("_event", "_session", "_user")

    def __init__(self, user: Any, event: Any) -> None:
        self._user, self._event = user, event
        self._session: Session | None = None

    def let_go(self) -> None:
        """The user leaves: hold on to its session alone, which refuses what greenlets that outlive it may ask for."""
        self._session, self._user = getattr(self._user, "loadgen_session", None), None

    @property
    def session(self) -> Session | None:
        """The shopper's session; None outside of any."""
        session: Session | None = getattr(self._user, "loadgen_session", self._session)
        return session

    def may_reach(self, host: str, port: int) -> bool:
        """Whether the worker's operator allows the shopper to connect there."""
        allows = getattr(getattr(self._user, "environment", None), "may_reach", None)
        return allows is None or bool(allows(host, port))

    def check(self) -> None:
        """A request will have to wait for its turn.

        Raises:
            ShopperGone: the shopper was stopped and must send nothing any more.
        """
        session = self.session
        if session is not None:
            session.check()

    def takes_off(self) -> Session | None:
        """A request is about to be sent.

        Raises:
            ShopperGone: the shopper was stopped and must send nothing any more.
        """
        session: Session | None = getattr(self._user, "loadgen_session", self._session)
        if session is not None:
            session.check()
            session.takes_off()
        return session

    def landed(
        self,
        session: Session | None,
        response: Response,
        method: str,
        name: str,
        context: Mapping[str, Any] | None,
        catch_response: bool,
    ) -> Response:
        """A request has ended; with ``catch_response`` it is counted at the end of its with-block."""
        if catch_response:
            judge = _Judge(self, session, method, name, context)
            response.judged_by(judge)
            if session is not None:
                session.judged_late.append(response)
                session.lands()
            return response
        try:
            self.count(session, response, method, name, context, response.body_bytes)
        finally:
            if session is not None:
                session.lands()
        if session is not None and session.stopping:
            raise ShopperGone
        return response

    def broke(self, session: Session | None, method: str, name: str, time_s: float, error: BaseException) -> None:
        """The client itself failed, or the shopper waited no longer: counted. An interrupted one is in flight alone."""
        try:
            if isinstance(error, (Exception, LostPatience)) and not isinstance(error, CONTROL):
                self._fire(method, name, time_s, perf_counter(), 0, error, None, None)
        finally:
            if session is not None:
                session.lands()

    def count(
        self,
        session: Session | None,
        response: Response,
        method: str,
        name: str,
        context: Mapping[str, Any] | None,
        size: int,
    ) -> None:
        """Count a finished request, and tell who listens."""
        outcome = response.outcome
        if session is None or len(self._event._handlers) > 1:  # noqa: SLF001 - Locust has no other way to ask
            self._fire(method, name, response.elapsed_s, response.ended_s, size, outcome, response, context)
        else:
            session.recorder.request(
                session,
                method,
                name,
                int(response.elapsed_s * 1e6 + 0.5),
                size,
                None if outcome is None else reason_of(outcome, response),
                "" if outcome is None else str(outcome) or type(outcome).__name__,
                response.trace_id,
            )

    def _fire(
        self,
        method: str,
        name: str,
        time_s: float,
        ended_s: float,
        size: int,
        error: BaseException | None,
        response: Response | None,
        context: Mapping[str, Any] | None,
    ) -> None:
        own: dict[str, Any] = self._user.context() if self._user is not None else {}
        self._event.fire(
            request_type=method,
            name=name,
            response_time=time_s * 1000,
            response_length=size,
            response=response,
            context={**own, **(context or {})},
            exception=error,
            start_time=time.time() - (perf_counter() - ended_s) - time_s,
            url=name if response is None else (response.history or [response])[0].url,  # before redirects, as Locust's
        )


class _Judge:
    """Counts a response at the end of its with-block."""

    __slots__ = ("_context", "_method", "_name", "_reporter", "_session")

    def __init__(
        self, reporter: Reporter, session: Session | None, method: str, name: str, context: Mapping[str, Any] | None
    ) -> None:
        self._reporter, self._session = reporter, session
        self._method, self._name, self._context = method, name, context

    def __call__(self, response: Response, error: BaseException | None) -> bool:
        """Count it.

        Returns:
            Whether an exception of the with-block is dealt with.
        """
        session = self._session
        if session is not None:
            session.judged_late.remove(response)
            session.in_flight += 1  # a listener may let other greenlets run; it must not be interrupted
        try:
            handled = _take_error(response, error)
            self._count(response)
        finally:
            if session is not None:
                session.settles()
        if session is not None and session.stopping and error is None:
            raise ShopperGone
        return handled

    def meta(self, response: Response) -> dict[str, Any]:
        """How the request is going to be counted."""
        return {
            "request_type": self._method,
            "name": self._name,
            "context": dict(self._context or {}),
            "response_time": response.elapsed_s * 1000,
            "response_length": response.body_bytes,
            "response": response,
            "exception": response.error,
            "url": (response.history or [response])[0].url,
        }

    def _count(self, response: Response) -> None:
        method, name, context, size = self._method, self._name, self._context, response.body_bytes
        changed = response.known_meta
        if changed is not None:
            method, name, context = changed["request_type"], changed["name"], changed["context"]
            response.elapsed_s = counted_us(changed["response_time"] * 1000) / 1e6
            size = changed["response_length"]
        self._reporter.count(self._session, response, method, response.name or name, context, size)


def _take_error(response: Response, error: BaseException | None) -> bool:
    """Let what the with-block raised speak about the request, unless the journey has judged it already."""
    if error is None:
        return True
    if response.is_judged or isinstance(error, (*CONTROL, GreenletExit)):
        return False
    if isinstance(error, Exception):
        response.error = error
    return isinstance(error, ResponseError)
