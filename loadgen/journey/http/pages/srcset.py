"""Which of several files of one picture a browser takes (https://html.spec.whatwg.org/#srcset-attributes). Pure.

::

    srcset="s.jpg 480w, m.jpg 960w, l.jpg 1920w"  sizes="(max-width: 600px) 100vw, 50vw"

    a window of 1366 pixels ─▶ the picture is 683 wide ─▶ densities 0.7, 1.4, 2.8 ─▶ m.jpg for a ratio of 1
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Final

from loadgen.journey.http.pages.screen import Screen
from loadgen.journey.http.pages.sizes import size_of

MAX_CHARS: Final = 16 * 1024
"""Longer lists of files are cut: image services write a dozen of them."""

_CANDIDATE: Final = re.compile(r"[\s,]*+([^\s,]\S*+)([^,]*+)")
_DESCRIPTOR: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([wx])")


def choose(srcset: str, sizes: str, screen: Screen) -> str:
    """The file to load; empty if there is none.

    Args:
        srcset: the attribute.
        sizes: the attribute; empty takes the window's width.
        screen: what it is looked at with.
    """
    candidates: dict[float, str] = {}
    width_px = 0.0
    for url, descriptor in _candidates(srcset[:MAX_CHARS]):
        found = _DESCRIPTOR.fullmatch(descriptor or "1x")
        if found is None:
            continue
        density = float(found[1])
        if found[2] == "w":
            width_px = width_px or size_of(sizes, screen)
            density /= width_px
        if 0 < density < math.inf:
            candidates.setdefault(density, url)
    return _by_density(sorted(candidates.items()), screen.ratio) if candidates else ""


def _candidates(srcset: str) -> list[tuple[str, str]]:
    """Addresses and what is said of them. Addresses may hold commas, but not end with one."""
    found = []
    at = 0
    while candidate := _CANDIDATE.match(srcset, at):
        url, descriptor = candidate.groups()
        at = candidate.end()
        if url.endswith(","):
            url, descriptor, at = url.rstrip(","), "", candidate.end(1)
        found.append((url, descriptor.strip().lower()))
    return found


def _by_density(candidates: list[tuple[float, str]], ratio: float) -> str:
    """The one that suits the screen best: as Chromium does it (``html_srcset_parser.cc``)."""
    for (density, url), (denser, better) in pairwise(candidates):
        if denser >= ratio:
            too_coarse = density < ratio <= 1 or ratio >= math.sqrt(density * denser)
            return better if too_coarse else url
    return candidates[-1][1]
