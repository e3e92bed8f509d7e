"""Which arrivals exist, when each is due, which journey it makes and who owns it: all from the plan alone.

The shape's integral turns time into an axis u that counts arrivals; on it everything is simple::

    u = arrivals_by(t)
    4 ┤                     ●······  cell 3 → worker b, buy
    3 ┤               ●·╱··········  cell 2 → worker a, browse
    2 ┤           ● ╱··············  cell 1 → worker b, browse
    1 ┤      ●  ╱··················  cell 0 → worker a, browse
    0 ┼───────────────────────────
      0      │    │    │      │   t
             due = shape.due(u)

- where in its cell an arrival stands: :mod:`~loadgen.shapes.cells` (evenly or at random),
- who owns a cell: :mod:`~loadgen.shapes.shares`,
- which journey it makes: :mod:`~loadgen.shapes.mix`.

None of the three depends on the cluster. Whatever workers come and go, shares that partition the whole give every
arrival exactly one owner; the cluster's arrivals by any instant equal the shape's integral there (evenly spaced: to
within 0.5), and the same seed gives the same arrivals, on one worker or a thousand.

An instant is moved to the axis once, as an :class:`Edge`; from there on arrivals are sorted and cut by u, which
every worker computes to the same bit.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen.shapes.cells import BLOCK, Block, poisson_block, uniform_block
from loadgen.shapes.mix import Mix
from loadgen.shapes.shape import Shape
from loadgen.shapes.shares import EMPTY, FULL, Share, owned_of_first, split

__all__ = ["EMPTY", "FULL", "Arrival", "Arrivals", "Edge", "Share", "Spacing", "owned_of_first", "split"]

Spacing = Literal["uniform", "poisson"]

_KEPT_BLOCKS = 2
"""Random blocks kept: a second of a slow load is in one of them, and a cursor stands at most on the border of two."""


class Arrival(NamedTuple):
    """One shopper to start."""

    due_s: float
    """Seconds after the start of the stream."""
    journey: int
    """Index into the weights."""
    cell: int
    u: float
    """Its place on the axis of arrivals; no other arrival of the stream has the same."""


class Edge(NamedTuple):
    """An instant on the axis u: what lies before it is due earlier.

    Where the level is 0 many instants share one u, and what stands exactly there was due when the level fell to 0.
    """

    u: float
    includes_u: bool

    def is_after(self, u: float) -> bool:
        """Whether an arrival at ``u`` is due before this instant."""
        return u < self.u or (u == self.u and self.includes_u)


class Arrivals:
    """All arrivals of one stream of load.

    Args:
        shape: the wanted arrivals per second.
        spacing: ``uniform``, or ``poisson`` for random arrivals.
        seed: of the run, 0 or more; decides random spacing.
        stream: number of the stream in its plan, so that two random streams differ.
        weights: one for each journey.

    Raises:
        ValueError: a weight is negative, or none is above 0.
    """

    def __init__(self, shape: Shape, spacing: Spacing, seed: int, stream: int, weights: Sequence[float]) -> None:
        self.shape = shape
        self.spacing: Spacing = spacing
        self.mix = Mix(weights)
        self._seed = seed
        self._stream = stream
        self._drawn: OrderedDict[int, Block] = OrderedDict()

    def edge(self, t_s: float) -> Edge:
        """Where an instant, in seconds after the start, lies on the axis u."""
        u = self.shape.arrivals_by(t_s)
        return Edge(u, self.shape.due(u) < t_s)

    def walk(self, start: Edge, end: Edge, share: Share) -> Iterator[Arrival]:
        """The arrivals of a share from one edge to another, in order, a block at a time and never all at once."""
        if share.lo == share.hi or not end.u:
            return
        due = self.shape.due
        for block in range(int(start.u // BLOCK), int(end.u // BLOCK) + 1):
            cells, places, numbers = self._owned(block, share, start, end)
            if cells.size:
                journeys = self.mix.journeys(numbers)
                for u, journey, cell in zip(places.tolist(), journeys.tolist(), cells.tolist(), strict=True):
                    yield Arrival(due(u), journey, cell, u)

    def between(self, t0_s: float, t1_s: float, share: Share = FULL) -> list[Arrival]:
        """The arrivals of a share that are due at or after ``t0_s`` and before ``t1_s``, in order."""
        return list(self.walk(self.edge(t0_s), self.edge(t1_s), share))

    def dealt(self, t0_s: float, t1_s: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Cell and journey of each arrival of the whole load that is due at or after ``t0_s`` and before ``t1_s``."""
        start, end = self.edge(t0_s), self.edge(t1_s)
        blocks = range(int(start.u // BLOCK), int(end.u // BLOCK) + 1) if t0_s < t1_s else range(0)
        parts = [self._owned(block, FULL, start, end) for block in blocks]
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate([p.cells for p in parts]), self.mix.journeys(np.concatenate([p.numbers for p in parts]))

    def count(self, t0_s: float, t1_s: float, share: Share = FULL) -> int:
        """How many arrivals :meth:`between` gives, exactly.

        Evenly spaced it takes a few dozen steps over any time; at random it draws each block in between.
        """
        start, end = self.edge(t0_s), self.edge(t1_s)
        if start.u > end.u:
            return 0
        if self.spacing == "uniform":
            return max(owned_of_first(_middles(end), share) - owned_of_first(_middles(start), share), 0)
        blocks = range(int(start.u // BLOCK), int(end.u // BLOCK) + 1)
        return sum(self._owned(block, share, start, end).cells.size for block in blocks)

    def _owned(self, block: int, share: Share, start: Edge, end: Edge) -> Block:
        """The part of a block that a share owns between two edges."""
        first_cell = block * BLOCK
        if self.spacing == "uniform":
            owned = uniform_block(block, share)
        else:
            mine = np.zeros(BLOCK, dtype=np.bool_)
            mine[share.owned(first_cell, first_cell + BLOCK) - first_cell] = True
            drawn = self._draw(block)
            owned = drawn.take(mine[drawn.cells - first_cell])
        if start.u < first_cell and first_cell + BLOCK < end.u:
            return owned
        return owned.take(slice(_index(owned, start), _index(owned, end)))

    def _draw(self, block: int) -> Block:
        if block not in self._drawn:
            self._drawn[block] = poisson_block(self._seed, self._stream, block)
            if len(self._drawn) > _KEPT_BLOCKS:
                self._drawn.popitem(last=False)
        return self._drawn[block]


def _index(block: Block, edge: Edge) -> int:
    """How many arrivals of the block are before the edge."""
    return int(np.searchsorted(block.u, edge.u, side="right" if edge.includes_u else "left"))


def _middles(edge: Edge) -> int:
    """How many cells have their middle before the edge."""
    below = edge.u - 0.5
    return math.floor(below) + 1 if edge.includes_u else math.ceil(below)
