"""Names in the written journey: of variables and constants, each given once and none that Python or it uses already."""

from __future__ import annotations

import builtins
import keyword
from typing import Final

from loadgen.recording.vocabulary import snake

_TAKEN: Final = frozenset(
    {
        *dir(builtins),
        *keyword.kwlist,
        *keyword.softkwlist,
        "self",
        "re",
        "os",
        "unescape",
        "urljoin",
        "uuid4",
        "where",
        "answer",
    }
)


class Names:
    """Gives names."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def variable(self, wish: str) -> str:
        """A name for a variable: ``product``, then ``product2``."""
        base = snake(wish) if wish.isascii() else "value"
        return self._give(f"{base}_" if base in _TAKEN else base)

    def constant(self, wish: str) -> str:
        """A name for a constant of the module."""
        return self._give(snake(wish).upper())

    def _give(self, base: str) -> str:
        name, number = base, 1
        while name in self._given:
            number += 1
            name = f"{base}{number}"
        self._given.add(name)
        return name


def file_name(stem: str) -> str:
    """The name of a journey's file, which is imported: ``my shop.har`` becomes ``my_shop``."""
    return snake(stem)
