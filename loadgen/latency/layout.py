"""The bucket layout: log-linear, base 2, 7 mantissa bits, unit 1 microsecond.

::

    value (µs)   bit length   shift   buckets                    width
    0 … 255          ≤ 8        0     0 … 255, one a value        1 µs
    256 … 511          9        1     256 … 383                   2 µs
    512 … 1023        10        2     384 … 511                   4 µs
    …
    2^31 … 2^32-1     32       24     3200 … 3327                 0.13 s

A value v with b = bit_length(v) > 8 keeps its 8 leading bits: ``index = (b - 8) * 128 + (v >> (b - 8))``.
A bucket is at most 1/128 = 0.78 % wide, so its mid-point is within 0.39 % of everything in it.
Values are rounded to the nearest microsecond first, which adds at most 0.5 % at 0.1 ms and less above.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

MANTISSA_BITS: Final = 7
_KEPT_BITS: Final = MANTISSA_BITS + 1
_HALF: Final = 1 << MANTISSA_BITS

MAX_US: Final = (1 << 32) - 1
"""71.6 minutes; anything longer is recorded as this."""

BUCKETS: Final = (32 - _KEPT_BITS) * _HALF + 2 * _HALF
"""3,328 buckets: an index fits 16 bits."""

LAYOUT: Final = 1
"""The version of this layout, carried by every message. Different layouts refuse to merge."""


def index_of(value_us: int) -> int:
    """The bucket of a value.

    Args:
        value_us: microseconds, rounded to a whole number; negative counts as 0, too long as :data:`MAX_US`.

    Returns:
        A bucket index in [0, :data:`BUCKETS`).
    """
    if value_us < 2 * _HALF:
        return max(value_us, 0)
    shift = min(value_us, MAX_US).bit_length() - _KEPT_BITS
    return (shift << MANTISSA_BITS) + (min(value_us, MAX_US) >> shift)


def indices_of(values_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The buckets of many values at once: :func:`index_of` of each.

    Args:
        values_us: microseconds in [0, :data:`MAX_US`].

    Returns:
        Bucket indices, the same shape.
    """
    # frexp gives the bit length; it is exact, as doubles hold every value below 2^53.
    shifts: npt.NDArray[np.int64] = np.maximum(np.frexp(values_us)[1] - _KEPT_BITS, 0).astype(np.int64)
    indices: npt.NDArray[np.int64] = (shifts << MANTISSA_BITS) + (values_us >> shifts)
    return indices


def lower_of(index: int) -> int:
    """The smallest value of a bucket, in microseconds."""
    if index < 2 * _HALF:
        return index
    shift = (index >> MANTISSA_BITS) - 1
    return ((index & (_HALF - 1)) + _HALF) << shift


def upper_of(index: int) -> int:
    """The largest value of a bucket, in microseconds."""
    return lower_of(index + 1) - 1


def value_of(index: int) -> float:
    """The value that stands for a bucket: its mid-point, in microseconds."""
    return (lower_of(index) + upper_of(index)) / 2


MIDPOINTS_US: Final[npt.NDArray[np.float64]] = np.array([value_of(i) for i in range(BUCKETS)])
"""Mid-point of every bucket, shape (BUCKETS,), microseconds."""

UPPER_US: Final[npt.NDArray[np.int64]] = np.array([upper_of(i) for i in range(BUCKETS)], dtype=np.int64)
"""Largest value of every bucket, shape (BUCKETS,), microseconds."""
