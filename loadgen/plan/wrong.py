"""Say what pydantic found wrong in words that a plan's author knows.

One pydantic error in, one finding out: ``Input should be greater than 0`` becomes ``expected a number above 0; got
'-5'``. Sentences of our own validators pass through; those that begin with ``expected`` are split at ``; got``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from loadgen.plan.checks import Finding
from loadgen.plan.keys import known_keys
from loadgen.plan.nearest import did_you_mean, nearest
from loadgen.plan.problems import Place
from loadgen.plan.tokens import ConditionError
from loadgen.shapes import KINDS

MAX_SHOWN_CHARS = 60
"""Of a wrong text, this much is shown."""

_EXPECTED: dict[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "greater_than": "a number above {gt:,.10g}",
    "greater_than_equal": "a number of at least {ge:,.10g}",
    "less_than_equal": "a number of at most {le:,.10g}",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "some text",
    "too_long": "at most {max_length}",
    "too_short": "at least {min_length}",
}
"""What was expected, by pydantic's name of the error; filled from the error's context."""


def finding_of(error: ErrorDetails) -> Finding:
    """Translate one of pydantic's errors."""
    place: Place = tuple(part for part in error["loc"] if part != "[key]")
    special = _SPECIAL.get(error["type"])
    if special is not None:
        return special(place, error)
    context = error.get("ctx", {})
    if error["type"] in _EXPECTED:
        expected = _EXPECTED[error["type"]].format(**context)
        at_key = "[key]" in error["loc"]
        return Finding(place, f"got {_size_or_value(error)}", expected, _advice(place, error), at_key=at_key)
    return Finding(place, error["msg"], "", "")


def shown(value: Any) -> str:
    """A wrong value as a plan's author would recognise it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= MAX_SHOWN_CHARS else f"'{value[:MAX_SHOWN_CHARS]}…'"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else str(value)


def _unknown_key(place: Place, _: ErrorDetails) -> Finding:
    known = known_keys(place[:-1])
    meant = nearest(str(place[-1]), known)
    suggestion = f"did you mean {meant}?" if meant else f"known: {', '.join(known)}"
    return Finding(place, "unknown key", "", suggestion, at_key=True, meant=meant)


def _missing(place: Place, _: ErrorDetails) -> Finding:
    return Finding(place, "is missing", at_key=True)


def _unknown_shape(place: Place, error: ErrorDetails) -> Finding:
    kind = error.get("ctx", {}).get("kind", "")
    return Finding(
        (*place, kind), "unknown shape", "", did_you_mean(kind, KINDS) or f"known: {', '.join(KINDS)}", at_key=True
    )


def _unknown_word(place: Place, error: ErrorDetails) -> Finding:
    expected = error.get("ctx", {}).get("expected", "").replace("'", "")
    word = error["input"]
    suggestion = did_you_mean(word, expected.replace(" or ", ", ").split(", ")) if isinstance(word, str) else ""
    return Finding(place, f"got {shown(word)}", expected, suggestion)


def _own_words(place: Place, error: ErrorDetails) -> Finding:
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, ConditionError):
        return Finding(place, cause.message, cause.expected, cause.suggestion, column=cause.column)
    sentence = error["msg"].removeprefix("Value error, ")
    if not sentence.startswith("expected "):
        value = error["input"]
        return Finding(place, sentence if isinstance(value, Mapping | list) else f"{sentence}; got {shown(value)}")
    expected, separator, got = sentence.removeprefix("expected ").partition("; ")
    return Finding(
        place, got if separator else f"got {shown(error['input'])}", expected, at_key="[key]" in error["loc"]
    )


def _shape_form(place: Place, error: ErrorDetails) -> Finding:
    expected, _, advice = error["msg"].removeprefix("expected ").partition("; ")
    if error["msg"].startswith("expected "):
        return Finding(place, f"got {shown(error['input'])}", expected)
    return Finding(place, expected, "", advice)


_SPECIAL: dict[str, Callable[[Place, ErrorDetails], Finding]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "shape_kind": _unknown_shape,
    "shape_form": _shape_form,
    "enum": _unknown_word,
    "literal_error": _unknown_word,
    "value_error": _own_words,
}


def _size_or_value(error: ErrorDetails) -> str:
    if error["type"] in ("too_long", "too_short"):
        return str(error.get("ctx", {}).get("actual_length") or "none")
    if error["type"] == "string_too_long":
        return str(len(error["input"]))
    return shown(error["input"])


def _advice(place: Place, error: ErrorDetails) -> str:
    value = error["input"]
    if error["type"] == "string_type" and isinstance(value, int | float):
        return "put it in quotes"
    if error["type"] == "tuple_type" and value is not None:
        return "put it in [ ]"
    if place[-1] == "weight" and value == 0:
        return "remove the journey to leave it out"
    if len(place) > 1 and place[-2] == "journeys" and isinstance(place[-1], str) and value == 0:
        return "remove the line to leave the journey out of this stream"
    return ""
