"""W3C Trace Context: which request of which shopper is it, in the shop's own traces?

While a plan says ``trace: true``, each request carries a header (https://www.w3.org/TR/trace-context/, 3.2)::

    traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
                  │              trace id                 parent id     └ sampled: the shop should keep this trace
                  └ version

The trace id is that of the request with all its redirects and repeats; whatever goes on the wire has a parent id of its
own. Ids are taken from a store of random ones: a tenth of a microsecond each, where asking the system for each would
cost several.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from loadgen.stats.slowest import TRACE_ID_BYTES

HEADER: Final = "traceparent"

PARENT_ID_BYTES: Final = 8

_IDS_AT_ONCE: Final = 256
"""Ids that are made when the store is empty."""

_WRITTEN: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_trace_ids: Final[list[str]] = []
_parent_ids: Final[list[str]] = []


def new_trace_id() -> str:
    """A random trace id in hexadecimal."""
    if not _trace_ids:
        _fill(_trace_ids, TRACE_ID_BYTES)
    return _trace_ids.pop()


def traceparent(trace_id: str) -> str:
    """A header's value, with a parent id of its own."""
    if not _parent_ids:
        _fill(_parent_ids, PARENT_ID_BYTES)
    return f"00-{trace_id}-{_parent_ids.pop()}-01"


def has_traceparent(names: Iterable[str]) -> bool:
    """Whether somebody has written such a header already, by the names of all headers."""
    return any(name.lower() == HEADER for name in names)


def trace_id_in(headers: Mapping[str, Any]) -> str | None:
    """The trace id of somebody's ``traceparent``: empty if that is malformed, None if there is no such header."""
    for name, value in headers.items():
        if name.lower() == HEADER:
            written = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
            return written[1] if written else ""
    return None


def trace_id_of(response: Any) -> str:
    """The trace id that the request of a response carried, whichever client made it; empty without one."""
    known: str | None = getattr(response, "trace_id", None)
    if known is not None:
        return known
    headers = getattr(getattr(response, "request", None), "headers", None)
    return (trace_id_in(headers) if headers else None) or ""


def _fill(store: list[str], size_bytes: int) -> None:
    ids = os.urandom(_IDS_AT_ONCE * size_bytes).hex(" ", size_bytes).split()
    nobody = "0" * 2 * size_bytes  # an id of zeros is none
    store.extend(one for one in ids if one != nobody)


def _forget() -> None:
    _trace_ids.clear()
    _parent_ids.clear()


os.register_at_fork(after_in_child=_forget)  # two processes must not draw from one store
