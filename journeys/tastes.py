"""What people want: a few things very much, most things hardly.

Popularity in shops follows Zipf's law: the k-th of a list is wanted in proportion to 1/k. So a cache sees the few hot
articles and words of a sales day, and the many cold ones beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import TypeVar

T = TypeVar("T")

VOCABULARY = (
    "lamp", "wool", "classic", "steel", "scarf", "modern", "tent", "oak", "warm", "boot",
    "linen", "sweater", "dress", "brass", "rustic", "quiet", "coat", "chair", "cotton", "light",
)  # fmt: skip
"""What visitors of the demo shop search for, the most wanted first. A plan's data ``terms`` takes its place."""


def favourite(wanted: Sequence[T], rng: Random) -> T:
    """One of them by Zipf's law, the first most of all."""
    return rng.choices(wanted, cum_weights=_zipf(len(wanted)))[0]


@lru_cache(1024)
def _zipf(count: int) -> list[float]:
    return list(accumulate(1 / rank for rank in range(1, count + 1)))
