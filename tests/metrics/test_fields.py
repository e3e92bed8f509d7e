from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from metrics.protobuf_reader import packed

from loadgen.metrics.fields import packed_sints


@given(st.lists(st.one_of(st.integers(-3000, 3000), st.integers(-(2**53), 2**53))))
@example([-2048, 2047, 0, -1])
@example([-2049])
@example([2048])
def test_packed_numbers_are_read_back(numbers: list[int]) -> None:
    assert packed(packed_sints(numbers)) == numbers
