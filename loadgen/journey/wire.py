"""Between a shopper and the network: who sent what, and has it been recorded?

::

    client.request() ──▶ refused if the shopper was stopped
                     ──▶ takes off: sent + 1, in flight + 1
                         Locust's own client sends, receives, fires the ``request`` event ──▶ Recorder.request()
                     ──▶ lands: in flight − 1
                     ──▶ the shopper ends here if it was stopped meanwhile

Every request that takes off is recorded once: by the event; by its with-block's end (``catch_response``), even if
that ends by an exception, where Locust would drop the answer; or as failed if the client itself raised. The one
exception is a shopper killed while its request is on the wire: that one stays in ``sent`` alone.

The listener stands first in Locust's list, so that an author's listener that raises cannot hide a request. What other
protocols report through the same event is recorded too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from time import perf_counter
from types import TracebackType
from typing import Any, Final

import locust.clients
import locust.contrib.fasthttp
from gevent import GreenletExit
from locust.env import Environment
from locust.exception import ResponseError

from loadgen.journey import chatter, rounds
from loadgen.journey.environment import PlanContext
from loadgen.journey.leaving import CONTROL, ShopperGone
from loadgen.journey.reasons import reason_of
from loadgen.journey.recorder import Recorder, Visit, counted_us
from loadgen.journey.session import session_of
from loadgen.journey.tracing import HEADER, has_traceparent, new_trace_id, trace_id_of, traceparent

_OUTSIDER: Final = Visit("")
"""Who sends requests outside of any journey, such as a ``test_start`` listener."""

_HEADERS_PLACE: Final = 4
"""Of the headers among the options that ``FastHttpSession.request`` takes by place, after method and URL."""


def install() -> None:
    """Wrap Locust's HTTP clients and task loop, once per process."""
    chatter.install()
    rounds.install()
    for client in (locust.contrib.fasthttp.FastHttpSession, locust.clients.HttpSession):
        if not hasattr(client.request, "__wrapped__"):
            client.request = _watched(client.request)  # type: ignore[method-assign]
    for response in (locust.contrib.fasthttp.ResponseContextManager, locust.clients.ResponseContextManager):
        if not hasattr(response.__exit__, "__wrapped__"):
            response.__exit__ = _judged(response.__exit__)  # type: ignore[method-assign]


def listen(environment: Environment, recorder: Recorder) -> Callable[[], None]:
    """Record every request that an environment's users report.

    Args:
        environment: its ``request`` event gets one listener, before all others.
        recorder: where to count.

    Returns:
        Stops the listening; for processes that outlive the environment, as Locust's events are global.
    """
    context: PlanContext | None = getattr(environment, "context", None)

    def on_request(
        request_type: str,
        name: str,
        response_time: float | None,
        response_length: int | None,
        exception: BaseException | None = None,
        response: Any = None,
        **_: Any,
    ) -> None:
        session = session_of()
        if session is None or not session.in_flight:
            recorder.sent()  # by a client that this module does not watch
        recorder.request(
            session or _OUTSIDER,
            str(request_type or ""),  # authors fire this event too, with whatever they have at hand
            str(name or ""),
            counted_us((response_time or 0) * 1000),
            max(int(response_length or 0), 0),
            None if exception is None else reason_of(exception, response),
            "" if exception is None else str(exception) or type(exception).__name__,
            trace_id_of(response) if context is not None and context.trace else "",
        )

    event: Any = environment.events.request
    event._handlers.insert(0, on_request)  # noqa: SLF001 - there is no public way to be first
    return lambda: event.remove_listener(on_request)


def _watched(request: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(request)
    def watched(client: Any, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        session = session_of(client)
        if session is None:
            return request(client, method, url, *args, **kwargs)
        session.check()
        session.takes_off()
        if getattr(client, "loadgen_traces", False):
            args, kwargs = _traced(args, kwargs)
        start_s = perf_counter()
        try:
            response = request(client, method, url, *args, **kwargs)
        except CONTROL:  # raised by a listener, after the request was recorded
            raise
        except Exception as error:
            _report_broken(client, method, kwargs.get("name") or url, perf_counter() - start_s, error)
            raise
        finally:
            session.lands()
        if getattr(response, "_catch_response", False):
            session.judged_late.append(response)
        elif session.stopping:
            raise ShopperGone
        return response

    return watched


def _traced(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The options of a request with a ``traceparent`` among its headers; one of its own stays."""
    by_place = len(args) > _HEADERS_PLACE
    headers = dict((args[_HEADERS_PLACE] if by_place else kwargs.get("headers")) or {})
    if not has_traceparent(headers):
        headers[HEADER] = traceparent(new_trace_id())
    if by_place:
        return (*args[:_HEADERS_PLACE], headers, *args[_HEADERS_PLACE + 1 :]), kwargs
    return args, {**kwargs, "headers": headers}


def _report_broken(client: Any, method: Any, name: Any, time_s: float, error: Exception) -> None:
    """Locust's clients let some errors through without an event, for example an undecodable error page."""
    client.request_event.fire(
        request_type=str(method),
        name=client.request_name or str(name),
        response_time=time_s * 1000,
        response_length=0,
        exception=error,
        context={},
        response=None,
    )


def _judged(leave: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(leave)
    def judged(
        response: Any,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Any:
        session = session_of()
        if session is None or response not in session.judged_late:
            return leave(response, kind, error, traceback)
        session.judged_late.remove(response)
        session.in_flight += 1  # a listener may let other greenlets run; it must not be interrupted
        try:
            if error is None or response._manual_result is not None or isinstance(error, ResponseError):  # noqa: SLF001
                handled = leave(response, kind, error, traceback)
            else:
                _judge(response, error)
                handled = False
        finally:
            session.settles()
        if session.stopping and error is None:
            raise ShopperGone
        return handled

    return judged


def _judge(response: Any, error: BaseException) -> None:
    """Record a request whose with-block raised: failed by the error, or by its own status if that is control flow."""
    if isinstance(error, (*CONTROL, GreenletExit)):
        try:
            response.raise_for_status()
        except Exception as failure:  # noqa: BLE001 - whatever it is, it is the outcome
            response.request_meta["exception"] = failure
    else:
        response.request_meta["exception"] = error
    response._report_request()  # noqa: SLF001 - the one call that fires the event
