"""How wide a picture is shown, as its ``sizes`` tell (https://html.spec.whatwg.org/#sizes-attributes). Pure.

::

    (max-width: 600px) 100vw, calc((100vw - 120px) / 4)
    └─ if this holds ─┘ this   └── otherwise this ───┘
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from loadgen.journey.http.pages.screen import Screen, holds
from loadgen.markup.possessive import possessive

MAX_CHARS: Final = 2048
"""Longer ones are cut."""

_PART: Final = re.compile(possessive(r"(?:[^,()]++|\((?:[^()]++|\((?:[^()]++|\([^()]*+\))*+\))*+\)|[()])++"))
_CONDITION: Final = re.compile(r"(.*?)\s*((?:calc|min|max|clamp)\(.*\)|\S+)", re.DOTALL)
_INNERMOST: Final = re.compile(r"(calc|min|max|clamp)?\(([^()]*)\)")
_TERMS: Final = re.compile(r"\s([+-])\s")
_FACTORS: Final = re.compile(r"\s*([*/])\s*")

_FUNCTIONS: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "": lambda values: values[0],
    "calc": lambda values: values[0],
    "min": min,
    "max": max,
    "clamp": lambda values: max(values[0], min(values[1:])),
}


def size_of(sizes: str, screen: Screen) -> float:
    """The width in CSS pixels, above 0; what cannot be told is as wide as the window.

    Args:
        sizes: the attribute.
        screen: what the page is looked at with.
    """
    for part in _PART.findall(sizes[:MAX_CHARS].lower()):
        found = _CONDITION.fullmatch(part.strip())
        if found is None:
            continue
        width_px = _calculated(found[2], screen)
        if width_px is not None and 1 <= width_px <= 1e6 and holds(found[1], screen):
            return width_px
    return screen.width


def _calculated(written: str, screen: Screen) -> float | None:
    """A length, or what comes of ``calc()`` and its like; None if it makes no sense."""
    while inner := _INNERMOST.search(written):
        values = [_sum(argument, screen) for argument in inner[2].split(",")]
        known = [value for value in values if value is not None]
        if len(known) < len(values) or (inner[1] == "clamp" and len(known) < 3):
            return None
        value = _FUNCTIONS[inner[1] or ""](known)
        written = f"{written[: inner.start()]}{value:.4f}px{written[inner.end() :]}"
    return _sum(written, screen)


def _sum(written: str, screen: Screen) -> float | None:
    first, *rest = _TERMS.split(written)
    total = _product(first, screen)
    for sign, term in zip(rest[::2], rest[1::2], strict=True):
        value = _product(term, screen)
        if total is None or value is None:
            return None
        total += value if sign == "+" else -value
    return total


def _product(written: str, screen: Screen) -> float | None:
    first, *rest = _FACTORS.split(written)
    total = _factor(first, screen)
    for sign, factor in zip(rest[::2], rest[1::2], strict=True):
        value = _factor(factor, screen)
        if total is None or value is None or (sign == "/" and not value):
            return None
        total = total * value if sign == "*" else total / value
    return total


def _factor(written: str, screen: Screen) -> float | None:
    text = written.strip()
    try:
        return float(text)
    except ValueError:
        return screen.length(text)
