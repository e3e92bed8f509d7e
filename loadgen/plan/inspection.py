r"""What an inspection of journey files says about a plan.

Journey files are imported by another process, as that takes Locust; it answers with what each file offers::

    {"files": {"/abs/browse.py": {"users": [{"name": "Browser", …}, …], "error": null | "a sentence\nand a traceback"}}}

Here the answer is compared with what the plan asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from loadgen.plan.checks import Finding
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
    return tuple(problems)


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
