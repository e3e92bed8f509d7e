"""Names under which assets are counted: few, and the same from one release of a shop to the next.

======================================  ========================================
asset                                   counted as
======================================  ========================================
``/static/app.3f9c.js?v=2``             ``/static/app.{hash}.js``
``/media/classic-steel-lamp.webp``      ``/media/{file}.webp``
``//cdn.shop.example/a/theme.css``      ``cdn.shop.example/a/theme.css``
of the 61st name on                     ``/{script}``, ``/{image}``, …
======================================  ========================================

Pictures and fonts are told apart by their folder only: a shop has as many of them as products. The cap leaves room for
the names of pages (see :mod:`loadgen.stats.names`).
"""

from __future__ import annotations

import re
from typing import Final

from loadgen.journey.http.pages.links import Link
from loadgen.journey.http.wires import Origin
from loadgen.stats import OTHER, NameCap

MAX_NAMES: Final = 60
"""Distinct names of assets."""

KNOWN: Final = 8192
"""Addresses whose name is remembered; beyond it the memory starts again."""

_PARTS: Final = re.compile(r"([-._~@,+=]|%[0-9A-Fa-f]{2})")
_HASH: Final = re.compile(
    r"(?=.*[0-9])(?:(?=.*[a-f])[0-9a-f]{4,}|(?=.*[A-F])[0-9A-F]{4,}|(?=.*[0-9][A-Za-z])[0-9A-Za-z]{8,}|[A-Za-z]{0,10}[0-9]{6,})"
)


class AssetNames:
    """The names of assets in one process."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool], str] = {}
        self._cap = NameCap(MAX_NAMES)

    def __call__(self, link: Link, home: Origin) -> str:
        """The name of an asset.

        Args:
            link: the asset.
            home: where its page came from; assets of other hosts carry theirs.
        """
        key = (link.url, link.origin == home)
        name = self._known.get(key)
        if name is None:
            full = asset_name(link) if link.origin == home else f"{link.origin.host}{asset_name(link)}"
            capped = self._cap(full)
            name = f"/{{{link.kind}}}" if capped is OTHER else capped
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[key] = name
        return name


def asset_name(link: Link) -> str:
    """The name of an asset on its own host, before any cap."""
    folders, _, file = link.target.partition("?")[0].rpartition("/")
    if link.kind in ("image", "font"):
        _, dot, ending = file.rpartition(".")
        named = f"{{file}}{dot}{ending}" if dot and ending.isalnum() and len(ending) <= 5 else "{file}"
    else:
        named = _folded(file)
    return "/".join(map(_folded, folders.split("/"))) + f"/{named}"


def _folded(segment: str) -> str:
    """A segment of a path without what a release changes."""
    return "".join("{hash}" if _HASH.fullmatch(part) else part for part in _PARTS.split(segment))
