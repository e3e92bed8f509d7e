"""What a page needs besides itself: where each thing is, of what kind, and how soon a browser asks for it."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from loadgen.journey.http.composing import absolute_form
from loadgen.journey.http.urls import join, split
from loadgen.journey.http.wires import Origin

Kind = Literal["style", "script", "image", "font", "icon", "other"]

FIRST: Final = 0
"""Rank of what holds up the first picture of a page: stylesheets and fonts."""

SOON: Final = 1
"""Rank of scripts that hold up the reading of a page."""

THEN: Final = 2
"""Rank of scripts that wait for it, and of whatever else was announced."""

SEEN: Final = 3
"""Rank of pictures."""

LAST: Final = 4
"""Rank of what nobody waits for: the icon, styles for paper, what the author calls unimportant."""

MAX_URL_CHARS: Final = 8192
"""Longer addresses are refused by nearly every server (RFC 9110, 4.1 asks for 8,000 octets)."""


class Link(NamedTuple):
    """One asset.

    Attributes:
        url: absolute, without fragment or credentials: what it is kept under.
        origin: whom to ask.
        target: path and query.
        kind: what it is for.
        rank: the lower, the sooner.
    """

    url: str
    origin: Origin
    target: str
    kind: Kind
    rank: int


def link_to(base: str, written: str, kind: Kind, rank: int) -> Link | None:
    """What a page or stylesheet refers to.

    Args:
        base: the address that it is relative to.
        written: as it stands there.
        kind: what it is for.
        rank: the lower, the sooner.

    Returns:
        None for what is no request: nothing, a part of the page itself, ``data:``, ``blob:``, or no address at all.
    """
    start = written[:64].lstrip()
    if not start or start[0] == "#" or start[:5].lower() == "data:" or len(written) > MAX_URL_CHARS:
        return None
    try:
        scheme, host, port, target = split(join(base, written))
    except ValueError:
        return None
    origin = Origin(scheme, host, port)
    return Link(absolute_form(origin, target), origin, target, kind, rank)
