"""The links and forms of recorded pages, as a shopper will find them when the journey runs. Each page is read once."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from loadgen import markup

REMEMBERED: Final = 4096
"""Pages whose forms and links are read once: each is looked at for every request behind it."""


@lru_cache(maxsize=REMEMBERED)
def forms_of(page: str) -> tuple[markup.Form, ...]:
    """All forms of a page, in order. They are shared: nobody may change them."""
    return tuple(markup.forms_of(page))


@lru_cache(maxsize=REMEMBERED)
def links_of(page: str) -> tuple[str, ...]:
    """Where the links of a page lead, as written, in order."""
    return tuple(markup.links_of(page))
