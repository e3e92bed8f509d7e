"""Where requests go: what an author writes, as a connection's other end and a request's first lines.

::

    "/cart?x=1"                    ─▶ the base URL's host, GET /cart?x=1 and its default headers
    "https://cdn.example/app.js"   ─▶ another host,        GET /app.js   and those for strangers

A shop has fewer addresses than requests, so what was found out about one is kept, for all shoppers with that base URL
together: a known one costs 0.1 µs, where reading it and writing its lines takes 2.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from loadgen.journey.http import bodies, redirects
from loadgen.journey.http.composing import FieldPairs, opening
from loadgen.journey.http.cookie_rules import is_secure
from loadgen.journey.http.urls import split
from loadgen.journey.http.wires import Origin

MOST_KEPT: Final = 4096
"""Places that are kept, about a kilobyte each; those that come later are found out anew each time."""

_PLAIN_PATH: Final = re.compile(r"/[!$-.0-;=@-Z\[\]_a-z|~/]*(?:\?[!$-&(-;=?-~]*)?\Z")
"""A path and query that need no encoding (see :mod:`loadgen.journey.http.urls`): nearly all of them."""

_CREDENTIALS: Final = re.compile(r"//[^/?#]*@")

_ABSOLUTE: Final = re.compile(r"https?://", re.IGNORECASE)


class Place:
    """Where a request goes.

    Args:
        origin: the connection's other end.
        target: path and query.
        url: absolute, for people.
        defaults: headers that are sent there unless a request has its own.
    """

    __slots__ = ("_openings", "defaults", "origin", "target", "url")

    def __init__(self, origin: Origin, target: str, url: str, defaults: FieldPairs) -> None:
        self.origin, self.target, self.url, self.defaults = origin, target, url, defaults
        self._openings: dict[str, bytes] = {}

    @property
    def is_secure(self) -> bool:
        """Whether browsers take a connection there for secure."""
        return is_secure(self.origin.scheme, self.origin.host)

    def opening(self, method: str) -> bytes:
        """A request's line and the default headers behind it, without the empty line."""
        known = self._openings.get(method)
        if known is None:
            known = self._openings[method] = opening(method, self.origin, self.target, self.defaults)
        return known


class Home:
    """A base URL, and the places that were asked for from there.

    Args:
        base_url: put before URLs that are only a path; may hold ``user:password@``.
        defaults: headers that are sent to its host unless a request has its own.

    Attributes:
        origin: its host.
        base_url: without credentials, and without a slash at its end.

    Raises:
        ValueError: it is no http or https URL.
    """

    __slots__ = ("_defaults", "_for_strangers", "_places", "_prefix", "base_url", "origin")

    def __init__(self, base_url: str, defaults: FieldPairs) -> None:
        scheme, host, port, path = split(base_url)
        self.origin = Origin(scheme, host, port)
        self.base_url = _CREDENTIALS.sub("//", base_url).rstrip("/")
        self._prefix = path.rstrip("/")
        self._defaults, self._for_strangers = defaults, redirects.for_strangers(defaults)
        self._places: dict[str, Place] = {}

    def place(self, url: str, params: Any = None) -> Place:
        """Where a URL leads.

        Args:
            url: a path, put behind the base URL, or absolute.
            params: added to its query.

        Raises:
            ValueError: it is no http or https URL, or these are no parameters.
        """
        if params is not None:
            url = bodies.with_params(url, params)
        return self._places.get(url) or self._found(url)

    def place_at(self, url: str) -> Place:
        """Where an absolute URL leads; see :meth:`place`."""
        scheme, host, port, target = split(url)
        origin = Origin(scheme, host, port)
        return Place(origin, target, url, self.defaults_for(origin))

    def defaults_for(self, origin: Origin) -> FieldPairs:
        """Headers that are sent to a host unless a request has its own: strangers see less."""
        return self._defaults if origin == self.origin else self._for_strangers

    def _found(self, url: str) -> Place:
        if (
            _PLAIN_PATH.match(url)
            and not url.startswith("//")
            and "/." not in url
            and "/%2" not in url  # it may be an encoded dot
        ):
            place = Place(self.origin, self._prefix + url, self.base_url + url, self._defaults)
        else:
            place = self.place_at(url if _ABSOLUTE.match(url) else f"{self.base_url}{url}")
        if len(self._places) < MOST_KEPT:
            self._places[url] = place
        return place


@lru_cache(maxsize=256)
def home_at(base_url: str, defaults: FieldPairs) -> Home:
    """The home of all shoppers with that base URL and those headers."""
    return Home(base_url, defaults)
