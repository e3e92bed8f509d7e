"""Which row comes next."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.data import Zipf, shuffled


@given(st.integers(1, 400), st.integers(0, 2**63 - 1))
def test_a_shuffle_meets_each_row_once(count, seed):
    assert sorted(shuffled(number, count, seed) for number in range(count)) == list(range(count))


def test_a_shuffle_of_another_seed_is_another_one():
    first, second = ([shuffled(number, 1000, seed) for number in range(1000)] for seed in (1, 2))

    assert sum(a == b for a, b in zip(first, second, strict=True)) < 20
    assert sum(a == number for number, a in enumerate(first)) < 20


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.3, 3.0])
@pytest.mark.parametrize("count", [2, 50])
def test_zipf_draws_follow_the_law(count, exponent):
    rng, draws = random.Random(7), 40_000
    zipf = Zipf(count, exponent)
    seen = Counter(zipf.draw(rng) for _ in range(draws))
    whole = sum(rank**-exponent for rank in range(1, count + 1))
    expected = [draws * rank**-exponent / whole for rank in range(1, count + 1)]

    chi2 = sum((seen[number] - wanted) ** 2 / wanted for number, wanted in enumerate(expected))
    assert set(seen) <= set(range(count))
    assert chi2 < (count - 1) + 5 * (2 * (count - 1)) ** 0.5  # five standard deviations of the χ² law


@given(st.integers(1, 10**9), st.floats(0.01, 10), st.integers(0, 2**32))
def test_zipf_draws_lie_among_the_rows(count, exponent, seed):
    assert 0 <= Zipf(count, exponent).draw(random.Random(seed)) < count
