"""How long an answer may be used again without asking (RFC 9111, as a browser's private cache has it). Pure.

::

    asked ──── answered ────────────────────────────── now
      └ delay ──┘ └───────── resident ───────────────┘
    age = max(answered − Date, Age + delay) + resident
    lifetime = max-age, else Expires − Date, else a tenth of (Date − Last-Modified)
    fresh while age < lifetime

Instants are seconds since 1970 by the generator's clock, which need not be the shop's: as with any browser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from loadgen.journey.http.cookie_dates import parse_cookie_date
from loadgen.markup.possessive import possessive

HEURISTIC_SHARE: Final = 0.1
"""Of the time since its last change, that an answer without a term counts as fresh (RFC 9111, 4.2.2)."""

LONGEST_S: Final = 2**31
"""Terms beyond this are as good as endless (RFC 9111, 1.2.2)."""

_GUESSED: Final = frozenset({200, 203})
"""Statuses whose freshness may be guessed from Last-Modified; the same as Chromium's."""

_ENDLESS: Final = frozenset({300, 301, 308, 410})
"""Statuses that hold for good if nothing else is said; the same as Chromium's."""

_DIRECTIVE: Final = re.compile(possessive(r"""([^\s,;="]++)(?:\s*+=\s*+(?:"([^"]*+)"?+|([^\s,;]*+)))?+"""))


@lru_cache(maxsize=1024)
def directives(cache_control: str) -> Mapping[str, str]:
    """The directives of a Cache-Control header by name in lower case; of those that come twice the first counts."""
    found = _DIRECTIVE.findall(cache_control)
    return {name.lower(): quoted or bare for name, quoted, bare in reversed(found)}


def may_be_kept(status: int, fields: Mapping[str, str]) -> bool:
    """Whether an answer to a GET may be kept at all.

    Args:
        status: of the answer.
        fields: its headers by name in lower case.
    """
    return 200 <= status < 600 and status not in (206, 304) and "no-store" not in directives(_control(fields))


def lifetime_s(status: int, fields: Mapping[str, str], answered_s: float) -> float:
    """How long an answer is fresh, from its making on; 0 or less if it must be asked about each time.

    Args:
        status: of the answer.
        fields: its headers by name in lower case.
        answered_s: when it came; stands for a Date that is missing.
    """
    told = directives(_control(fields))
    if "no-cache" in told or ("cache-control" not in fields and "no-cache" in fields.get("pragma", "").lower()):
        return 0.0
    if "max-age" in told:
        return _seconds(told["max-age"])
    made_s = _instant(fields.get("date", ""), answered_s)
    if "expires" in fields:
        return min(_instant(fields["expires"], made_s) - made_s, LONGEST_S)
    if status in _ENDLESS:
        return LONGEST_S
    if status in _GUESSED and "must-revalidate" not in told:
        return max((made_s - _instant(fields.get("last-modified", ""), made_s)) * HEURISTIC_SHARE, 0.0)
    return 0.0


def age_s(fields: Mapping[str, str], asked_s: float, answered_s: float) -> float:
    """How old an answer was when it came: since it was made, as far as its headers and the clock can tell.

    Args:
        fields: its headers by name in lower case.
        asked_s: when the request was sent.
        answered_s: when the answer came.
    """
    apparent_s = answered_s - _instant(fields.get("date", ""), answered_s)
    told_s = _seconds(fields["age"].partition(",")[0]) if "age" in fields else 0.0
    return max(apparent_s, told_s + max(answered_s - asked_s, 0.0))


def _control(fields: Mapping[str, str]) -> str:
    return fields.get("cache-control", "")


def _seconds(written: str) -> float:
    """Whole seconds; 0 for what is none: what cannot be read is not relied on."""
    digits = written.strip()
    if not (digits.isascii() and digits.isdigit()):
        return 0.0
    return float(min(int(digits), LONGEST_S)) if len(digits) < 12 else float(LONGEST_S)


@lru_cache(maxsize=4096)
def _date(written: str) -> float | None:
    return parse_cookie_date(written.encode("latin-1", errors="replace"))


def _instant(written: str, otherwise_s: float) -> float:
    known_s = _date(written) if written else None
    return otherwise_s if known_s is None else known_s
