"""A histogram as a value: sparse, mergeable, and read for quantiles.

Kept as two sorted arrays, (bucket index, count), because a second of one request touches some tens of the
3,328 buckets. Merging adds counts; it is exact, associative and commutative, and leaves its argument alone.
Quantiles are those of the merged distribution by nearest rank: the value of rank ceil(q * n).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from loadgen.latency.layout import BUCKETS, LAYOUT, MAX_US, MIDPOINTS_US, UPPER_US

Indices = npt.NDArray[np.uint16]
Counts = npt.NDArray[np.int64]


class LayoutMismatchError(ValueError):
    """Two histograms of different bucket layouts were to be merged."""


def _no_indices() -> Indices:
    return np.empty(0, dtype=np.uint16)


def _no_counts() -> Counts:
    return np.empty(0, dtype=np.int64)


@dataclass(slots=True, eq=False)
class Histogram:
    """Counts per bucket, with the exact sum, minimum and maximum beside them.

    Attributes:
        indices: bucket indices, shape (n,), strictly rising.
        counts: counts of those buckets, shape (n,), all above 0.
        sum_us: exact sum of all values, microseconds.
        min_us: exact smallest value, microseconds; 0 when empty.
        max_us: exact largest value, microseconds; 0 when empty.
        layout: version of the bucket layout.
    """

    indices: Indices = field(default_factory=_no_indices)
    counts: Counts = field(default_factory=_no_counts)
    sum_us: int = 0
    min_us: int = 0
    max_us: int = 0
    layout: int = LAYOUT

    @classmethod
    def from_pairs(
        cls, indices: npt.ArrayLike, counts: npt.ArrayLike, *, sum_us: int, min_us: int, max_us: int
    ) -> Histogram:
        """Build one from parallel arrays of buckets and counts.

        Raises:
            ValueError: the arrays differ in length, are not strictly rising, out of range, or hold no count.
        """
        at = np.asarray(indices, dtype=np.int64)
        n = np.asarray(counts, dtype=np.int64)
        if at.ndim != 1 or at.shape != n.shape:
            raise ValueError("indices and counts must be two arrays of one length")
        if at.size and (
            at[0] < 0 or at[-1] >= BUCKETS or np.any(np.diff(at) <= 0) or n.min() <= 0 or min(sum_us, min_us) < 0
        ):
            raise ValueError("bucket indices must rise within the layout, and every count be above 0")
        return cls(at.astype(np.uint16), n, sum_us, min_us, max_us)

    @classmethod
    def of(cls, values_us: Iterable[int]) -> Histogram:
        """The histogram of a few values in whole microseconds (for tests and tools, not for the hot path)."""
        from loadgen.latency.grouping import grouped

        values = np.array([min(max(value, 0), MAX_US) for value in values_us], dtype=np.int64)
        return grouped(np.zeros_like(values), values).get(0) or cls()

    @classmethod
    def merged(cls, parts: Sequence[Histogram]) -> Histogram:
        """The sum of many histograms, in one vectorised step.

        Raises:
            LayoutMismatchError: one of them has another layout.
        """
        if any(part.layout != LAYOUT for part in parts):
            raise LayoutMismatchError("histograms of different layouts cannot be merged")
        full = [part for part in parts if part.indices.size]
        if len(full) <= 1:
            return full[0].copy() if full else cls()
        dense = np.bincount(
            np.concatenate([part.indices for part in full]),
            weights=np.concatenate([part.counts for part in full]),
            minlength=BUCKETS,
        )
        at = np.flatnonzero(dense)
        return cls(
            at.astype(np.uint16),
            dense[at].astype(np.int64),
            sum(part.sum_us for part in full),
            min(part.min_us for part in full),
            max(part.max_us for part in full),
        )

    def copy(self) -> Histogram:
        """An independent histogram of the same counts."""
        return Histogram(self.indices.copy(), self.counts.copy(), self.sum_us, self.min_us, self.max_us, self.layout)

    def __add__(self, other: Histogram) -> Histogram:
        return Histogram.merged([self, other])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return (
            (self.sum_us, self.min_us, self.max_us, self.layout)
            == (other.sum_us, other.min_us, other.max_us, other.layout)
            and np.array_equal(self.indices, other.indices)
            and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None  # type: ignore[assignment]  # mutable arrays inside

    def __bool__(self) -> bool:
        return self.indices.size > 0

    @property
    def count(self) -> int:
        """Number of values."""
        return int(self.counts.sum())

    @property
    def mean_us(self) -> float:
        """Exact mean, microseconds; NaN when empty."""
        total = self.count
        return self.sum_us / total if total else math.nan

    def quantile_us(self, q: float) -> float:
        """The value below or at which a share ``q`` of all values lies.

        Args:
            q: in [0, 1].

        Returns:
            Microseconds, within 0.5 % of the exact nearest-rank quantile from 0.1 ms up; NaN when empty.
            The exact minimum and maximum bound it.
        """
        return self.quantiles_us([q])[0]

    def quantiles_us(self, qs: Sequence[float]) -> list[float]:
        """Several quantiles in one pass; see :meth:`quantile_us`."""
        if any(not 0 <= q <= 1 for q in qs):
            raise ValueError("a quantile is a share between 0 and 1")
        if not self.indices.size:
            return [math.nan] * len(qs)
        cumulative = np.cumsum(self.counts)
        total = int(cumulative[-1])
        # 1e-9 forgives the binary form of e.g. 0.999: 0.999 * 1000 is the 999th value, not the 1000th.
        ranks = [min(max(1, math.ceil(q * total - 1e-9 * total)), total) for q in qs]
        at = self.indices[np.searchsorted(cumulative, ranks)]
        return [float(min(max(value, self.min_us), self.max_us)) for value in MIDPOINTS_US[at]]

    def count_at_most(self, bounds_us: npt.ArrayLike) -> list[int]:
        """For each bound, how many values lie in buckets that end at or below it (for exports)."""
        cumulative = np.concatenate([[0], np.cumsum(self.counts)])
        ends = UPPER_US[self.indices]
        return [int(n) for n in cumulative[np.searchsorted(ends, np.asarray(bounds_us), side="right")]]
