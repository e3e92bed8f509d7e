"""Which fields of a shape are levels, and which are durations.

Shapes know only numbers; whether a level is a rate or a number of shoppers depends on the stream around them.
The kinds of shape are asked for their fields, so that a new kind needs no line here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, get_args

from pydantic.fields import FieldInfo

from loadgen.plan.problems import Place
from loadgen.shapes import KINDS
from loadgen.shapes.fields import read_duration, read_level, read_positive_duration, read_signed_level


class Quantity(Enum):
    """What a number in a shape means."""

    LEVEL = "level"
    DURATION = "duration"


_READERS = {
    read_level: Quantity.LEVEL,
    read_signed_level: Quantity.LEVEL,
    read_duration: Quantity.DURATION,
    read_positive_duration: Quantity.DURATION,
}


def quantity_of(field: FieldInfo) -> Quantity | None:
    """What a field of a shape holds; None for plain numbers and lists."""
    return _quantity(field.metadata) or _quantity(
        part for choice in get_args(field.annotation) for part in getattr(choice, "__metadata__", ())
    )


def levels_in(shape: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Every level in a shape as a person wrote it, with its place; what has no such form is passed over."""
    if isinstance(shape, list):
        for index, one in enumerate(shape):
            yield from levels_in(one, (*place, index))
    elif isinstance(shape, Mapping) and len(shape) == 1:
        ((kind, body),) = shape.items()
        if kind in KINDS and isinstance(body, Mapping):
            yield from _levels_in_body(kind, body, (*place, kind))


def _levels_in_body(kind: str, body: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, Any]]:
    for name, field in KINDS[kind].model_fields.items():
        key = field.alias or name
        if key in body and quantity_of(field) is Quantity.LEVEL:
            yield (*place, key), body[key]
    points = body.get("points")
    for index, point in enumerate(points if isinstance(points, list) else ()):
        if isinstance(point, list) and len(point) == 2:
            yield (*place, "points", index, 1), point[1]


def _quantity(parts: Any) -> Quantity | None:
    return next((_READERS[part.func] for part in parts if getattr(part, "func", None) in _READERS), None)
