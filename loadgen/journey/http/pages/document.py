"""What a page makes a browser load, in the order of its tags (https://html.spec.whatwg.org). Pure.

======================================================  =======  ======================================================
tag                                                     kind     asked for
======================================================  =======  ======================================================
``<link rel=stylesheet>``, ``<style>``, ``style=""``     style    first; for another medium (``print``): last
``<link rel=preload as=…>``, ``modulepreload``           as said  as that kind, if its ``media`` holds
``<script src>``                                        script   soon; with ``async``, ``defer``, ``type=module``: then
``<img>``, ``<picture>``, ``<input type=image>``,        image    when all of these are under way
``<video poster>``, ``<image>`` and ``<use>`` of SVG
``<link rel=icon>``                                     icon     last, and the last of several
======================================================  =======  ======================================================

``fetchpriority`` moves a thing forward or back. Where nothing is laid out, nobody knows what is in view: a page's first
pictures are, and ``loading=lazy`` ones behind them are not loaded.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from loadgen.journey.http.pages.links import FIRST, LAST, SEEN, SOON, THEN, Kind, Link, link_to
from loadgen.journey.http.pages.screen import Screen, holds
from loadgen.journey.http.pages.srcset import choose
from loadgen.journey.http.pages.stylesheet import read_sheet, urls_in
from loadgen.journey.http.urls import join
from loadgen.markup import MAX_CHARS, Tag, TagReader, decoded

MAX_LINKS: Final = 1000
"""Links of one page that are kept in mind."""

_TAGS: Final = TagReader("base", "link", "script", "img", "picture", "source", "input", "video", "image", "use")

_SCRIPTS: Final = frozenset(
    {"", "module", "text/javascript", "application/javascript", "text/ecmascript", "application/ecmascript"}
    | {"application/x-javascript", "text/x-javascript", "text/jscript"}
)
"""Types of scripts that browsers run; others hold templates and data."""

_PRELOADS: Final[dict[str, tuple[Kind, int]]] = {
    "style": ("style", FIRST),
    "font": ("font", FIRST),
    "script": ("script", SOON),
    "image": ("image", SEEN),
    "fetch": ("other", THEN),
}

_PICTURES: Final = frozenset({"image/avif", "image/webp", "image/jpeg", "image/png", "image/gif", "image/svg+xml", ""})
"""Types of ``<source>`` that browsers show."""

_NAMED: Final = [re.compile(rf"""{name}=(?:"([^"]*+)"|'([^']*+)'|([^\s>"']++))""") for name in ("class", "id")]
_STYLED: Final = re.compile(r"""style=(?:"([^"]*+)"|'([^']*+)')""")


class Document(NamedTuple):
    """What a page makes a browser load.

    Attributes:
        links: each once, in the order of the page.
        words: the classes and ids on it, by which rules of stylesheets may apply.
    """

    links: tuple[Link, ...] = ()
    words: frozenset[str] = frozenset()


def read_document(html: str, url: str, screen: Screen, in_view: int) -> Document:
    """Read a page. Never raises.

    Args:
        html: its text.
        url: where it was found, absolute.
        screen: what it is looked at with.
        in_view: how many of its pictures count as seen.
    """
    html = html[:MAX_CHARS]
    values = (one or other or bare for named in _NAMED for one, other, bare in named.findall(html))
    words = frozenset(word for value in values for word in value.split())
    reader = _Reader(url, screen, in_view, words)
    for tag in _TAGS.read(html):
        if not tag.is_end or tag.name == "picture":
            reader.take(tag)
        if len(reader.links) >= MAX_LINKS:
            break
    reader.finish(html)
    return Document(tuple(reader.links.values()), words)


class _Reader:
    """Takes one tag after the other."""

    def __init__(self, url: str, screen: Screen, in_view: int, words: frozenset[str]) -> None:
        self.links: dict[str, Link] = {}
        self._base, self._screen, self._in_view, self._words = url, screen, in_view, words
        self._based = False
        self._pictures = 0
        self._sources: list[dict[str, str]] | None = None
        self._icon = ""

    def take(self, tag: Tag) -> None:
        """Take the next tag."""
        given = tag.attributes
        match tag.name:
            case "base" if "href" in given and not self._based:
                self._rebase(given["href"])
            case "link" if "href" in given or "imagesrcset" in given:
                self._link(given)
            case "style" if holds(given.get("media", ""), self._screen):
                for link in read_sheet(tag.text, self._base, self._screen).links(self._words):
                    self._keep(link)
            case "script" if given.get("type", "").strip().lower() in _SCRIPTS and "nomodule" not in given:
                late = "async" in given or "defer" in given or given.get("type", "").strip().lower() == "module"
                self._add(given.get("src", ""), "script", _moved(given, THEN if late else SOON))
            case "picture":
                self._sources = None if tag.is_end else []
            case "source" if self._sources is not None:
                self._sources.append(given)
            case "img":
                self._image(given)
            case "input" if given.get("type", "").lower() == "image":
                self._add(given.get("src", ""), "image", SEEN)
            case "video":
                self._add(given.get("poster", ""), "image", SEEN)
            case "image" | "use":
                self._add(given.get("href") or given.get("xlink:href") or "", "image", SEEN)

    def finish(self, html: str) -> None:
        """Take what belongs to the page as a whole."""
        if "url(" in html:
            for one, other in _STYLED.findall(html):
                for url in urls_in(decoded(one or other)):
                    self._add(url, "image", SEEN)
        self._add(self._icon, "icon", LAST)

    def _rebase(self, href: str) -> None:
        self._based = True
        try:
            self._base = join(self._base, href)
        except ValueError:
            return  # browsers go on with the page's own address

    def _link(self, given: dict[str, str]) -> None:
        rel = given.get("rel", "").lower().split()
        seen = holds(given.get("media", ""), self._screen)
        href = given.get("href", "")
        if "stylesheet" in rel:
            if "alternate" not in rel and "disabled" not in given:
                self._add(href, "style", _moved(given, FIRST if seen else LAST))
        elif "modulepreload" in rel:
            self._add(href, "script", _moved(given, THEN))
        elif "preload" in rel and seen:
            kind, rank = _PRELOADS.get(given.get("as", "").lower(), ("other", LAST))
            chosen = choose(given.get("imagesrcset", ""), given.get("imagesizes", ""), self._screen)
            if rank != LAST:
                self._add(chosen or href, kind, _moved(given, rank))
        elif "icon" in rel:
            self._icon = href

    def _image(self, given: dict[str, str]) -> None:
        url = ""
        for source in self._sources or ():
            if source.get("type", "").lower() in _PICTURES and holds(source.get("media", ""), self._screen):
                url = choose(source.get("srcset", ""), source.get("sizes", ""), self._screen)
                if url:
                    break
        url = url or choose(given.get("srcset", ""), given.get("sizes", ""), self._screen) or given.get("src", "")
        if url:
            self._pictures += 1
            if given.get("loading", "").lower() != "lazy" or self._pictures <= self._in_view:
                self._add(url, "image", _moved(given, SEEN))

    def _add(self, written: str, kind: Kind, rank: int) -> None:
        link = link_to(self._base, written, kind, rank)
        if link is not None:
            self._keep(link)

    def _keep(self, link: Link) -> None:
        known = self.links.get(link.url)
        if known is None or link.rank < known.rank:
            self.links[link.url] = link


def _moved(given: dict[str, str], rank: int) -> int:
    """The rank of a thing whose author says how much it matters."""
    wish = given.get("fetchpriority", "").lower()
    return max(rank - 1, FIRST) if wish == "high" else min(rank + 1, LAST) if wish == "low" else rank
