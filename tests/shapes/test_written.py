"""The written form of shapes: what people put under ``shape:`` in a plan."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from loadgen.shapes import Constant, Ramp, Sequence, ShapeField, Spike


class Stream(BaseModel):
    shape: ShapeField


class Plan(BaseModel):
    load: list[Stream]


SALES_DAY = [
    {"ramp": {"from": "0/s", "to": "200/s", "over": "5m"}},
    {"constant": {"at": "200/s", "for": "10m"}},
    {"spike": {"to": "600/s", "for": "60s"}},
]

CANONICAL = [
    {"ramp": {"from": 0.0, "to": 200.0, "over": 300.0}},
    {"constant": {"at": 200.0, "for": 600.0}},
    {"spike": {"from": 200.0, "to": 600.0, "for": 60.0, "rise": 0.0}},
]


def problems(shape: Any) -> list[tuple[tuple[int | str, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        Plan.model_validate({"load": [{"shape": shape}]})
    return [(error["loc"][2:], error["msg"].removeprefix("Value error, ")) for error in caught.value.errors()]


def test_a_list_of_shapes_is_a_sequence() -> None:
    shape = Stream.model_validate({"shape": SALES_DAY}).shape
    assert shape == Sequence(
        shapes=(Ramp(from_=0, to=200, over=300), Constant(at=200, for_=600), Spike(from_=200, to=600, for_=60))
    )


def test_one_shape_needs_no_list() -> None:
    assert Stream.model_validate({"shape": SALES_DAY[1]}).shape == Constant(at=200, for_=600)


def test_shapes_made_in_python_are_taken_as_they_are() -> None:
    assert Stream(shape=Constant(at=1, for_=1)).shape == Constant(at=1, for_=1)
    day = Sequence(shapes=(Ramp(to=5, over=1), Constant(at=5, for_=1)))
    assert Stream(shape=day).shape == day
    parts: Any = [Constant(at=1, for_=1), {"ramp": {"to": 5, "over": 1}}]
    assert Stream(shape=parts).shape.end_level == 5


def test_the_written_form_is_canonical_with_plain_floats() -> None:
    assert Stream.model_validate({"shape": SALES_DAY}).model_dump() == {"shape": CANONICAL}
    assert Stream.model_validate({"shape": SALES_DAY}).model_dump(mode="json") == {"shape": CANONICAL}


def test_a_shape_alone_is_written_the_same_way() -> None:
    assert Ramp(from_=0, to=1, over=2).model_dump() == {"ramp": {"from": 0.0, "to": 1.0, "over": 2.0}}


def test_a_ramp_alone_starts_at_nothing_and_says_so() -> None:
    assert Stream.model_validate({"shape": {"ramp": {"to": 9, "over": 3}}}).model_dump() == {
        "shape": {"ramp": {"from": 0.0, "to": 9.0, "over": 3.0}}
    }


def test_every_problem_is_reported_where_people_wrote_it() -> None:
    shape = [
        {"ramp": {"to": -5, "over": "long"}},
        {"ramp": {"to": 5, "over": 5, "until": 7}},
        {"wavy": {}},
        "ramp",
        {"curve": {"points": [[0, 1], [5, "x"]]}},
        {"constant": {"at": 1}},
    ]
    assert [place for place, _ in problems(shape)] == [
        ("shape", 0, "ramp", "to"),
        ("shape", 0, "ramp", "over"),
        ("shape", 1, "ramp", "until"),
        ("shape", 2),
        ("shape", 3),
        ("shape", 4, "curve", "points", 1, 1),
        ("shape", 5, "constant", "for"),
    ]


KNOWN = "constant, ramp, step, spike, wave, curve"


@pytest.mark.parametrize(
    ("shape", "place", "reason"),
    [
        ({"rampe": {}}, ("shape",), f"unknown shape 'rampe'; known: {KNOWN}"),
        ({5: {}}, ("shape",), f"unknown shape '5'; known: {KNOWN}"),
        ({}, ("shape",), f"a shape has exactly one kind ({KNOWN}); write several as a list"),
        ({"ramp": {}, "step": {}}, ("shape",), f"a shape has exactly one kind ({KNOWN}); write several as a list"),
        (None, ("shape",), "expected a shape such as {ramp: {to: 200/s, over: 5m}}"),
        ("200/s", ("shape",), "expected a shape such as {ramp: {to: 200/s, over: 5m}}"),
        ([], ("shape",), "a list of shapes cannot be empty"),
        ([Sequence(shapes=(Ramp(to=5, over=1),))], ("shape", 0), f"unknown shape 'sequence'; known: {KNOWN}"),
        ([[{"ramp": {}}]], ("shape", 0), "expected a shape such as {ramp: {to: 200/s, over: 5m}}"),
        (
            {"constant": {"at": 0, "for": 5}},
            ("shape",),
            "this shape asks for no load at all: its level is 0 throughout",
        ),
        (
            [{"constant": {"at": 10, "for": 1}}, {"step": {"by": -10, "every": 1, "steps": 3}}],
            ("shape", 1, "step"),
            "the last of 3 steps would be at -10, below 0",
        ),
        (
            {"step": {"by": -10, "every": 1, "steps": 3}},
            ("shape", "step"),
            "the last of 3 steps would be at -20, below 0",
        ),
        (
            [{"constant": {"at": 1, "for": "20d"}}] * 2,
            ("shape",),
            "all shapes together cannot last longer than 31 days",
        ),
    ],
)
def test_a_problem_has_one_place_and_one_sentence(shape: Any, place: tuple[int | str, ...], reason: str) -> None:
    assert problems(shape) == [(place, reason)]


def test_an_unknown_kind_carries_what_a_suggestion_needs() -> None:
    with pytest.raises(ValidationError) as caught:
        Stream.model_validate({"shape": {"rampe": {}}})
    (error,) = caught.value.errors()
    assert (error["type"], error["ctx"]) == ("shape_kind", {"kind": "rampe", "known": KNOWN})


def test_a_pause_within_a_sequence_is_no_mistake() -> None:
    pause = {"constant": {"at": 0, "for": "1m"}}
    assert Stream.model_validate({"shape": [SALES_DAY[1], pause]}).shape.duration == 660


def test_editors_know_the_written_form() -> None:
    schema = Stream.model_json_schema()
    one, many = schema["properties"]["shape"]["anyOf"]
    assert many["items"] == one
    wrapper = schema["$defs"]["WrittenRamp"]
    assert wrapper["required"] == ["ramp"]
    assert wrapper["additionalProperties"] is False
    assert set(schema["$defs"]["Ramp"]["required"]) == {"to", "over"}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["ramp", "curve", "step", "to", "over", "points", "from", "by", "every", "steps", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JUNK)
def test_any_value_is_a_shape_or_a_validation_error(value: Any) -> None:
    with suppress(ValidationError):
        assert 0 < Stream.model_validate({"shape": value}).shape.total < float("inf")
