"""A tally laid out as columns comes back as it was."""

from __future__ import annotations

import random
from dataclasses import replace

from drawn import a_tally, tallies
from hypothesis import given
from hypothesis import strategies as st

from loadgen.stats import Columns


@given(tallies)
def test_a_tally_comes_back_from_columns_as_it_was(tally):
    assert Columns.of(tally).tally() == tally


@given(st.integers(0, 2**32))
def test_the_order_of_words_is_kept_or_sorted(seed):
    def shuffled(mapping):
        items = list(mapping.items())
        dice.shuffle(items)
        return type(mapping)(dict(items))

    dice = random.Random(seed)
    tally = a_tally(random.Random(seed))
    mappings = ("series", "arrivals", "shoppers", "steps", "journeys", "counters")
    other = replace(tally, **{name: shuffled(getattr(tally, name)) for name in mappings})

    assert Columns.of(other, sort=True).rows == Columns.of(tally, sort=True).rows
    assert list(Columns.of(other).tally().series) == list(other.series)
