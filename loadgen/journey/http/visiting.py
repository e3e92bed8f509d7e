"""What a client does with several requests at once: whole pages, and batches."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Final

from loadgen.journey.http.batches import Call, send_all
from loadgen.journey.http.composing import what_is_said
from loadgen.journey.http.connections import Connections
from loadgen.journey.http.cookie_rules import is_secure
from loadgen.journey.http.cookies import CookieJar
from loadgen.journey.http.pages.browser import Browser
from loadgen.journey.http.pages.page import Page
from loadgen.journey.http.pages.reading import reader_for
from loadgen.journey.http.places import Home
from loadgen.journey.http.reporting import Reporter
from loadgen.journey.http.response import Response
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.wires import Origin
from loadgen.journey.steps import measured

PLACES: Final = 6
"""Exchanges at once with one host: what browsers allow themselves over HTTP/1.1."""

SHARED_PLACES: Final = 100
"""The same over one HTTP/2 connection, unless the server allows fewer (RFC 9113, 6.5.2 recommends no fewer)."""


class Visiting(ABC):
    """The part of a client that loads pages and sends batches."""

    settings: ClientSettings
    cookiejar: CookieJar
    _connections: Connections
    _reporter: Reporter
    _home: Home
    _browser: Browser | None

    @abstractmethod
    def request(self, *args: Any, **options: Any) -> Response:
        """See :meth:`loadgen.journey.http.client.Client.request`."""

    def page(self, url: str, *, name: str | None = None, step: str | None = None, **options: Any) -> Page:
        """Load a page with its stylesheets, scripts, pictures and fonts, as a browser does.

        The page and each asset is counted as a request; how long all of it took is the page's ``time_s``, and the time
        of the step that was opened for it. What the shopper's browser has kept and may use again is not asked for.

        Args:
            url: a path, put behind the base URL, or absolute.
            name: what the page itself is counted under; its path as a template by default.
            step: opens a step of this name around the page; without it, the step that is open is its own.
            options: of the page's own request, as for :meth:`request`.

        Returns:
            The page, and what became of its assets. One that failed on its way has status 0.

        Raises:
            ValueError: the URL or a header cannot be sent by anyone, or the page was to be streamed.
            ShopperGone: the shopper was stopped.
        """
        if options.get("stream"):
            raise ValueError("a page is read to its end to know its assets: it cannot be streamed")
        if self._browser is None:
            self._browser = Browser(reader_for(self.settings.pages))
        if step is None:
            return self._browser.page(self, url, name, options)
        with measured(self._reporter.session, step):
            return self._browser.page(self, url, name, options)

    def batch(self, calls: Iterable[Call]) -> list[Response]:
        """Send some requests at once, at most six to one host.

        Args:
            calls: each a URL, ``(method, url)``, ``(method, url, options)``, or a mapping with ``url``, ``method`` and
                further options as for :meth:`request`.

        Returns:
            The responses, in the order of the calls.

        Raises:
            ValueError: a call is none, then nothing was sent; or one cannot be sent by anyone, then all others were.
            ShopperGone: the shopper was stopped.
        """
        return send_all(calls, self.request, self._origin_of, self.places)

    def places(self, origin: Origin) -> int:
        """How many exchanges at once a browser allows itself with a host."""
        if self._connections.shares(origin):
            return SHARED_PLACES
        return min(PLACES, self.settings.concurrency)

    def may_reach(self, origin: Origin) -> bool:
        """Whether this worker's operator allows a host."""
        return self._reporter.may_reach(origin.host, origin.port)

    def says(self, origin: Origin, target: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        """What a GET would say now, by name in lower case: what a cache compares."""
        defaults = self._home.defaults_for(origin)
        secure = is_secure(origin.scheme, origin.host)
        cookie = self.cookiejar.header(origin.host, target, secure, time.time()) if self.cookiejar else b""
        return what_is_said(headers, defaults, cookie)

    def _origin_of(self, url: str) -> Origin:
        """Where a URL leads; of one that cannot be sent, the host that it would be put behind."""
        try:
            return self._home.place(url).origin
        except ValueError:
            return self._home.origin
