"""Why a request failed, from what its client raised: the list itself is :mod:`loadgen.stats.reasons`.

Clients wrap their errors in one another, so the whole chain is looked through: the most telling link decides.
An answer with a status of 400 or more is counted by its status, even if the journey itself called it a failure.
"""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import zlib
from collections.abc import Iterator
from typing import Any, Final

import gevent
import requests.exceptions
import urllib3.exceptions
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.useragent import ConnectionError as AgentError
from locust.exception import CatchResponseError, ResponseError

from loadgen.journey.http.failures import RequestFailed
from loadgen.journey.patience import LostPatience

_Types = tuple[type[BaseException], ...]

_TELLING: Final[tuple[tuple[_Types, str], ...]] = (
    ((socket.gaierror, socket.herror, urllib3.exceptions.NameResolutionError), "dns"),
    ((ssl.SSLError, ssl.CertificateError, requests.exceptions.SSLError, urllib3.exceptions.SSLError), "tls"),
    (
        (TimeoutError, gevent.Timeout, requests.exceptions.Timeout, urllib3.exceptions.TimeoutError),
        "timeout",
    ),
    ((ConnectionRefusedError,), "connect"),
    ((ConnectionResetError, BrokenPipeError, ConnectionAbortedError, HTTPConnectionClosed), "reset"),
    ((http.client.RemoteDisconnected, http.client.IncompleteRead, urllib3.exceptions.IncompleteRead), "reset"),
    ((http.client.LineTooLong,), "too_large"),
    (
        (
            HTTPParseError,
            http.client.HTTPException,
            zlib.error,
            requests.exceptions.TooManyRedirects,
            requests.exceptions.ContentDecodingError,
            urllib3.exceptions.DecodeError,
            UnicodeDecodeError,
        ),
        "protocol",
    ),
    ((CatchResponseError, ResponseError, AssertionError), "assertion"),
)

_VAGUE: Final[tuple[tuple[_Types, str], ...]] = (
    ((urllib3.exceptions.NewConnectionError, requests.exceptions.ProxyError), "connect"),
    ((requests.exceptions.ChunkedEncodingError, urllib3.exceptions.ProtocolError), "reset"),
    ((requests.exceptions.ConnectionError,), "connect"),
    ((AgentError,), "protocol"),
)
"""What wrappers mean when nothing inside them says more."""

_ERRNO: Final = {
    errno.ETIMEDOUT: "timeout",
    errno.EHOSTUNREACH: "connect",
    errno.ENETUNREACH: "connect",
    errno.EADDRNOTAVAIL: "connect",
    errno.ECONNREFUSED: "connect",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
}

_CUT_SHORT: Final = ("Incomplete response", "connection closed")
"""Parse errors of geventhttpclient that mean no more than an early end."""

_MAX_CHAIN: Final = 16
"""Links of a chain of errors that are looked at; clients nest four deep."""


def reason_of(exception: BaseException, response: Any = None) -> str:
    """The reason under which a failed request is counted.

    Args:
        exception: what Locust's ``request`` event carries.
        response: the response that it carries, if any.

    Returns:
        One of :data:`loadgen.stats.reasons.REASONS`.
    """
    status = _status_of(exception) or _status_of(response)
    if status >= 400:
        return {4: "status_4xx", 5: "status_5xx"}.get(status // 100, "status")
    chain = list(_chain(exception, getattr(response, "error", None)))
    told = [reason for reason in map(_telling, chain) if reason]
    if told:  # an assertion says the least: rest() wraps broken connections in one
        return min(told, key=lambda reason: reason == "assertion")
    if isinstance(getattr(exception, "code", None), int):
        return "status"
    return next((reason for kinds, reason in _VAGUE for link in chain if isinstance(link, kinds)), "other")


def _status_of(carrier: Any) -> int:
    """The status that an exception or a response carries, 0 if none."""
    if isinstance(carrier, BaseException):
        code = getattr(carrier, "code", None)
        return code if isinstance(code, int) else _status_of(getattr(carrier, "response", None))
    status = getattr(carrier, "status_code", 0)
    return status if isinstance(status, int) else 0


def _telling(link: BaseException) -> str | None:
    if isinstance(link, (RequestFailed, LostPatience)):
        return link.reason
    if isinstance(link, HTTPParseError) and any(words in str(link) for words in _CUT_SHORT):
        return "reset"
    for kinds, reason in _TELLING:
        if isinstance(link, kinds):
            return reason
    return _ERRNO.get(link.errno or 0) if isinstance(link, OSError) else None


def _chain(*roots: Any) -> Iterator[BaseException]:
    """An error and what it wraps, in whichever of the ways that clients do it, outermost first."""
    waiting = [root for root in roots if isinstance(root, BaseException)]
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_CHAIN:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inside = [getattr(link, "reason", None), getattr(link, "original", None), *link.args]
        inside += [link.__cause__, link.__context__]
        waiting += [item for item in inside if isinstance(item, BaseException)]
