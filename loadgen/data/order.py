"""Which row comes next. Pure; randomness is an argument.

=============  ======================================================================================
uniform        any row, all alike
zipf           the k-th row with a probability in proportion to 1 / k^s: few rows make most of the draws
sequential     one after the other
shuffled       each once, in an order that looks random and needs no memory
=============  ======================================================================================
"""

from __future__ import annotations

import math
from functools import lru_cache
from random import Random

_ROUNDS = 4
"""A Feistel network of four rounds is a pseudorandom permutation (Luby and Rackoff, 1988)."""

_MASK = (1 << 64) - 1


class Zipf:
    """Draws row numbers by Zipf's law, in constant time and memory.

    By rejection-inversion (Hörmann and Derflinger, Rejection-Inversion to Generate Variates from Monotone Discrete
    Distributions, 1996): the law's integral is inverted, and what falls into the gap between a step and the
    curve is drawn again.

    Args:
        count: how many rows.
        exponent: s; 1 is Zipf's own, as words and search terms have it.
    """

    __slots__ = ("_count", "_first", "_last", "_s", "_sure")

    def __init__(self, count: int, exponent: float) -> None:
        self._count, self._s = count, exponent
        self._first = self._integral(1.5) - 1.0
        self._last = self._integral(count + 0.5)
        self._sure = 2.0 - self._inverse(self._integral(2.5) - math.exp(-exponent * math.log(2.0)))

    def draw(self, rng: Random) -> int:
        """A row number from 0; 0 is the most frequent one."""
        while True:
            u = self._last + rng.random() * (self._first - self._last)
            x = self._inverse(u)
            k = min(max(int(x + 0.5), 1), self._count)
            if k - x <= self._sure or u >= self._integral(k + 0.5) - math.exp(-self._s * math.log(k)):
                return k - 1

    def _integral(self, x: float) -> float:
        """∫ t^-s dt from 1 to x; written so that it is exact near s = 1."""
        log = math.log(x)
        t = (1.0 - self._s) * log
        return log * (math.expm1(t) / t if abs(t) > 1e-8 else 1.0 + t / 2)

    def _inverse(self, u: float) -> float:
        t = max(u * (1.0 - self._s), -1.0 + 1e-15)
        return math.exp(u * (math.log1p(t) / t if abs(t) > 1e-8 else 1.0 - t / 2))


def shuffled(number: int, count: int, seed: int) -> int:
    """Where ``number`` of ``0 … count − 1`` goes in a shuffle that the seed decides: one to one.

    A Feistel network over the next even number of bits, walked until it ends within the count.
    """
    half = max(1, (count - 1).bit_length() + 1 >> 1)
    keys = _keys(seed)
    while True:
        left, right = number >> half, number & (1 << half) - 1
        for key in keys:
            left, right = right, left ^ _mixed(right ^ key) >> 64 - half
        number = left << half | right
        if number < count:
            return number


@lru_cache(maxsize=64)
def _keys(seed: int) -> tuple[int, ...]:
    rng = Random(seed)
    return tuple(rng.getrandbits(64) for _ in range(_ROUNDS))


def _mixed(value: int) -> int:
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31
