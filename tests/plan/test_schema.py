"""The schema for editors says what the reader says, as far as a schema can."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from loadgen.plan.model import Plan
from loadgen.plan.schema import DIALECT, plan_schema
from loadgen.shapes import KINDS

SCHEMA = plan_schema()


def _objects(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "Plan", schema
    yield from ((name, part) for name, part in schema["$defs"].items() if "properties" in part)


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    reference = part.get("$ref")
    found: dict[str, Any] = SCHEMA["$defs"][reference.removeprefix("#/$defs/")] if reference else part
    return found


def test_the_schema_is_of_the_current_dialect_and_names_every_key_of_a_plan() -> None:
    assert SCHEMA["$schema"] == DIALECT
    assert set(SCHEMA["properties"]) == set(Plan.model_fields)
    assert SCHEMA["required"] == ["name", "target", "journeys", "load"]


def test_unknown_keys_are_wrong_everywhere() -> None:
    named = dict(_objects(SCHEMA))
    assert named.keys() > {"Plan", "Target"}
    assert all(part["additionalProperties"] is False for part in named.values())


def test_every_key_has_help_for_the_editor() -> None:
    without = [
        f"{name}.{key}"
        for name, part in _objects(SCHEMA)
        for key, field in part["properties"].items()
        if not field.get("description") and not _resolved(field).get("description")
    ]

    assert without == []


def test_every_reference_leads_somewhere() -> None:
    references = set(re.findall(r"#/\$defs/(\w+)", str(SCHEMA)))

    assert references == set(SCHEMA["$defs"])


def test_every_kind_of_shape_is_an_object_with_its_name_as_only_key() -> None:
    one, many = SCHEMA["$defs"]["Stream"]["properties"]["shape"]["anyOf"]

    wrapped = [SCHEMA["$defs"][choice["$ref"].removeprefix("#/$defs/")] for choice in one["oneOf"]]
    assert [part["required"] for part in wrapped] == [[kind] for kind in KINDS]
    assert many["items"] == one


def test_a_curve_has_points_or_a_file() -> None:
    curve = SCHEMA["$defs"]["Curve"]

    assert set(curve["properties"]) == {"points", "file"}
    assert curve["oneOf"] == [{"required": ["points"]}, {"required": ["file"]}]


@pytest.mark.parametrize(
    ("definition", "right", "wrong"),
    [
        ("Duration", ["90s", "5m", "1h30m", "1 h 30 m", "500ms", "1.5h"], ["5x", "m", "-5s", "soon"]),
        ("Level", ["200/s", "6000/min", "0.5/h", "-10/s"], ["200", "fast", "/s"]),
    ],
)
def test_units_in_the_schema_are_those_of_the_reader(definition: str, right: list[str], wrong: list[str]) -> None:
    pattern = SCHEMA["$defs"][definition]["anyOf"][0]["pattern"]

    assert all(re.search(pattern, text) for text in right)
    assert not any(re.search(pattern, text) for text in wrong)


def test_conditions_are_text_with_a_pattern_that_knows_the_examples() -> None:
    threshold, guard = (_resolved(SCHEMA["properties"][key]["items"]) for key in ("thresholds", "guards"))
    for text in ("p(95) < 800ms", 'p(99.9){name:"GET /a", clock:due}<=2s', "count(late) < 5", "error_rate < 1%"):
        assert re.search(threshold["pattern"], text), text
        assert re.search(guard["pattern"], f"{text} for 10s: stop"), text
    assert re.search(guard["pattern"], "unavailable for 5s: stop")
    for text in ("p95 < 1s", "unavailable", "p(95) 800ms", "rps > 5/s", "mean < fast"):
        assert not re.search(threshold["pattern"], text), text
    assert not re.search(guard["pattern"], "error_rate > 5%")
    assert all(re.search(part["pattern"], text) for part in (threshold, guard) for text in part["examples"])


def test_a_schema_can_be_made_again_without_change() -> None:
    assert plan_schema() == SCHEMA
