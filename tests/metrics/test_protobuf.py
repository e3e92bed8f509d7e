from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.protobuf_reader import Native, Told, read

from loadgen.latency import Histogram
from loadgen.metrics import families
from loadgen.metrics.exposition import written
from loadgen.metrics.families import Family
from loadgen.metrics.fields import varint, zigzag
from loadgen.metrics.native import SCHEMA
from loadgen.metrics.protobuf import EncodedFamily

WIDTH = 2 ** (1 / 2**SCHEMA)
"""From the lower bound of a native bucket to its upper one."""

ANY_TIMES_US = st.lists(st.integers(0, 200) | st.integers(0, 200_000_000), max_size=200)
A_HISTOGRAM = Family("t_seconds", "histogram", ("name",), "Times.")


def encoded(times_us: list[int]) -> Told:
    form = EncodedFamily(A_HISTOGRAM)
    form.histogram({"name": "/"}, Histogram.of(times_us))
    (told,) = read(form.encoded())
    return told


def native_of(times_us: list[int]) -> Native:
    (found,) = encoded(times_us).native.values()
    return found


def upper_s(index: int) -> float:
    return WIDTH**index


def quantile_s(native: Native, q: float) -> float:
    """As PromQL reads it: linear within the bucket."""
    rank = q * (native.zero_count + sum(native.buckets.values()))
    below = native.zero_count
    if rank <= below:
        return 0.0
    for index, count in sorted(native.buckets.items()):
        if below + count >= rank - 1e-9:
            lower = upper_s(index - 1)
            return lower + (upper_s(index) - lower) * (rank - below) / count
        below += count
    raise AssertionError("no bucket has this rank")


@given(st.integers(0, 2**64 - 1))
def test_a_varint_has_seven_bits_in_a_byte_and_ends_with_one_below_128(number: int) -> None:
    content = varint(number)
    assert sum((byte & 0x7F) << 7 * place for place, byte in enumerate(content)) == number
    assert [byte >= 128 for byte in content] == [True] * (len(content) - 1) + [False]
    assert len(content) == max(1, math.ceil(number.bit_length() / 7))


def test_zigzag_counts_to_and_fro() -> None:
    assert [zigzag(number) for number in (0, -1, 1, -2, 2, -(2**62))] == [0, 1, 2, 3, 4, 2**63 - 1]


@given(ANY_TIMES_US)
def test_every_value_is_in_the_native_bucket_of_its_own_within_the_resolution(times_us: list[int]) -> None:
    native = native_of(times_us)
    assert native.schema == SCHEMA
    assert native.zero_threshold < 1e-6
    assert native.zero_count == times_us.count(0)
    assert min(native.buckets.values(), default=0) >= 0
    left = sorted(us / 1e6 for us in times_us if us)
    for index, count in sorted(native.buckets.items()):
        for value in left[:count]:
            assert upper_s(index - 1) * 0.996 < value <= upper_s(index) * 1.004
        del left[:count]
    assert left == []


@given(ANY_TIMES_US)
def test_the_native_histogram_has_the_count_and_sum_of_the_classic_one(times_us: list[int]) -> None:
    told = encoded(times_us)
    samples = {(name, dict(labels).get("le")): value for (name, labels), value in told.samples.items()}
    (native,) = told.native.values()
    assert samples["t_seconds_count", None] == samples["t_seconds_bucket", "+Inf"] == len(times_us)
    assert native.zero_count + sum(native.buckets.values()) == len(times_us)
    assert samples["t_seconds_sum", None] == sum(times_us) / 1e6


@given(st.lists(st.integers(1, 200_000_000), min_size=1, max_size=200), st.floats(0.01, 1))
def test_any_quantile_of_any_values_is_within_one_and_a_half_percent(times_us: list[int], q: float) -> None:
    own = Histogram.of(times_us).quantile_us(q) / 1e6
    assert quantile_s(native_of(times_us), q) == pytest.approx(own, rel=0.015)


@given(ANY_TIMES_US, ANY_TIMES_US)
def test_no_native_bucket_falls_as_values_are_added(before_us: list[int], more_us: list[int]) -> None:
    before, after = native_of(before_us), native_of(before_us + more_us)
    assert all(after.buckets.get(index, 0) >= count for index, count in before.buckets.items())


def test_long_gaps_start_a_new_span_and_short_ones_are_filled() -> None:
    buckets = native_of([1_000_000, 1_050_000, 60_000_000]).buckets
    zeros = [index for index, count in buckets.items() if not count]
    assert [count for count in buckets.values() if count] == [1, 1, 1]
    assert len(zeros) <= 2


def test_a_histogram_without_values_is_native_all_the_same() -> None:
    assert native_of([]) == Native(SCHEMA, 2.0**-20, 0, {})


def test_protobuf_says_what_the_text_says(make: SimpleNamespace) -> None:
    snapshot = make.cluster(make.busy_run(), make.busy_run(run="r2"))
    told = read(b"".join(family.encoded() for family in written(snapshot, 0.0, EncodedFamily)))
    assert [(family.name, family.help) for family in told] == [(each.name, each.text) for each in families.ALL]
    kinds = [{"info": "gauge"}.get(family.kind, family.kind) for family in families.ALL]
    assert [family.type for family in told] == kinds
    in_text = {(sample.name, frozenset(sample.labels.items())): str(sample.value) for sample in make.scrape(snapshot)}
    found = {key: str(float(value)) for family in told for key, value in family.samples.items()}
    assert found == in_text
    with_native = {family.name for family in told if family.native}
    assert with_native == {family.name for family in families.ALL if family.kind == "histogram"}
