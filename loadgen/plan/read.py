"""From a plan's file to a plan, or to everything that is wrong with it at once.

::

    file ─▶ text ─▶ tree with lines ─▶ curves filled in ─▶ Plan ─▶ LoadedPlan
              │            │                  │              │
              └────────────┴───────── problems, each at its place ───▶ InvalidPlan

Paths inside a plan are relative to the plan. Whether journey files can be imported is not known here: that
takes Locust, and so another process; :attr:`LoadedPlan.journeys` says what to import.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationError

from loadgen.plan.checks import Finding, InconsistentPlan, consistency, items
from loadgen.plan.curves import with_curves
from loadgen.plan.model import Plan
from loadgen.plan.names import dialect_parts
from loadgen.plan.problems import InvalidPlan, Place, Problem
from loadgen.plan.secrets import has_references
from loadgen.plan.source import Source, near_file
from loadgen.plan.wording import wording
from loadgen.plan.wrong import finding_of, shown


@dataclass(frozen=True)
class JourneyFile:
    """Where a journey's code is.

    Attributes:
        path: absolute path of the file.
        user: the class in it.
        place: where the plan names it.
    """

    path: Path
    user: str
    place: Place


@dataclass(frozen=True)
class LoadedPlan:
    """A valid plan and the files around it.

    Attributes:
        plan: the plan; curves from files are part of it.
        path: absolute path of the plan's file.
        journeys: the journeys in the plan's order.
        source: the plan as written; None for a plan made without a file.
    """

    plan: Plan
    path: Path
    journeys: tuple[JourneyFile, ...]
    source: Source | None = None

    @property
    def journey_root(self) -> Path:
        """The deepest folder that holds all journey files."""
        return Path(os.path.commonpath([journey.path.parent for journey in self.journeys]))

    @property
    def data_files(self) -> dict[str, Path]:
        """Absolute paths of the data files by name, but for those whose path depends on the environment."""
        files = {data.name: data.file for data in self.plan.data if data.file and not has_references(data.file)}
        return {name: (self.path.parent / file).resolve() for name, file in files.items()}

    @property
    def dialect_file(self) -> Path | None:
        """Absolute path of the dialect's file, if the plan names one."""
        named = self.plan.target.dialect
        return (self.path.parent / dialect_parts(named)[0]).resolve() if named else None

    def problem(self, finding: Finding) -> Problem:
        """Put something that was found out later at its place in the plan."""
        if self.source is not None:
            return self.source.problem(finding)
        return Problem(str(self.path), 0, 0, "", finding.message, finding.expected, finding.suggestion)


def load_plan(path: Path | str, text: str | None = None) -> LoadedPlan:
    """Read and check a plan.

    Args:
        path: the plan's file, YAML or JSON.
        text: what it says; None reads the file. Where it is given, the file need not exist.

    Raises:
        PlanError: the file cannot be read; its subclass InvalidPlan: what it says is not a plan, with all problems.
    """
    source = Source.read(Path(path), text)
    folder = Path(path).resolve().parent
    written = source.data
    if not isinstance(written, dict):
        got = "the file is empty" if written is None else f"got {shown(written)}"
        raise InvalidPlan([source.problem(Finding((), got, "a mapping with name, target, journeys and load"))])
    data, findings = with_curves(written, folder)
    findings += [*consistency(written), *wording(written), *_missing_files(written, folder)]
    plan = None
    try:
        plan = Plan.model_validate(data)
    except ValidationError as error:
        findings += _news(error, findings, {flaw.place for flaw in source.tree.flaws})
    problems = [*source.flaws, *(source.problem(finding) for finding in findings)]
    if plan is None or problems:
        raise InvalidPlan(dict.fromkeys(problems))
    return LoadedPlan(plan, Path(path).resolve(), journey_files(plan, folder), source)


def journey_files(plan: Plan, folder: Path) -> tuple[JourneyFile, ...]:
    """Where a plan's journeys are, for a plan in ``folder``."""
    return tuple(
        JourneyFile((folder / journey.file).resolve(), journey.user, ("journeys", index))
        for index, journey in enumerate(plan.journeys)
    )


def _missing_files(plan: dict[str, Any], folder: Path) -> Iterator[Finding]:
    """Journey, dialect and data files that the plan names and that are not there."""
    for place, name, ending in _named_files(plan):
        if not isinstance(name, str) or not _is_path(name) or not name.endswith(ending):
            continue  # the field's own check says what is wrong with it
        path = folder / name
        if not path.is_file():
            message = f"{name} is a directory" if path.is_dir() else f"there is no file {name}"
            yield Finding(place, message, "", near_file(path, PurePath(name)))


def _named_files(plan: dict[str, Any]) -> Iterator[tuple[Place, Any, str]]:
    """Place, name and wanted ending of each file; names as they were written, whatever that is."""
    target = plan.get("target")
    dialect = target.get("dialect") if isinstance(target, dict) else None
    yield ("target", "dialect"), dialect_parts(dialect)[0] if isinstance(dialect, str) else None, ".py"
    for section, ending in (("journeys", ".py"), ("data", "")):
        for index, item in enumerate(items(plan, section)):
            yield (section, index, "file"), item.get("file") if isinstance(item, dict) else None, ending


def _is_path(name: str) -> bool:
    return name.isprintable() and bool(name) and not name.startswith("/") and not has_references(name)


def _news(error: ValidationError, found: list[Finding], flawed: set[Place]) -> Iterator[Finding]:
    """What pydantic found beyond what is known already, in our words."""
    known = {finding.place for finding in found}
    details = error.errors(include_url=False)
    findings = [finding_of(detail) for detail in details]
    misspelt = {(*finding.place[:-1], finding.meant) for finding in findings if finding.meant}
    for detail, finding in zip(details, findings, strict=True):
        place = finding.place
        told = place in flawed or any(place[: len(other)] == other for other in known)
        # A list whose items were all refused is "too short" to pydantic; the items' own problems say it better.
        hollow = detail["type"] == "too_short" and any(other["loc"][:-1][: len(place)] == place for other in details)
        elsewhere = detail["type"] == "missing" and place in misspelt
        inconsistent = isinstance(detail.get("ctx", {}).get("error"), InconsistentPlan)
        if not (told or hollow or elsewhere or inconsistent):
            yield finding
