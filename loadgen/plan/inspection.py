r"""What an inspection of journey files says about a plan.

Journey files are imported by another process, as that takes Locust; it answers with what each file offers::

    {"files": {"/abs/browse.py": {"users": [{"name": "Browser", …}, …], "dialects": ["DemoShop", …],
                                  "error": null | "a sentence\nand a traceback"}}}

Here the answer is compared with what the plan asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from loadgen.plan.checks import Finding
from loadgen.plan.names import dialect_parts
from loadgen.plan.nearest import did_you_mean
from loadgen.plan.problems import Problem
from loadgen.plan.read import JourneyFile, LoadedPlan


def journey_problems(loaded: LoadedPlan, files: Mapping[str, Mapping[str, Any]]) -> tuple[Problem, ...]:
    """What is wrong with the journeys of a plan.

    Args:
        loaded: the plan.
        files: the inspection's ``files``, by absolute path.
    """
    broken: set[str] = set()
    problems: list[Problem] = []
    for journey in loaded.journeys:
        path = str(journey.path)
        if path not in broken:
            problems += (loaded.problem(finding) for finding in _findings(journey, files.get(path, {})))
        if files.get(path, {}).get("error"):
            broken.add(path)
    dialect = loaded.dialect_file
    if dialect is not None:
        problems += map(loaded.problem, _about_dialect(loaded, files.get(str(dialect), {})))
    return tuple(problems)


def _about_dialect(loaded: LoadedPlan, answer: Mapping[str, Any]) -> Iterator[Finding]:
    file, name = dialect_parts(loaded.plan.target.dialect or "")
    place = ("target", "dialect")
    if answer.get("error"):
        sentence, _, traceback = str(answer["error"]).partition("\n")
        yield Finding(place, sentence, details=traceback)
        return
    known = [str(dialect) for dialect in answer.get("dialects", ())]
    message, suggestion = missing_dialect(PurePath(file).name, name, known)
    if message:
        yield Finding(place, message, "", suggestion)


def missing_dialect(file: str, name: str | None, known: Sequence[str]) -> tuple[str, str]:
    """Why a file does not have the dialect that is asked for, and what would help; two empty texts if it has.

    Args:
        file: the file's name.
        name: the class that is asked for; None asks for the only one there is.
        known: the dialects of that file.
    """
    offers = f"it has {', '.join(known)}" if known else "a dialect is a class that inherits from Dialect"
    if not known:
        return f"{file} defines no dialect", offers
    if name is None:
        several = len(known) > 1
        return (
            (f"{file} defines several dialects", f"name one, as {file}:{known[0]}; {offers}") if several else ("", "")
        )
    return ("", "") if name in known else (f"{file} has no dialect {name}", did_you_mean(name, known) or offers)


def _findings(journey: JourneyFile, answer: Mapping[str, Any]) -> Iterator[Finding]:
    name = journey.path.name
    if answer.get("error"):
        sentence, _, traceback = str(answer["error"]).partition("\n")
        yield Finding((*journey.place, "file"), sentence, details=traceback)
        return
    known = [str(user["name"]) for user in answer.get("users", ())]
    if journey.user not in known:
        offers = f"it has {', '.join(known)}" if known else "it has no user classes at all"
        suggestion = did_you_mean(journey.user, known) or offers
        yield Finding((*journey.place, "user"), f"{name} has no user class {journey.user}", "", suggestion)
