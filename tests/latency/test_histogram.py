"""The histogram's promises: exact merging, quantiles within 0.5 %, refusal of what does not match."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.latency import BUCKETS, Histogram, LayoutMismatchError, grouped, index_of, value_of
from loadgen.latency.layout import MAX_US, lower_of, upper_of

QUANTILES = (0.5, 0.9, 0.99, 0.999)
TOLERANCE = 0.005


def samples(kind: str, seed: int, size: int) -> np.ndarray:
    """Latencies in microseconds, 0.1 ms and above, as a load test sees them."""
    rng = np.random.default_rng(seed)
    match kind:
        case "uniform":
            values = rng.uniform(100, 2_000_000, size)
        case "log-normal":
            values = 100 + rng.lognormal(mean=11, sigma=1.2, size=size)
        case "bimodal":
            fast, slow = rng.normal(20_000, 2_000, size), rng.normal(1_500_000, 90_000, size)
            values = np.where(rng.random(size) < 0.9, fast, slow)
        case _:
            values = np.full(size, rng.uniform(100, 3_600_000_000))
    return np.clip(values, 100, MAX_US)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["uniform", "log-normal", "bimodal", "constant"]),
    seed=st.integers(0, 2**32 - 1),
    parts=st.integers(1, 64),
    size=st.integers(1, 5_000),
    order=st.randoms(use_true_random=False),
)
def test_merged_quantiles_are_within_half_a_percent_of_the_exact_ones(kind, seed, parts, size, order):
    values = samples(kind, seed, size)
    pieces = [Histogram.of(int(v + 0.5) for v in piece) for piece in np.array_split(values, parts)]
    order.shuffle(pieces)
    merged = Histogram.merged(pieces)
    exact = np.sort(values)
    assert merged.count == size
    for q, found in zip(QUANTILES, merged.quantiles_us(QUANTILES), strict=True):
        # the same float as the code under test: 0.999 * n must not round up to the next rank
        truth = exact[max(1, math.ceil(round(q * size, 6))) - 1]
        assert found == pytest.approx(truth, rel=TOLERANCE)


@given(st.lists(st.lists(st.integers(0, MAX_US), max_size=30), min_size=1, max_size=8))
def test_merging_is_the_same_in_any_order_and_leaves_its_arguments_alone(lists):
    parts = [Histogram.of(values) for values in lists]
    before = [part.copy() for part in parts]
    whole = Histogram.of([v for values in lists for v in values])
    assert Histogram.merged(parts) == whole
    assert Histogram.merged(parts[::-1]) == whole
    assert parts == before


@given(st.integers(0, MAX_US))
def test_every_value_lies_in_its_bucket_and_near_its_midpoint(value):
    index = index_of(value)
    assert 0 <= index < BUCKETS
    assert lower_of(index) <= value <= upper_of(index)
    assert abs(value_of(index) - value) <= max(0.5, 0.0040 * value)


def test_buckets_follow_each_other_without_gap():
    for index in range(BUCKETS - 1):
        assert upper_of(index) + 1 == lower_of(index + 1)
    assert upper_of(BUCKETS - 1) == MAX_US


@given(st.lists(st.integers(-5, MAX_US + 5) | st.integers(-(2**70), 2**70), max_size=50))
def test_values_are_counted_as_the_layout_says(values):
    taken = Histogram.of(values)
    clamped = [min(max(v, 0), MAX_US) for v in values]
    expected = _counted(index_of(v) for v in clamped)
    assert dict(zip(taken.indices.tolist(), taken.counts.tolist(), strict=True)) == expected
    assert taken.sum_us == sum(clamped)
    assert (taken.min_us, taken.max_us) == ((min(clamped), max(clamped)) if clamped else (0, 0))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-5, MAX_US + 5))))
def test_many_groups_at_once_are_as_each_by_itself(values):
    groups, values_us = np.array(values, dtype=np.int64).reshape(-1, 2).T
    expected = {group: Histogram.of(us for of, us in values if of == group) for group, _ in values}
    assert grouped(groups, values_us) == expected


def _counted(indices):
    counts = {}
    for index in indices:
        counts[index] = counts.get(index, 0) + 1
    return counts


def test_quantiles_never_leave_the_range_that_was_seen():
    histogram = Histogram.of([1_000_003] * 7)
    assert histogram.quantiles_us([0, 0.5, 1]) == [1_000_003] * 3
    assert histogram.mean_us == 1_000_003


def test_an_empty_histogram_has_no_quantile():
    assert math.isnan(Histogram().quantile_us(0.5))
    assert math.isnan(Histogram().mean_us)
    assert Histogram().count_at_most([10, 20]) == [0, 0]


def test_cumulative_counts_follow_the_bounds():
    histogram = Histogram.of([10, 20, 20, 200])
    assert histogram.count_at_most([9, 10, 100, 1000]) == [0, 1, 3, 4]


def test_another_layout_is_refused():
    foreign = Histogram.of([5])
    foreign.layout = 99
    with pytest.raises(LayoutMismatchError):
        Histogram.merged([Histogram.of([5]), foreign])


@pytest.mark.parametrize(
    ("indices", "counts"),
    [
        ([1, 2], [1]),
        ([2, 1], [1, 1]),
        ([1, 1], [1, 1]),
        ([BUCKETS], [1]),
        ([1], [0]),
        ([-1], [1]),
        ([[1]], [[1]]),
    ],
)
def test_malformed_pairs_are_refused(indices, counts):
    with pytest.raises(ValueError):  # noqa: PT011 -- numpy and we both raise it, with our own words or its
        Histogram.from_pairs(indices, counts, sum_us=1, min_us=1, max_us=1)


def test_a_share_outside_zero_and_one_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        Histogram.of([1]).quantile_us(1.5)
