"""Reads pages and stylesheets once for all shoppers of a process who see the same.

Ten thousand visitors look at the same home page. So what was read is remembered by a digest of the text, and the next
one who gets that text is given the links. Pages differ from visitor to visitor by a token in a form: the values of
``value``, ``content`` and ``nonce`` are left out of the digest, as no asset depends on them.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, Generic, TypeVar

from loadgen.journey.http.failures import RequestFailed
from loadgen.journey.http.pages.document import Document, read_document
from loadgen.journey.http.pages.naming import AssetNames
from loadgen.journey.http.pages.screen import Screen
from loadgen.journey.http.pages.stylesheet import Sheet, read_sheet
from loadgen.journey.http.public_suffixes import site_of
from loadgen.journey.http.response import Response
from loadgen.journey.http.settings import PageSettings

T = TypeVar("T")

DOCUMENTS: Final = 512
"""Pages that are remembered: some 20 KB each, as a home page has sixty links."""

SHEETS: Final = 256
"""Stylesheets that are remembered."""

_PERSONAL: Final = re.compile(rb' (?:value|content|nonce)="[^"<>]*+"')


class PageReader:
    """Reads for the shoppers who use the same screen.

    Args:
        settings: the screen, and whose assets are loaded.

    Attributes:
        names: under which assets are counted.
    """

    def __init__(self, settings: PageSettings) -> None:
        self._settings = settings
        self._screen = Screen(*settings.viewport_px, settings.pixel_ratio)
        self._documents = _Memory[Document](DOCUMENTS)
        self._sheets = _Memory[Sheet](SHEETS)
        self.names = AssetNames()

    def document(self, response: Response) -> Document:
        """What a page makes a browser load; nothing if it is no page."""
        if "html" not in _type_of(response) or not (content := _content_of(response)):
            return Document()
        key = response.url, _digest(_PERSONAL.sub(b"", content))
        known = self._documents.get(key)
        if known is None:
            text = response.text or ""
            known = read_document(text, response.url, self._screen, self._settings.images_in_view)
            self._documents.put(key, known)
        return known

    def sheet(self, response: Response) -> Sheet:
        """What a stylesheet makes a browser load; nothing if it is none."""
        if "css" not in _type_of(response) or not (content := _content_of(response)):
            return Sheet()
        key = response.url, _digest(content)
        known = self._sheets.get(key)
        if known is None:
            known = read_sheet(response.text or "", response.url, self._screen)
            self._sheets.put(key, known)
        return known

    def belongs(self, host: str, page_host: str) -> bool:
        """Whether a host's assets are loaded: it is of the page's own site, or one that the settings name."""
        return site_of(host) == site_of(page_host) or any(
            fnmatchcase(host, pattern.lower()) for pattern in self._settings.asset_hosts
        )


@lru_cache(maxsize=64)
def reader_for(settings: PageSettings) -> PageReader:
    """The reader that all shoppers of these settings share."""
    return PageReader(settings)


class _Memory(Generic[T]):
    """Remembers so many things; what was not asked for the longest is forgotten."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: OrderedDict[tuple[str, bytes], T] = OrderedDict()

    def get(self, key: tuple[str, bytes]) -> T | None:
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
        return known

    def put(self, key: tuple[str, bytes], value: T) -> None:
        self._known[key] = value
        if len(self._known) > self._size:
            self._known.popitem(last=False)


def _digest(content: bytes) -> bytes:
    return hashlib.sha1(content, usedforsecurity=False).digest()


def _type_of(response: Response) -> str:
    headers = response.headers
    return (headers.get("Content-Type") or "").partition(";")[0].lower() if headers is not None else ""


def _content_of(response: Response) -> bytes:
    """The body; empty if it cannot be unpacked, which the author learns when looking at it."""
    try:
        return response.content or b""
    except RequestFailed:
        return b""
