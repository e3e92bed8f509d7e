"""Put the points of ``curve: {file: last-year.csv}`` into the plan, so that it needs no file from there on."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

from loadgen.errors import PlanError
from loadgen.plan.checks import Finding, items
from loadgen.plan.problems import Place
from loadgen.plan.source import near_file, read_text
from loadgen.shapes import points_from_csv

MAX_CURVE_BYTES = 4 * 1024 * 1024
"""A hundred thousand points, the most a curve takes, with long numbers."""

_STAND_IN = [[0, 1], [1, 1]]
"""Takes the place of points that cannot be read, so that the rest of the plan can still be checked."""


def with_curves(plan: dict[str, Any], folder: Path) -> tuple[dict[str, Any], list[Finding]]:
    """The plan's written form with every curve's points in it.

    Args:
        plan: as written; it is left alone.
        folder: where the plan is; files are relative to it.

    Returns:
        The new written form, and what was wrong with the files.
    """
    findings: list[Finding] = []
    streams = []
    for index, stream in enumerate(items(plan, "load")):
        if isinstance(stream, dict) and "shape" in stream:
            shape = _shape(stream["shape"], folder, ("load", index, "shape"), findings)
            streams.append({**stream, "shape": shape})
        else:
            streams.append(stream)
    return ({**plan, "load": streams} if streams else plan), findings


def _shape(shape: Any, folder: Path, place: Place, findings: list[Finding]) -> Any:
    if isinstance(shape, list):
        return [_shape(one, folder, (*place, index), findings) for index, one in enumerate(shape)]
    curve = shape.get("curve") if isinstance(shape, dict) else None
    if not isinstance(curve, dict) or "file" not in curve:
        return shape
    points, finding = _points(curve, folder, (*place, "curve"))
    if finding is not None:
        findings.append(finding)
    body = {key: value for key, value in curve.items() if key != "file"}
    return {**shape, "curve": {**body, "points": points}}


def _points(curve: dict[str, Any], folder: Path, place: Place) -> tuple[Any, Finding | None]:
    name = curve["file"]
    if "points" in curve:
        return curve["points"], Finding((*place, "file"), "a curve has points or a file, not both", at_key=True)
    if not isinstance(name, str) or not name.isprintable():
        got = Finding((*place, "file"), f"got {name!r}", "the path of a CSV file, relative to the plan")
        return _STAND_IN, got
    path = folder / name
    if not path.exists():
        return _STAND_IN, Finding((*place, "file"), f"there is no file {name}", "", near_file(path, PurePath(name)))
    try:
        return points_from_csv(read_text(path, MAX_CURVE_BYTES)), None
    except PlanError as error:
        return _STAND_IN, Finding((*place, "file"), error.message.replace(f"{folder}/", ""), "", error.hint)
    except ValueError as error:
        return _STAND_IN, Finding((*place, "file"), f"{name}, {error}")
