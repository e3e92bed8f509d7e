"""Request names: templates, never raw URLs, and never more than a cap.

``/product/42?ref=mail`` becomes ``/product/{id}``: the query is dropped; path segments that are numbers, UUIDs or
long hexadecimal or mixed tokens are replaced. What an author names (``name="GET product"``) passes unchanged, as it
holds no such segment. Names beyond the cap are counted under ``__other__``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

OTHER: Final = "__other__"
"""Where names beyond the cap are counted."""

MAX_NAME_LENGTH: Final = 200
"""Characters of a name; longer ones are cut. A template longer than this is no template."""

_UUID = re.compile(r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
_NUMBER = re.compile(r"^[+-]?\d+(?:[.,]\d+)?$")
_HEX = re.compile(r"^(?=.*\d)[0-9a-fA-F]{8,}$")
_TOKEN = re.compile(r"^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_\-.~%]{24,}$")
_ORDER = re.compile(r"^[A-Za-z]{1,5}[-_]?\d{3,}$")
_ORIGIN = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*")


@lru_cache(maxsize=8192)
def template_of(name: str) -> str:
    """Fold what varies in a request's name.

    Args:
        name: a URL, a path, or a name that an author gave.

    Returns:
        The template, at most :data:`MAX_NAME_LENGTH` characters, never empty.
    """
    path = _ORIGIN.sub("", name).partition("#")[0].partition("?")[0]
    folded = "/".join(_fold(segment) for segment in path.split("/"))
    printable = "".join(ch if ch.isprintable() else "�" for ch in folded)
    return printable[:MAX_NAME_LENGTH] or "/"


def _fold(segment: str) -> str:
    if _NUMBER.match(segment):
        return "{id}"
    if _UUID.match(segment):
        return "{uuid}"
    if _HEX.match(segment):
        return "{hex}"
    if _ORDER.match(segment):
        return "{ref}"
    if _TOKEN.match(segment):
        return "{token}"
    return segment


class NameCap:
    """Lets the first names through, and folds the rest into :data:`OTHER`.

    Args:
        limit: how many distinct names pass.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[str] = set()
        self.folded = 0
        """How many lookups were folded into :data:`OTHER`."""

    def __call__(self, name: str) -> str:
        """The name itself while there is room, else :data:`OTHER`."""
        if name in self._known or name == OTHER:
            return name
        if len(self._known) < self._limit:
            self._known.add(name)
            return name
        self.folded += 1
        return OTHER
