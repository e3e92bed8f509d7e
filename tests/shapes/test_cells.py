from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loadgen.shapes import FULL
from loadgen.shapes.cells import BLOCK, poisson_block, uniform_block


@given(seed=st.integers(0, 2**64), stream=st.integers(0, 50), block=st.integers(0, 10**12 // BLOCK))
def test_random_arrivals_stand_in_order_each_in_its_cell(seed: int, stream: int, block: int) -> None:
    drawn = poisson_block(seed, stream, block)
    assert np.array_equal(np.floor(drawn.u), drawn.cells)
    assert np.all(np.diff(drawn.u) >= 0)
    assert np.all(drawn.cells // BLOCK == block)
    assert np.array_equal(drawn.numbers, block * BLOCK + np.arange(drawn.cells.size))


@given(block=st.integers(0, 10**12 // BLOCK))
def test_even_arrivals_stand_in_the_middle_of_every_cell(block: int) -> None:
    made = uniform_block(block, FULL)
    assert np.array_equal(made.cells, block * BLOCK + np.arange(BLOCK))
    assert np.array_equal(made.u - made.cells, np.full(BLOCK, 0.5))


def test_cells_hold_as_many_as_poisson_says() -> None:
    blocks = [poisson_block(1, 0, block).cells - block * BLOCK for block in range(100)]
    counts = np.concatenate([np.bincount(cells, minlength=BLOCK) for cells in blocks])
    expected = np.array([0.367879, 0.367879, 0.183940, 0.061313, 0.015328, 0.003661])
    found = np.bincount(np.minimum(counts, 5), minlength=6)
    chi_squared = float(((found - expected * counts.size) ** 2 / (expected * counts.size)).sum())
    assert chi_squared < 20.5  # five degrees of freedom, one in a thousand


def test_places_in_a_cell_are_uniform() -> None:
    places = np.concatenate([np.mod(poisson_block(2, 0, block).u, 1) for block in range(100)])
    found = np.bincount((places * 16).astype(int), minlength=16)
    expected = places.size / 16
    assert float(((found - expected) ** 2 / expected).sum()) < 37.7  # fifteen degrees of freedom, one in a thousand
