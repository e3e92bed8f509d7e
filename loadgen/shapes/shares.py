"""Which part of the load a worker carries: an interval of positions, and who owns which cell.

Arrivals (and, in the closed model, shoppers) are numbered cells 0, 1, 2, … Each cell has a position on a circle
of 2³² places, and a worker owns the cells whose position lies in its half-open interval::

    position(k) = (k · G mod 2⁶⁴) >> 32        G = 2⁶⁴ / golden ratio

    0                                                  2³²
    ├── worker a ──┼──── worker b ────┼── worker c ─────┤
        3  6  1  4   7  2  5  0 …                          successive cells lie far apart on the circle

Multiples of the golden ratio fill a circle more evenly than any other sequence, so each worker's cells come at
nearly equal distances and by any time it has had its part of them to within about two. Nobody needs to be asked:
whatever intervals partition the circle, every cell has exactly one owner.

Source: Knuth, The Art of Computer Programming, vol. 3, §6.4 (Fibonacci hashing).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

PLACES = 1 << 32
"""The size of the circle; a share is exact to one part in four thousand million."""

_GOLDEN = 0x9E3779B97F4A7C15
_TURN = 1 << 64


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the load: the half-open interval [lo, hi) of [0, 2³²].

    Raises:
        ValueError: not 0 ≤ lo ≤ hi ≤ 2³².
    """

    lo: int
    hi: int

    def __post_init__(self) -> None:
        if not 0 <= self.lo <= self.hi <= PLACES:
            raise ValueError(f"a share must lie within [0, 2^32], not [{self.lo}, {self.hi})")

    @property
    def width(self) -> float:
        """The fraction of the whole load, from 0 to 1."""
        return (self.hi - self.lo) / PLACES

    def common(self, other: Share) -> Share:
        """What belongs to both shares."""
        lo, hi = max(self.lo, other.lo), min(self.hi, other.hi)
        return Share(lo, hi) if lo < hi else EMPTY

    def owns(self, cell: int) -> bool:
        """Whether the cell belongs to this share."""
        return self.lo <= (cell * _GOLDEN % _TURN) >> 32 < self.hi

    def owned(self, first: int, last: int) -> NDArray[np.int64]:
        """The cells of this share among ``first``, …, ``last - 1``, in order."""
        if self.hi - self.lo == PLACES:
            return np.arange(first, last, dtype=np.int64)
        # One subtraction turns the interval to begin at 0, so that one unsigned comparison tests both of its ends.
        turned = _multiples(last - first) + np.uint64((first * _GOLDEN - (self.lo << 32)) % _TURN)
        return np.flatnonzero(turned < np.uint64((self.hi - self.lo) << 32)) + first


FULL = Share(0, PLACES)
"""The whole load."""

EMPTY = Share(0, 0)
"""No load."""


def split(weights: Sequence[float]) -> list[Share]:
    """Cut the whole load in proportion to weights, without gap or overlap.

    Args:
        weights: one for each part, 0 or more; a weight of 0 gives an empty share.

    Raises:
        ValueError: no weight above 0, or one that is negative or not finite.
    """
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights):
        raise ValueError("weights cannot be negative or infinite")
    sums = list(accumulate(weights, initial=0.0))
    if not 0 < sums[-1] < math.inf:
        raise ValueError("at least one weight must be above 0")
    cuts = [round(part / sums[-1] * PLACES) for part in sums]
    return [Share(lo, hi) for lo, hi in pairwise(cuts)]


def places(cells: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The position of each of some cells on the circle."""
    turned: NDArray[np.uint64] = (cells.astype(np.uint64) * np.uint64(_GOLDEN)) >> np.uint64(32)
    return turned


def owned_of_first(n: int, share: Share) -> int:
    """How many of the cells 0, …, n − 1 a share owns; exact, in a few dozen steps for any ``n``."""
    if n <= 0:
        return 0
    return _at_or_above(share.lo << 32, n) - _at_or_above(share.hi << 32, n)


def _at_or_above(place: int, n: int) -> int:
    """How many of the first ``n`` multiples of G lie at or above ``place`` on the circle, but for a constant."""
    return _sum_of_floors(n, _TURN, _GOLDEN, _TURN - place)


def _sum_of_floors(n: int, m: int, a: int, b: int) -> int:
    """Σ ⌊(a·i + b) / m⌋ for i = 0, …, n − 1: lattice points under a line, counted as Euclid divides.

    Source: AtCoder Library, floor_sum.
    """
    total = 0
    while True:
        total += (n - 1) * n // 2 * (a // m) + n * (b // m)
        a, b = a % m, b % m
        top = a * n + b
        if top < m:
            return total
        n, b = divmod(top, m)
        m, a = a, m


def _multiples(count: int) -> NDArray[np.uint64]:
    """0, G, 2G, … mod 2⁶⁴; those of a block are kept, for they are wanted thousands of times."""
    if count <= _KEPT_MULTIPLES.size:
        return _KEPT_MULTIPLES[:count]
    return np.arange(count, dtype=np.uint64) * np.uint64(_GOLDEN)


_KEPT_MULTIPLES = np.arange(1024, dtype=np.uint64) * np.uint64(_GOLDEN)
