"""Where the arrivals of each cell stand, for even and for random spacing.

The axis u counts the arrivals that the shape asks for; cell k is its piece [k, k + 1). Cells are handled in blocks::

              │  cell k   │ cell k+1  │ cell k+2  │
    uniform   ├─────●─────┼─────●─────┼─────●─────┤      one each, in the middle
    poisson   ├──●─────●──┼───────────┼─●─────────┤      Poisson(1) each, anywhere in it
              k          k+1         k+2         k+3 ▶ u

Independent cells with Poisson(1) arrivals at uniform places are exactly a Poisson process of rate 1 on u, and so one
of the wanted rate in time. Each block has its own generator, seeded by (seed, stream, block): every worker can draw
any block alone, and all agree. Only the raw bits of PCG64 are used, for numpy keeps those the same in every version;
its distributions it may change.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen.shapes.shares import Share

BLOCK = 1024
"""Cells in a block: large enough for numpy, small enough to look ahead."""

_AT_MOST = np.array(list(accumulate(math.exp(-1) / math.factorial(n) for n in range(18))))
"""The chance of at most n arrivals in a cell; beyond 17 it is 1 to the last bit."""


class Block(NamedTuple):
    """The arrivals in one block, in order; arrays of equal length."""

    cells: NDArray[np.int64]
    u: NDArray[np.float64]
    numbers: NDArray[np.int64]
    """What the mix is dealt by."""

    def take(self, which: slice | NDArray[np.bool_]) -> Block:
        """Some of the arrivals, in the same order."""
        return Block(self.cells[which], self.u[which], self.numbers[which])


def uniform_block(block: int, share: Share) -> Block:
    """The arrivals of one block that a share owns, evenly spaced; the work is in proportion to the block."""
    cells = share.owned(block * BLOCK, (block + 1) * BLOCK)
    return Block(cells, cells.astype(np.float64) + 0.5, cells)


def poisson_block(seed: int, stream: int, block: int) -> Block:
    """All arrivals of one block, randomly spaced.

    Args:
        seed: of the run, 0 or more.
        stream: number of the stream of load in its plan.
        block: number of the block.
    """
    first_cell = block * BLOCK
    generator = np.random.PCG64(np.random.SeedSequence([seed, stream, block]))
    counts = np.searchsorted(_AT_MOST, _fractions(generator, BLOCK, 53), side="right")
    local = np.repeat(np.arange(BLOCK), counts)
    # A float holds 53 bits. What the cell's number leaves of them is for the place within it: no sum is rounded.
    places = _fractions(generator, local.size, 53 - (first_cell + BLOCK).bit_length())
    u = np.sort(local + places) + first_cell
    return Block(local + first_cell, u, np.arange(local.size) + first_cell)


def _fractions(generator: np.random.PCG64, count: int, bits: int) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1), in steps of 2^-bits."""
    raw: NDArray[np.uint64] = generator.random_raw(count)
    return (raw >> np.uint64(64 - bits)).astype(np.float64) * 2.0**-bits
