"""What a page is looked at with, and whether a media query holds there (https://www.w3.org/TR/mediaqueries-4/). Pure.

===================================  ===========================================
``(min-width: 48em)``                768 CSS pixels or more
``screen and (400px <= width)``      a range
``not print``, ``(a) or (b)``        negated; one of several
``(prefers-reduced-motion)``         no: a shopper has no wishes of that kind
what is not understood               does not hold, as browsers have it
===================================  ===========================================
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

EM_PX: Final = 16.0
"""Of a browser that nobody has changed."""

TOUCH_PX: Final = 600.0
"""A screen narrower than this is a telephone's: nothing points at it that could hover."""

_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([a-z]*)")
_TOKEN: Final = re.compile(r"\(([^()]*)\)|([a-z-]+)|(\S)")
_RANGE: Final = re.compile(r"(?:([^<>=]+)(<=|>=|<|>|=))?\s*([a-z-]+)\s*(?:(<=|>=|<|>|=)([^<>=]+))?")

_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}

_NO: Final = {"", "none", "no-preference"}
"""Values of which a feature without a value says that there is nothing of it."""


class Screen(NamedTuple):
    """The window that a page is laid out in.

    Attributes:
        width: in CSS pixels.
        height: the same.
        ratio: device pixels of one CSS pixel.
    """

    width: float
    height: float
    ratio: float = 1.0

    def length(self, written: str) -> float | None:
        """A length in CSS pixels; None if it is none."""
        found = _NUMBER.fullmatch(written.strip().lower())
        if found is None:
            return None
        units = {"px": 1.0, "em": EM_PX, "rem": EM_PX, "vw": self.width / 100, "vh": self.height / 100}
        size = units.get(found[2], 0.0 if float(found[1]) == 0 and not found[2] else None)
        return None if size is None else float(found[1]) * size


@lru_cache(maxsize=1024)
def holds(query: str, screen: Screen) -> bool:
    """Whether a list of media queries holds; an empty one always does."""
    return not query.strip() or any(_one_holds(part, screen) for part in query.lower().split(","))


def _one_holds(query: str, screen: Screen) -> bool:
    value: bool | None = None
    either = negated = False
    all_negated = query.split()[:1] == ["not"]
    for feature, word, rest in _TOKEN.findall(query.strip().removeprefix("not ")):
        if rest:
            return False
        if word == "not":
            negated = True
        elif word in ("and", "or"):
            either = word == "or"
        elif word != "only":
            held = word in ("all", "screen") if word else _feature_holds(feature.strip(), screen)
            held = held is not negated
            negated = False
            value = held if value is None else value or held if either else value and held
    return value is not None and value is not all_negated


def _feature_holds(feature: str, screen: Screen) -> bool:
    name, colon, value = (part.strip() for part in feature.partition(":"))
    if not colon:
        return _range_holds(feature, screen)
    sign = {"min-": ">=", "max-": "<="}.get(name[:4], "=")
    number = _number_of(name if sign == "=" else name[4:], screen)
    if number is None:
        return value != "" and _word_of(name, screen) == value
    bound = _bound(value, screen)
    return bound is not None and _COMPARE[sign](number, bound)


def _range_holds(feature: str, screen: Screen) -> bool:
    """A range such as ``400px <= width < 60em``, or a name alone: whether there is anything of it."""
    found = _RANGE.fullmatch(feature)
    if found is None:
        return False
    low, low_sign, name, high_sign, high = found.groups()
    number = _number_of(name, screen)
    if not low_sign and not high_sign:
        return _word_of(name, screen) not in _NO if number is None else number > 0
    if number is None:
        return False
    for written, sign in ((low, low_sign and _MIRRORED[low_sign]), (high, high_sign)):
        bound = _bound(written, screen) if sign else None
        if sign and (bound is None or not _COMPARE[sign](number, bound)):
            return False
    return True


def _number_of(name: str, screen: Screen) -> float | None:
    numbers = {
        "width": screen.width,
        "height": screen.height,
        "aspect-ratio": screen.width / screen.height,
        "resolution": screen.ratio,
        "color": 8.0,
    }
    return numbers.get(name)


def _word_of(name: str, screen: Screen) -> str:
    touched = screen.width < TOUCH_PX
    words = {
        "orientation": "portrait" if screen.height >= screen.width else "landscape",
        "hover": "none" if touched else "hover",
        "pointer": "coarse" if touched else "fine",
        "prefers-color-scheme": "light",
        "prefers-reduced-motion": "no-preference",
        "prefers-contrast": "no-preference",
        "scripting": "enabled",
    }
    return words.get(name.removeprefix("any-"), "")


def _bound(written: str, screen: Screen) -> float | None:
    """A length, a ratio, a resolution or a bare number; None if it is none of them."""
    above, slash, below = written.partition("/")
    found = _NUMBER.fullmatch(above.strip())
    if found is None:
        return None
    number, unit = float(found[1]), found[2]
    if slash:
        divisor = _NUMBER.fullmatch(below.strip())
        return number / float(divisor[1]) if divisor and float(divisor[1]) else None
    if unit in ("dppx", "x", ""):
        return number
    return number / 96 if unit == "dpi" else screen.length(written)
