"""Which keys a plan may have at a place: for "did you mean", and for lists of what is known."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

from loadgen.plan.model import Plan
from loadgen.plan.problems import Place
from loadgen.plan.stream import Stream
from loadgen.shapes import KINDS


def known_keys(place: Place) -> tuple[str, ...]:
    """The keys of the mapping at ``place``; empty where any key is right, or where there is no mapping."""
    model: Any = Plan
    for part in place:
        if isinstance(part, int):
            continue
        if model is Stream and part == "shape":
            model = KINDS
        elif model is KINDS:
            model = KINDS.get(part)
        elif model is None:
            return ()
        else:
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            model = _model_in(fields[part].annotation) if part in fields else None
    if model is KINDS:
        return tuple(KINDS)
    if model is None:
        return ()
    keys = tuple(field.alias or name for name, field in model.model_fields.items())
    # A curve's points may be written in a file; the reader puts them in.
    return (*keys, "file") if model is KINDS["curve"] else keys


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
