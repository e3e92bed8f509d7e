"""Reading what a visitor filled in."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.demoshop.fields import MAX_FIELDS, Fields
from loadgen.demoshop.refusals import Refusal


@pytest.mark.parametrize("value", [3, "3", "03"])
def test_a_number_may_be_written_as_digits(value: Any) -> None:
    assert Fields({"quantity": value}).integer("quantity", low=1, high=99) == 3


@pytest.mark.parametrize("value", ["", "0", "100", "-1", "1e1", "²", "٣", "9" * 5000, 0, 100, 1.0, True, None, [], {}])
def test_what_is_no_number_in_the_range_is_refused(value: Any) -> None:
    with pytest.raises(Refusal, match="not a number from 1 to 99"):
        Fields({"quantity": value}).integer("quantity", low=1, high=99)


@pytest.mark.parametrize("value", [1, None, [], "x" * 201])
def test_what_is_no_short_text_is_refused(value: Any) -> None:
    with pytest.raises(Refusal, match="not a short text"):
        Fields({"name": value}).text("name")


def test_a_missing_field_is_refused_unless_it_has_a_default() -> None:
    with pytest.raises(Refusal, match="missing"):
        Fields({"name": "  "}).text("name")
    assert Fields({}).text("name", default="x") == "x"


@settings(deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_fields_or_a_refusal(raw: bytes) -> None:
    for read in (Fields.from_urlencoded, Fields.from_json):
        with contextlib.suppress(Refusal):
            assert isinstance(read(raw), Fields)


@pytest.mark.parametrize(
    "raw", [b"[]", b"1", b"{", b"\xff", b"[" * 50_000, b'{"a":' * 20_000, b'{"a": ' + b"9" * 5000 + b"}"]
)
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(Refusal, match="JSON"):
        Fields.from_json(raw)


def test_a_form_with_too_many_fields_is_refused() -> None:
    with pytest.raises(Refusal):
        Fields.from_urlencoded(b"&".join([b"a=1"] * (MAX_FIELDS + 1)))
