"""Addresses as templates: which segments of a path are an article's, an order's or anyone's own.

``loadgen.stats`` folds numbers, UUIDs and order numbers of any name. A slug such as ``classic-steel-lamp`` looks like
any other word; that it varies is told by the recording::

    /product/classic-steel-lamp    after a word that articles and categories follow          /product/{slug}
    /mode/damen/kleid-anna         three or more links of the pages differ in it alone       /mode/damen/{slug}
    /checkout/shipping-address     a place of every shop (vocabulary.KNOWN)                   as it is
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from loadgen.recording import vocabulary
from loadgen.recording.exchange import Exchange
from loadgen.recording.html import links_of
from loadgen.stats import template_of

SIBLINGS: Final = 3
"""So many links that differ in one segment alone make it a slug."""

_HOLDERS: Final = frozenset(
    {"product", "products", "p", "pd", "dp", "item", "items", "article", "articles", "sku", "category", "categories"}
    | {"c", "collection", "collections", "brand", "brands", "department", "departments", "catalogue", "catalog"}
)
"""Behind these words stand names of articles and categories."""

_SLUG: Final = re.compile(r"[^/]*[-_][^/]*|[^/]+\.html?")
_LONG_SLUG: Final = re.compile(r"[^-_/]+(?:[-_][^-_/]+){2,}|[^/]+\.html?")


class Templates:
    """Knows the templates of a shop's paths.

    Args:
        exchanges: the recording; the links of its pages are the evidence.
        known: templates of a description of the shop's API; they come first.
    """

    def __init__(self, exchanges: Iterable[Exchange], known: Iterable[str] = ()) -> None:
        self._known = sorted((template.split("/") for template in known), key=lambda parts: sum(map(varies, parts)))
        self._siblings: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        for exchange in exchanges:
            if exchange.is_page:
                for link in links_of(exchange.text):
                    self._note(exchange.url, link)

    def _note(self, page: str, link: str) -> None:
        try:
            where = urlsplit(urljoin(page, link))
        except ValueError:
            return
        if where.netloc == urlsplit(page).netloc:
            *folder, last = _segments(where.path)
            self._siblings[*folder, str(where.path.endswith("/"))].add(last)

    def __call__(self, path: str) -> str:
        """The template of a path: ``/product/{slug}``."""
        written = path.split("/")
        for known in self._known:
            if len(known) == len(written) and all(map(_fits, known, written)):
                return "/".join(known)
        ending = "/" if path.endswith("/") and path != "/" else ""
        segments = _segments(path)
        folded = [self._folded(segments, at, ending) for at in range(len(segments))]
        return "/" + "/".join(folded) + ending

    def _folded(self, segments: list[str], at: int, ending: str) -> str:
        known = template_of(segments[at]) if segments[at] else ""
        if known in ("{id}", "{uuid}"):
            return known
        # A slug with a number in it looks like a token to those who see it alone; the next article's does not.
        slug = self._slug(segments, at, ending)
        return slug if varies(slug) else known

    def _slug(self, segments: list[str], at: int, ending: str) -> str:
        segment = segments[at]
        words = set(vocabulary.words_of(segment))
        if not segment or words <= vocabulary.KNOWN:
            return segment
        if any(before.lower() in _HOLDERS for before in segments[:at]):
            return "{slug}"
        siblings = self._siblings[*segments[:at], str(bool(ending))] if at == len(segments) - 1 else set()
        looks = (_SLUG if at else _LONG_SLUG).fullmatch(segment)
        known_before = any(set(vocabulary.words_of(before)) & vocabulary.KNOWN for before in segments[:at])
        if looks and not known_before and sum(1 for one in siblings if _SLUG.fullmatch(one)) >= SIBLINGS:
            return "{slug}"
        return segment


def _fits(known: str, written: str) -> bool:
    return known == written or (varies(known) and bool(written))


def _segments(path: str) -> list[str]:
    return [unquote(segment) for segment in path.strip("/").split("/")]


def varies(segment: str) -> bool:
    """Whether a segment of a template stands for many."""
    return segment.startswith("{") and segment.endswith("}")
