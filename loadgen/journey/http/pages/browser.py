"""One shopper's browser: loads pages with their assets, and keeps what it may.

What is sent on the way is sent by the shopper's client: counted, limited and stopped like any other request.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter, time
from typing import Any, Final, Protocol

from loadgen.journey.http.composing import absolute_form, has_header
from loadgen.journey.http.pages.cache import Cache
from loadgen.journey.http.pages.document import Document
from loadgen.journey.http.pages.links import Kind, Link
from loadgen.journey.http.pages.page import Asset, Page
from loadgen.journey.http.pages.reading import PageReader
from loadgen.journey.http.pages.stylesheet import Sheet
from loadgen.journey.http.parallel import Parallel
from loadgen.journey.http.response import Response
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.urls import split
from loadgen.journey.http.wires import Origin

MAX_ASSETS: Final = 300
"""Assets of one page; the heaviest shops have about two hundred."""

MAX_FONTS: Final = 6
"""Fonts of one page: which of a family's faces its text needs, only a layout could tell."""

MAX_DEPTH: Final = 4
"""Stylesheets that import one another, counted from the page."""

_ACCEPT: Final[dict[Kind, str]] = {
    "style": "text/css,*/*;q=0.1",
    "image": "image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8",
    "icon": "image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8",
}
_ACCEPT_PAGE: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
"""What browsers say they can use; image services choose the format by it."""


class Asker(Protocol):
    """What a browser needs of a client."""

    settings: ClientSettings

    def request(self, *args: Any, **options: Any) -> Response:
        """Send a request and count it."""

    def says(self, origin: Origin, target: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        """What a GET would say, by name in lower case."""

    def may_reach(self, origin: Origin) -> bool:
        """Whether this worker's operator allows the host."""

    def places(self, origin: Origin) -> int:
        """How many exchanges at once a browser allows itself with the host."""


class Browser:
    """Loads the pages of one shopper.

    Args:
        reader: reads what comes; shared with other shoppers.

    Attributes:
        cache: what is kept.
    """

    __slots__ = ("_reader", "cache")

    def __init__(self, reader: PageReader) -> None:
        self.cache = Cache()
        self._reader = reader

    def page(self, client: Asker, url: str, name: str | None, options: Mapping[str, Any]) -> Page:
        """Load a page.

        Args:
            client: the shopper's; it owns this browser, which therefore does not hold it.
            url: as for the client.
            name: what the page itself is counted under.
            options: of the page's own request.

        Raises:
            ShopperGone: the shopper was stopped.
        """
        started_s = perf_counter()
        headers = dict(options.get("headers") or {})
        if not has_header(headers, "accept") and not has_header(dict(client.settings.default_headers), "accept"):
            headers["Accept"] = _ACCEPT_PAGE
        response = client.request("GET", url, name, **{**options, "headers": headers})
        loading = _Loading(client, self._reader, self.cache, response.url)
        loading.run(self._reader.document(response))
        return Page(response, loading.assets, loading.skipped, perf_counter() - started_s)


class _Loading:
    """The loading of one page's assets."""

    def __init__(self, client: Asker, reader: PageReader, cache: Cache, url: str) -> None:
        self.assets: list[Asset] = []
        self.skipped = 0
        self._client, self._reader, self._cache = client, reader, cache
        scheme, host, port, target = split(url)
        self._home = Origin(scheme, host, port)
        self._url = absolute_form(self._home, target)
        self._seen = {self._url}
        self._words: frozenset[str] = frozenset()
        self._taken = self._fonts = 0
        self._welcome: dict[Origin, bool] = {}
        self._parallel: Parallel[tuple[Link, int]]

    def run(self, document: Document) -> None:
        """Load what the page needs, and what that needs."""
        self._words = document.words
        self._parallel = Parallel(self._fetch, self._client.places)
        try:
            for link in document.links:
                self._want(link, 0)
            self._parallel.run()
        finally:
            del self._parallel  # it holds this: a circle that only the collector would find

    def _want(self, link: Link, depth: int) -> None:
        """The page needs this, too: take it from the cache, or have it fetched."""
        if link.url in self._seen:
            return
        self._seen.add(link.url)
        if depth > MAX_DEPTH or not self._is_welcome(link.origin) or not self._has_room(link):
            self.skipped += 1
            return
        kept = self._cache.get(link.url)
        if kept is None or not kept.is_fresh(self._says(link), time()):
            self._parallel.add(link.origin, link.rank, (link, depth))
            return
        self.assets.append(Asset(link.url, link.kind, kept.status, True, 0.0))
        self._follow(kept.sheet, depth)

    def _follow(self, sheet: Sheet | None, depth: int) -> None:
        for link in sheet.links(self._words) if sheet is not None else ():
            self._want(link, depth + 1)

    def _fetch(self, wanted: tuple[Link, int]) -> None:
        link, depth = wanted
        headers, said, kept = self._headers(link), self._says(link), self._cache.get(link.url)
        conditions = kept.conditions(said) if kept is not None else {}
        asked_s = time()
        name = self._reader.names(link, self._home)
        response = self._client.request("GET", link.url, name, headers={**headers, **conditions})
        self.assets.append(Asset(link.url, link.kind, response.status_code, False, response.elapsed_s))
        if response.status_code == 304 and kept is not None:
            sheet = kept.sheet
        else:
            sheet = self._reader.sheet(response) if link.kind == "style" and response.status_code == 200 else None
        if response.headers is not None and not response.history:
            self._cache.keep(link.url, response.status_code, response.headers.raw, said, asked_s, time(), sheet)
        self._follow(sheet, depth)

    def _has_room(self, link: Link) -> bool:
        """Whether one more may be loaded; counts it."""
        if link.kind == "font":
            self._fonts += 1
            if self._fonts > MAX_FONTS:
                return False
        self._taken += 1
        return self._taken <= MAX_ASSETS

    def _is_welcome(self, origin: Origin) -> bool:
        """Whether assets of a host are loaded: it is the page's own or one that was named, and the worker may."""
        known = self._welcome.get(origin)
        if known is None:
            known = self._reader.belongs(origin.host, self._home.host) and self._client.may_reach(origin)
            self._welcome[origin] = known
        return known

    def _says(self, link: Link) -> Mapping[str, str]:
        return self._client.says(link.origin, link.target, self._headers(link))

    def _headers(self, link: Link) -> dict[str, str]:
        """What a browser adds: what it can use, and where it comes from (the default of Referrer-Policy)."""
        headers = {"Accept": _ACCEPT[link.kind]} if link.kind in _ACCEPT else {}
        if link.origin == self._home:
            headers["Referer"] = self._url
        elif (self._home.scheme, link.origin.scheme) != ("https", "http"):
            headers["Referer"] = absolute_form(self._home, "/")
        return headers
