"""What follows a redirect, by the Fetch standard (https://fetch.spec.whatwg.org/#http-redirect-fetch). Pure.

======  ======================  =====================================================
status  method                  afterwards
======  ======================  =====================================================
301     POST                    GET without body
302     POST                    GET without body
303     all but GET and HEAD    GET without body
307     any                     the same again, body included
308     any                     the same again, body included
======  ======================  =====================================================

Credentials stay with the origin that they were meant for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

CODES: Final = frozenset({301, 302, 303, 307, 308})
"""Statuses that lead elsewhere, if there is a Location."""

_OF_BODY: Final = frozenset({"content-type", "content-length", "content-encoding", "content-language", "expect"})
_OF_ORIGIN: Final = frozenset({"authorization", "cookie", "host", "proxy-authorization"})


class Next(NamedTuple):
    """The request that a redirect asks for.

    Attributes:
        method: its method.
        keeps_body: whether the body is sent again.
        headers: the author's own headers that still apply.
    """

    method: str
    keeps_body: bool
    headers: dict[str, str]


def for_strangers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Default headers without what is meant for the target alone: what other hosts may see."""
    return tuple((name, value) for name, value in headers if name.lower() not in _OF_ORIGIN)


def follow(status: int, method: str, headers: Mapping[str, str], *, same_origin: bool) -> Next:
    """The next request after a redirect.

    Args:
        status: one of :data:`CODES`.
        method: of the request that was redirected, in upper case.
        headers: the author's own headers of it.
        same_origin: whether the new address has the same scheme, host and port.
    """
    to_get = (status in {301, 302} and method == "POST") or (status == 303 and method not in {"GET", "HEAD"})
    dropped = (_OF_BODY if to_get else frozenset()) | (frozenset() if same_origin else _OF_ORIGIN)
    kept = {name: value for name, value in headers.items() if name.lower() not in dropped}
    return Next("GET" if to_get else method, not to_get, kept)
