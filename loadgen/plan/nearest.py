"""The known word that a mistyped one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

SIMILARITY = 0.6
"""Of difflib's ratio: finds one or two slips in a short word, and no mere resemblance."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word closest to ``word``, or nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=SIMILARITY)
    return close[0] if close else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean X?`` for the known word closest to ``word``, or nothing."""
    close = nearest(word, known)
    return f"did you mean {close}?" if close else ""
