"""Where values come from: looks up what a request sent in the answers that had come before it.

::

    {"productVariantId": "34"}  ◀── data.product.variants[0].id           a number proves nothing: names must agree
    csrf=8f3a…                  ◀── <meta name="csrf-token" content=…>    what is long and odd is proof enough
    Authorization: Bearer 8a1…  ◀── header vendure-auth-token
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from loadgen.recording.exchange import Exchange
from loadgen.recording.html import forms_of
from loadgen.recording.vocabulary import singular, words_of

MAX_LEAVES: Final = 50_000
"""Values of one answer that are looked at."""

MAX_PAGES: Final = 50
"""Pages that are looked at for one value: nobody comes back to older ones."""

MAX_HITS: Final = 40
"""Places of a page that are looked at for one value."""

CLOCK_S: Final = 0.005
"""By so much the times of a recording may be off."""

_IDS: Final = frozenset(
    {
        "id",
        "slug",
        "code",
        "token",
        "key",
        "uuid",
        "sku",
        "handle",
        "ref",
        "reference",
        "number",
        "nonce",
        "hash",
        "secret",
    }
)
_DULL_HEADERS: Final = re.compile(
    r"date|content-.*|etag|last-modified|expires|age|server|vary|via|location|set-cookie|cache-control|connection"
    r"|keep-alive|link|alt-svc|x-request-id|x-runtime|nel|report-to"
)
_DISTINCTIVE: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z]).{8,}|\d{7,}|\S{24,}")
_KEY: Final = re.compile(r"""([\w.\-\[\]]{1,60})["']?\s{0,3}[:=]\s{0,3}["']?$""")
_STOPS: Final = {'"': '([^"]+)', "'": "([^']+)"}
"""What a value is, by the quote before it."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value stands.

    Attributes:
        exchange: whose answer has it.
        how: in what.
        path: of JSON.
        key: name of a header, a cookie, a form's field; the pattern in a page's text.
        action: of the form.
        before: text that the request has before the value: ``Bearer ``.
    """

    exchange: Exchange
    how: Literal["json", "header", "cookie", "form", "text"]
    path: Path = ()
    key: str = ""
    action: str = ""
    before: str = ""


class Answers:
    """The answers so far, the latest first."""

    def __init__(self) -> None:
        self._leaves: defaultdict[str, list[tuple[Exchange, Path]]] = defaultdict(list)
        self._headers: defaultdict[str, list[tuple[Exchange, str]]] = defaultdict(list)
        self._cookies: dict[str, tuple[Exchange, str]] = {}
        self._pages: list[Exchange] = []
        self.json: dict[int, Any] = {}

    def add(self, exchange: Exchange) -> None:
        """Remember an answer."""
        for name, value in [pair for hop in exchange.hops for pair in hop.answer_headers] + [*exchange.answer_headers]:
            self._note_header(exchange, name, value)
        if exchange.location:
            return  # the journey only asks where it leads
        read = self.read(exchange)
        if read is not None:
            for path, value in _leaves(read):
                self._leaves[value].append((exchange, path))
        elif exchange.text and exchange.mime.startswith(("text/", "application/xhtml")):
            self._pages.append(exchange)

    def read(self, exchange: Exchange) -> Any:
        """The value of an answer's JSON; None if it is none."""
        if exchange.number not in self.json and exchange.is_json and exchange.text:
            try:
                self.json[exchange.number] = json.loads(exchange.text)
            except (ValueError, RecursionError):
                return None
        return self.json.get(exchange.number)

    def pages(self) -> list[Exchange]:
        """Those with text for people, the latest first; older ones than :data:`MAX_PAGES` are forgotten."""
        return self._pages[: -MAX_PAGES - 1 : -1]

    def find(self, value: str, name: list[str], asking: Exchange, *, in_path: bool = False) -> Source | None:
        """Where a value came from.

        Args:
            value: as it was sent.
            name: words of what it was sent as.
            asking: the request that sent it.
            in_path: whether it stands in the path, where nothing is said without a reason.
        """
        if len(value) > 4000 or not value:
            return None
        before, _, rest = value.partition(" ")
        if rest and before in ("Bearer", "Token", "JWT"):
            found = self.find(rest, name, asking)
            return found and Source(found.exchange, found.how, found.path, found.key, found.action, f"{before} ")
        is_distinct = bool(_DISTINCTIVE.fullmatch(value))
        if not is_distinct and (len(value) <= 3 and value.isalpha()):
            return None
        return (
            self._in_headers(value, is_distinct, asking)
            or self._in_json(value, set(map(singular, name)), is_distinct, in_path, asking)
            or self._in_pages(value, set(map(singular, name)), is_distinct, asking)
        )

    def _note_header(self, exchange: Exchange, name: str, value: str) -> None:
        lowered = name.lower()
        if lowered == "set-cookie":
            for line in value.split("\n"):
                cookie, _, rest = line.partition("=")
                self._cookies[rest.partition(";")[0].strip()] = (exchange, cookie.strip())
        elif (
            not _DULL_HEADERS.fullmatch(lowered)
            and not exchange.hops
            and not exchange.location
            and re.fullmatch(r"[A-Za-z0-9-]{1,60}", name)
        ):
            self._headers[value].append((exchange, name))

    def _in_headers(self, value: str, is_distinct: bool, asking: Exchange) -> Source | None:
        if not is_distinct:
            return None
        for exchange, name in reversed(self._headers.get(value, [])):
            if _was_there(exchange, asking):
                return Source(exchange, "header", key=name)
        if value in self._cookies and re.fullmatch(r"[\w.\-]{1,80}", self._cookies[value][1]):
            exchange, name = self._cookies[value]
            return Source(exchange, "cookie", key=name)
        return None

    def _in_json(self, value: str, name: set[str], is_distinct: bool, in_path: bool, asking: Exchange) -> Source | None:
        best: tuple[int, int, int] | None = None
        found: Source | None = None
        for exchange, path in self._leaves.get(value, []):
            words = {singular(word) for key in path if isinstance(key, str) for word in words_of(key)}
            leaf = next((key for key in reversed(path) if isinstance(key, str)), "")
            is_id = bool(_IDS & set(map(singular, words_of(leaf))))
            agree = len(words & name)
            if not _was_there(exchange, asking):
                continue
            if not ((is_id and agree) or is_distinct or (in_path and is_id and len(value) >= 3)):
                continue
            rank = (agree, exchange.number, -len(path))
            if best is None or rank > best:
                best, found = rank, Source(exchange, "json", path)
        return found

    def _in_pages(self, value: str, name: set[str], is_distinct: bool, asking: Exchange) -> Source | None:
        for page in self.pages():
            if not _was_there(page, asking) or value not in page.text:
                continue
            if is_distinct:
                forms = forms_of(page.text)
                for form in forms:
                    key = next((key for key, held in form.fields.items() if held == value), None)
                    if key is None:
                        continue
                    first = next(one for one in forms if one.action.startswith(form.action))
                    if first.fields.get(key) == value:
                        return Source(page, "form", key=key, action=form.action)
            pattern = _pattern(page.text, value, name, is_distinct)
            if pattern:
                return Source(page, "text", key=pattern)
        return None


def _was_there(exchange: Exchange, asking: Exchange) -> bool:
    return exchange.ended_s <= asking.started_s + CLOCK_S


def _leaves(value: Any) -> Iterator[tuple[Path, str]]:
    """The texts and numbers of a JSON value with where they stand."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    seen = 0
    while waiting and seen < MAX_LEAVES:
        path, one = waiting.pop()
        seen += 1
        if isinstance(one, dict):
            waiting.extend(((*path, key), inner) for key, inner in reversed(one.items()))
        elif isinstance(one, list):
            waiting.extend(((*path, at), inner) for at, inner in reversed(list(enumerate(one))))
        elif isinstance(one, str) and one:
            yield path, one
        elif isinstance(one, int) and not isinstance(one, bool):
            yield path, str(one)


def _pattern(page: str, value: str, name: set[str], is_distinct: bool) -> str:
    """A pattern that finds the value on its page, by what stands before it; empty if there is none to trust."""
    at = -1
    for _ in range(MAX_HITS):
        at = page.find(value, at + 1)
        if at < 0:
            break
        left = page[max(at - 120, 0) : at]
        key = _KEY.search(left)
        if key is None or not re.match(r"[\"'&<\s]", page[at + len(value) : at + len(value) + 1] or " "):
            continue
        begin = key.start()
        if key[1].lower() in ("value", "content"):  # which one of them, another attribute tells
            tag = left.rpartition("<")[2]
            other = re.search(r"""(?:name|id|property)=["']?[\w.\-\[\]]{1,60}""", tag)
            if other is None:
                continue
            words, begin = set(words_of(other[0])), len(left) - len(tag) + other.start()
        else:
            words = set(words_of(key[1]))
        pattern = _escaped(left[begin:]) + _STOPS.get(left[-1:], r"([\w.~+/=-]+)")
        found = re.search(pattern, page)
        if (is_distinct or _agree(set(map(singular, words)), name)) and found is not None and found[1] == value:
            return pattern
    return ""


def _agree(words: set[str], name: set[str]) -> bool:
    """Whether ``data-product-id`` means what was sent as ``product_id``."""
    return name <= words and bool(name & _IDS)


def _escaped(text: str) -> str:
    """Text as a pattern that people can read."""
    return re.sub(r"(?:\\?\s){2,}|\\?[\n\r\t]", r"\\s+", re.escape(text)).replace("\\ ", " ").replace("\\-", "-")
