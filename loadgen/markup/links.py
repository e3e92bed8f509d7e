"""Find the links of a page."""

from __future__ import annotations

from typing import Final

from loadgen.markup.tags import TagReader

_TAGS: Final = TagReader("a")


def links_of(html: str) -> list[str]:
    """Where the links of a page lead, as written, in order."""
    return [tag.attributes["href"] for tag in _TAGS.read(html) if not tag.is_end and "href" in tag.attributes]
