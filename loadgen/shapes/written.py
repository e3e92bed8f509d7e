"""The written form of a shape: ``{ramp: {...}}``, or a list of these.

:class:`WrittenForm` teaches pydantic to read it and to write it back. What comes out is canonical: plain floats,
every missing ``from`` filled in, so that reading it again gives an equal shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Union

from pydantic import (
    BeforeValidator,
    Discriminator,
    GetCoreSchemaHandler,
    PlainSerializer,
    PlainValidator,
    Tag,
    TypeAdapter,
    create_model,
)
from pydantic_core import CoreSchema, PydanticCustomError

from loadgen.shapes.sequence import Sequence, in_turn, started
from loadgen.shapes.shape import Shape


class WrittenForm:
    """Makes ``Annotated[Shape, WrittenForm(kinds)]`` a field that holds any of these kinds, or a sequence of them.

    Error locations follow what people wrote: ``('shape', 1, 'ramp', 'over')``.

    Args:
        kinds: the classes, by the word people write.
    """

    def __init__(self, kinds: Mapping[str, type[Shape]]) -> None:
        self._kinds = kinds

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        one = self._one_shape
        return handler.generate_schema(
            Annotated[
                Any,
                PlainValidator(self._read, json_schema_input_type=one | list[one]),  # type: ignore[valid-type]
                PlainSerializer(_write),
            ]
        )

    def _read(self, value: Any) -> Shape:
        shape: Shape
        if isinstance(value, Sequence):
            shape = value
        elif isinstance(value, list | tuple):
            shape = Sequence(shapes=in_turn(self._many.validate_python(value)))
        else:
            shape = started(self._one.validate_python(value), 0.0)
        if shape.total <= 0:
            raise ValueError("this shape asks for no load at all: its level is 0 throughout")
        return shape

    def _known(self, value: Any) -> Any:
        known = ", ".join(self._kinds)
        if not isinstance(value, dict | Shape):
            raise PydanticCustomError("shape_form", "expected a shape such as {ramp: {to: 200/s, over: 5m}}")
        if isinstance(value, dict) and len(value) != 1:
            raise PydanticCustomError(
                "shape_form",
                "a shape has exactly one kind ({known}); write several as a list",
                {"known": known},
            )
        kind = _kind_of(value)
        if kind not in self._kinds:
            raise PydanticCustomError(
                "shape_kind", "unknown shape '{kind}'; known: {known}", {"kind": str(kind), "known": known}
            )
        return value

    @cached_property
    def _one_shape(self) -> Any:
        choices = tuple(
            Annotated[cls, BeforeValidator(_body, json_schema_input_type=_wrapper(kind, cls)), Tag(kind)]
            for kind, cls in self._kinds.items()
        )
        return Annotated[Union[choices], Discriminator(_kind_of), BeforeValidator(self._known)]  # noqa: UP007 - built at run time

    @cached_property
    def _one(self) -> TypeAdapter[Shape]:
        return TypeAdapter(self._one_shape)

    @cached_property
    def _many(self) -> TypeAdapter[list[Shape]]:
        return TypeAdapter(list[self._one_shape])  # type: ignore[name-defined]


def _wrapper(kind: str, cls: type[Shape]) -> Any:
    return create_model(f"Written{cls.__name__}", __config__={"extra": "forbid"}, **{kind: (cls, ...)})  # type: ignore[call-overload]


def _kind_of(value: Any) -> str:
    return value.kind if isinstance(value, Shape) else next(iter(value))


def _body(value: Any) -> Any:
    return value if isinstance(value, Shape) else next(iter(value.values()))


def _write(shape: Shape) -> Any:
    return shape.written()
