from __future__ import annotations

import math

import pytest
from pydantic import BaseModel, TypeAdapter

from loadgen.shapes import Duration, Level, PositiveDuration, SignedLevel


@pytest.mark.parametrize(
    ("written", "per_second"),
    [("120/s", 120), ("6000/min", 100), ("50/h", 50 / 3600), (" 3/s ", 3), (200, 200), (0.5, 0.5), (0, 0)],
)
def test_a_level_is_a_rate_or_a_bare_number(written: object, per_second: float) -> None:
    assert TypeAdapter(Level).validate_python(written) == pytest.approx(per_second)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (-1, "cannot be negative"),
        ("-5/s", "cannot be negative"),
        (math.nan, "must be finite"),
        (math.inf, "must be finite"),
        (10**400, "must be finite"),
        (1e9, "more than 100 million"),
        ("9999999999/s", "more than 100 million"),
        ("9" * 400 + "/s", "more than 100 million"),
        ("fast", "expected a rate such as 120/s"),
        ("5m", "expected a rate such as 120/s"),
        ("", "expected a rate such as 120/s"),
        (True, "expected a rate such as 120/s"),
        (None, "expected a rate such as 120/s"),
        ([1], "expected a rate such as 120/s"),
    ],
)
def test_a_level_that_makes_no_sense_is_refused_in_words(written: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        TypeAdapter(Level).validate_python(written)


def test_a_change_of_level_may_go_down() -> None:
    assert TypeAdapter(SignedLevel).validate_python("-30/min") == -0.5
    assert TypeAdapter(SignedLevel).validate_python(-20) == -20


@pytest.mark.parametrize(("written", "seconds"), [("90s", 90), ("1h30m", 5400), ("500ms", 0.5), (12, 12), ("0s", 0)])
def test_a_duration_is_text_or_seconds(written: object, seconds: float) -> None:
    assert TypeAdapter(Duration).validate_python(written) == seconds


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("-5s", "expected a duration"),
        (-5, "cannot be negative"),
        (math.nan, "must be finite"),
        (10**400, "must be finite"),
        ("40d", "longer than 31 days"),
        ("soon", "expected a duration"),
        (None, "expected a duration"),
        ([], "expected a duration"),
        (False, "expected a duration"),
    ],
)
def test_a_duration_that_makes_no_sense_is_refused_in_words(written: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        TypeAdapter(Duration).validate_python(written)


@pytest.mark.parametrize("written", [0, "0s", 1e-4, 1e-300])
def test_what_must_last_lasts_a_millisecond(written: object) -> None:
    with pytest.raises(ValueError, match="at least 1ms"):
        TypeAdapter(PositiveDuration).validate_python(written)


def test_editors_are_told_that_numbers_and_texts_are_both_right() -> None:
    class Model(BaseModel):
        at: Level

    written = Model.model_json_schema()["properties"]["at"]["anyOf"]
    assert written == [{"type": "number"}, {"type": "string"}]
