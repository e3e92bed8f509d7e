"""Regular expressions with groups that are repeated possessively, on every Python that loadgen runs on.

``(?:…)*+`` never gives back what it took; without it a page that is made for it takes a time that grows with the square
of its length. Python has it from 3.11 on, but up to 3.11.4 (Debian 12 has 3.11.2) it matches wrongly where alternatives
are tried in the group (gh-106052). There the group becomes an atomic one, ``(?>(?:…)*)``, which matches the same, and
takes memory for each turn until it is over.
"""

from __future__ import annotations

import re
import sys
from typing import Final

_RIGHT: Final = sys.version_info >= (3, 11, 5)

_PIECES: Final = re.compile(
    r"""\\. | \[\^?\]?(?:\\.|[^\]\\])*\]  # neither of these opens or closes a group
      | (?P<open>\() | (?P<close>\)(?:(?P<often>[*+?])\+)?) | .""",
    re.DOTALL | re.VERBOSE,
)


def possessive(pattern: str, *, rightly: bool = _RIGHT) -> str:
    """A pattern as this Python matches it rightly.

    Args:
        pattern: as it is meant.
        rightly: whether this Python matches groups rightly that are repeated possessively.
    """
    return pattern if rightly else atomic(pattern)


def atomic(pattern: str) -> str:
    """A pattern whose possessively repeated groups are atomic ones.

    Raises:
        ValueError: such a group captures: its number would belong to another turn.
    """
    written: list[str] = []
    opened: list[int] = []
    for piece in _PIECES.finditer(pattern):
        if piece["open"]:
            opened.append(len(written))
        written.append(piece[0])
        if piece["close"]:
            begin = opened.pop()
            if piece["often"]:
                if "".join(written[begin : begin + 3]) != "(?:":
                    raise ValueError(f"expected (?:…) to be repeated in {pattern}")
                written[-1] = f"){piece['often']})"
                written[begin] = "(?>("
    return "".join(written)
