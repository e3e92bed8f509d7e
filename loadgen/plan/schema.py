"""JSON Schema of the written form of a plan, for editors: completion, help on each key, and red lines.

It is made from the models, so it cannot fall behind them. What pydantic cannot know is put in here: durations
and levels are written with units, conditions as text, a curve's points may be in a file. What needs the whole
plan (names that must be known, units that must fit the model) only ``loadgen plan check`` can tell.
"""

from __future__ import annotations

from typing import Any

from loadgen.plan.levels import Quantity, quantity_of
from loadgen.plan.model import Plan
from loadgen.shapes import KINDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_DURATION = r"\s*(\d+(\.\d+)?\s*(ms|s|m|min|h|d)\s*)+"
_RATE = r"\s*-?\d+(\.\d+)?\s*/\s*(ms|s|m|min|h|d)\s*"

_UNITS: dict[str, Any] = {
    "Duration": {
        "description": "A duration such as 90s, 5m, 1h30m or 500ms; a bare number is seconds.",
        "anyOf": [{"type": "string", "pattern": f"^{_DURATION}$"}, {"type": "number", "minimum": 0}],
        "examples": ["90s", "5m", "1h30m"],
    },
    "Level": {
        "description": "Open model: a rate such as 200/s or 6000/min. Closed model: a whole number of shoppers.",
        "anyOf": [{"type": "string", "pattern": f"^{_RATE}$"}, {"type": "number"}],
        "examples": ["200/s", "6000/min", 200],
    },
}
_REFERENCES = {
    Quantity.LEVEL: {"$ref": "#/$defs/Level"},
    Quantity.DURATION: {"$ref": "#/$defs/Duration"},
}


def plan_schema() -> dict[str, Any]:
    """The schema, draft 2020-12, as plain values ready for JSON."""
    schema = Plan.model_json_schema()
    definitions = schema.pop("$defs")
    for kind, shape in KINDS.items():
        definitions[f"Written{shape.__name__}"]["description"] = _first_sentence(shape.__doc__ or kind)
        for name, field in shape.model_fields.items():
            _give_unit(definitions[shape.__name__]["properties"][field.alias or name], quantity_of(field))
    for definition in (schema, definitions["Stream"], definitions["Patience"], definitions["WorkersDemand"]):
        for field_schema in definition["properties"].values():
            _give_unit(field_schema, Quantity.DURATION)
    _let_curves_have_a_file(definitions["Curve"])
    for definition in definitions.values():
        _tidy(definition)
    _tidy(schema)
    return {"$schema": DIALECT, "title": "loadgen plan", **schema, "$defs": {**definitions, **_UNITS}}


def _give_unit(field_schema: dict[str, Any], quantity: Quantity | None) -> None:
    """Where a field takes a number or text, say which text."""
    choices = [choice.get("type") for choice in field_schema.get("anyOf", ())]
    if quantity is None or choices[:2] != ["number", "string"]:
        return
    reference = _REFERENCES[quantity]
    del field_schema["anyOf"]
    if "null" in choices:
        field_schema["anyOf"] = [reference, {"type": "null"}]
    else:
        field_schema.update(reference)


def _let_curves_have_a_file(curve: dict[str, Any]) -> None:
    curve["properties"]["points"]["items"]["prefixItems"] = [
        _REFERENCES[Quantity.DURATION],
        _REFERENCES[Quantity.LEVEL],
    ]
    curve["properties"]["file"] = {
        "type": "string",
        "description": "A CSV file with the columns t and rate, relative to the plan, instead of points.",
        "examples": ["last-year.csv"],
    }
    del curve["required"]
    curve["oneOf"] = [{"required": ["points"]}, {"required": ["file"]}]


def _tidy(definition: dict[str, Any]) -> None:
    """Drop titles made from field names, which editors show in place of the help, and docstring sections."""
    definition.pop("title", None)
    if "description" in definition:
        definition["description"] = _first_sentence(definition["description"])
    for field_schema in definition.get("properties", {}).values():
        field_schema.pop("title", None)


def _first_sentence(docstring: str) -> str:
    return " ".join(docstring.split("\n\n", maxsplit=1)[0].split()).replace("``", "")
