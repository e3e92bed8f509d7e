"""What a stylesheet makes a browser load (https://www.w3.org/TR/css-syntax-3/). Pure.

::

    @import "more.css";                                          always
    @font-face { src: url(a.eot), url(a.woff2) format(…) }       the first file that browsers of today read, if the
                                                                 face has Latin letters
    .hero .wide { background: url(wide.jpg) }                    on pages that have both classes
    a:hover { background: url(lit.png) }                         never: nobody points at anything
    @media print { … url(…) … }                                  only what holds for the screen

Whether a rule matches is not computed, only whether it may: each class and id that its selector names must stand
somewhere on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from loadgen.journey.http.pages.links import FIRST, SEEN, Link, link_to
from loadgen.journey.http.pages.screen import Screen, holds
from loadgen.markup.possessive import possessive

MAX_CHARS: Final = 2 * 1024 * 1024
"""Characters of a stylesheet that are read."""

MAX_LINKS: Final = 1000
"""Files that one stylesheet is asked for; the rest is not looked at."""

MAX_DEPTH: Final = 4
"""Parentheses within parentheses of a selector; authors write two."""

MAX_QUERY_CHARS: Final = 1000
"""Of a media query; a longer one is cut, and then does not hold."""

_TOKEN: Final = re.compile(
    possessive(r"""[{}]
      | "(?:[^"\\\n]++|\\.)*+["\n]?+ | '(?:[^'\\\n]++|\\.)*+['\n]?+
      | \((?:[^()"'{}]++|"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+')*+\)
      | @import\s*+(?:"[^"\n]*+"|'[^'\n]*+'|url\([^()]*+\))[^;{}@]*+;?+
    """),
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_URL: Final = re.compile(
    r""""[^"\n]*+" | '[^'\n]*+' | url\( \s*+ (?: "([^"\n]*+)" | '([^'\n]*+)' | ([^()"'\s]*+) ) \s*+ \)""",
    re.VERBOSE | re.IGNORECASE,
)
_IMPORT: Final = re.compile(r"""@import\s*+(?:"([^"\n]*+)"|'([^'\n]*+)'|url\(\s*+["']?+([^)"']*+))""", re.IGNORECASE)
_DECLARATION: Final = re.compile(
    possessive(r"""(?<![-\w])([-\w]++)\s*+:  # a name and its value, which may hold semicolons in
        ((?: [^;"'(]++
           | "(?:[^"\\]++|\\.)*+"?+ | '(?:[^'\\]++|\\.)*+'?+    # a string
           | \((?:[^()"']++|"[^"]*+"|'[^']*+')*+\)?+          # parentheses, as of url(data:…;…)
        )*+)"""),
    re.VERBOSE | re.DOTALL,
)
_FORMAT: Final = re.compile(r"""\s*+format\(\s*+["']?+([-\w]+)""", re.IGNORECASE)
_RANGE: Final = re.compile(r"u\+([0-9a-f?]{1,6})(?:-([0-9a-f]{1,6}))?", re.IGNORECASE)
_FORMATS: Final = frozenset({"woff2", "woff", "truetype", "opentype", "woff2-variations", "woff-variations"})
_OLD_FONT: Final = re.compile(r"\.(?:eot|svg)\b", re.IGNORECASE)

_ASIDE: Final = re.compile(r"\([^()]*+\)|\[[^\[\]]*+\]")
_WORD: Final = re.compile(possessive(r"[.#]((?:[-\w]|[^\x00-\x7f]|\\.)++)"))
_WHEN_POINTED: Final = re.compile(
    r":(?:hover|focus|focus-within|focus-visible|active|visited|target|checked|disabled|invalid|fullscreen)\b"
)

_TRANSPARENT: Final = ("@supports", "@layer", "@container", "@scope", "@starting-style")


class Picture(NamedTuple):
    """A picture that rules name.

    Attributes:
        link: the file.
        needs: classes and ids that must be on the page, for each of the rule's selectors.
    """

    link: Link
    needs: tuple[frozenset[str], ...]


class Sheet(NamedTuple):
    """What a stylesheet makes a browser load.

    Attributes:
        imports: further stylesheets.
        fonts: one file for each face.
        pictures: of its rules.
    """

    imports: tuple[Link, ...] = ()
    fonts: tuple[Link, ...] = ()
    pictures: tuple[Picture, ...] = ()

    def links(self, words: frozenset[str]) -> Iterator[Link]:
        """What is loaded for a page.

        Args:
            words: the classes and ids on it.
        """
        yield from self.imports
        yield from self.fonts
        for link, needs in self.pictures:
            if any(need <= words for need in needs):
                yield link


def read_sheet(css: str, url: str, screen: Screen) -> Sheet:
    """Read a stylesheet. Never raises.

    Args:
        css: its text.
        url: where it stands, absolute: what it names is relative to that.
        screen: for media queries.
    """
    if "(" not in css and "@import" not in css.lower():
        return Sheet()
    reader = _Reader(url, screen)
    reader.read(css[:MAX_CHARS])
    return Sheet(tuple(reader.imports[:MAX_LINKS]), tuple(reader.fonts[:MAX_LINKS]), tuple(reader.pictures[:MAX_LINKS]))


def urls_in(value: str) -> list[str]:
    """The addresses of a declaration's value: of files to choose from (``image-set``) the first."""
    found = [url for groups in _URL.findall(value) if (url := "".join(groups))]
    return found[:1] if "image-set(" in value.lower() else found


class _Block(NamedTuple):
    """An open block: what stands before its brace, and whether it is for this screen."""

    prelude: str
    live: bool
    body: list[str]


class _Reader:
    """Goes through a stylesheet from brace to brace."""

    def __init__(self, url: str, screen: Screen) -> None:
        self.imports: list[Link] = []
        self.fonts: list[Link] = []
        self.pictures: list[Picture] = []
        self._url, self._screen = url, screen
        self._blocks: list[_Block] = [_Block("", True, [])]

    def read(self, css: str) -> None:
        """Read it all."""
        if "/*" in css:
            css = _COMMENT.sub(" ", css)
        start = 0
        for token in _TOKEN.finditer(css):
            first = token[0][0]
            if first == "{":
                self._opens(css[start : token.start()])
            elif first == "}":
                self._closes(css[start : token.start()])
            elif first == "@":
                self._import(token[0])
            else:
                continue
            start = token.end()
        while len(self._blocks) > 1:
            self._closes(css[start:])
            start = len(css)

    def _import(self, rule: str) -> None:
        found = _IMPORT.match(rule)
        if found and len(self._blocks) == 1:
            self._add(self.imports, link_to(self._url, found[1] or found[2] or found[3] or "", "style", FIRST))

    def _opens(self, text: str) -> None:
        before, _, prelude = text.rpartition(";")
        outer = self._blocks[-1]
        outer.body.append(before)
        prelude = prelude.strip()
        name = prelude.lower()
        if name.startswith("@media"):
            live = holds(prelude[6:MAX_QUERY_CHARS], self._screen)
        else:
            live = not name.startswith("@") or name.startswith(("@font-face", *_TRANSPARENT))
        self._blocks.append(_Block(prelude, live and outer.live, []))

    def _closes(self, text: str) -> None:
        if len(self._blocks) == 1:
            return  # a brace too many
        block = self._blocks.pop()
        block.body.append(text)
        body = ";".join(block.body)
        if not block.live or "url(" not in body.lower():
            return
        declared = {name.lower(): value for name, value in _DECLARATION.findall(body)}
        if block.prelude[:10].lower() == "@font-face":
            self._face(declared)
        else:
            self._rule(block.prelude, declared)

    def _face(self, declared: dict[str, str]) -> None:
        if not _has_letters(declared.get("unicode-range", "")):
            return
        value = declared.get("src", "")
        for found in _URL.finditer(value):
            url = found[1] or found[2] or found[3]
            told = _FORMAT.match(value, found.end())
            if not url:
                continue  # a string, such as the name of a font
            if told[1].lower() in _FORMATS if told else not _OLD_FONT.search(url):
                self._add(self.fonts, link_to(self._url, url, "font", FIRST))
                return

    def _rule(self, selectors: str, declared: dict[str, str]) -> None:
        for _ in range(MAX_DEPTH):
            selectors = _ASIDE.sub("", selectors)
        needs = tuple(
            frozenset(word.replace("\\", "") for word in _WORD.findall(selector))
            for selector in selectors.split(",")
            if not _WHEN_POINTED.search(selector.lower())
        )
        for name, value in declared.items():
            if needs and name != "cursor" and not name.startswith("--"):
                for url in urls_in(value):
                    link = link_to(self._url, url, "image", SEEN)
                    if link is not None:
                        self.pictures.append(Picture(link, needs))

    @staticmethod
    def _add(links: list[Link], link: Link | None) -> None:
        if link is not None:
            links.append(link)


def _has_letters(unicode_range: str) -> bool:
    """Whether a font's characters include Latin letters, as most pages need them; without a range it has all."""
    ranges = _RANGE.findall(unicode_range)
    return not ranges or any(
        int(low.replace("?", "0"), 16) <= ord("a") <= int(high or low.replace("?", "f"), 16) for low, high in ranges
    )
