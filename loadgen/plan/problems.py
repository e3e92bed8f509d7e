"""What is wrong with a plan, each thing at its place, all of them at once.

A line of :func:`render` looks like a compiler's, so editors can jump to it::

    ramp.yaml:12:15 load[0].shape[1].ramp.over: expected a duration such as 90s; got '5x'
    ramp.yaml:3:3 target.base_ur: unknown key (did you mean base_url?)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from loadgen.errors import PlanError

Place = tuple[str | int, ...]
"""The way from the plan's root to a value: ``("load", 0, "shape", 1, "ramp", "over")``."""


@dataclass(frozen=True)
class Problem:
    """One thing to mend.

    Attributes:
        file: the plan's path as the user wrote it.
        line: from 1; 0 when the problem is the file itself.
        column: from 1; 0 when the problem is the file itself.
        path: the place inside the plan, empty for the plan as a whole.
        message: what is wrong; where ``expected`` is given, what was got instead.
        expected: what would have been right.
        suggestion: the nearest name, or what to do.
        details: further lines to show below, such as a traceback.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    expected: str = ""
    suggestion: str = ""
    details: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else f"{self.file}:"
        place = f" {self.path}:" if self.path else ":" if self.line else ""
        sentence = f"expected {self.expected}; {self.message}" if self.expected else self.message
        suggestion = f" ({self.suggestion})" if self.suggestion else ""
        below = (f"    {line}" for line in self.details.splitlines())
        return "\n".join(map(_harmless, (f"{where}{place} {sentence}{suggestion}", *below)))


class InvalidPlan(PlanError):  # noqa: N818 - it reads as what it is: the plan is invalid
    """A plan was read and refused.

    Args:
        problems: everything that is wrong with it, at least one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column)))
        count = len(self.problems)
        heading = f"{self.problems[0].file} has {count} problem{'s' if count > 1 else ''}"
        super().__init__(
            f"{heading}\n{render(self.problems)}",
            hint="run 'loadgen plan schema' for what a plan may hold, or see docs/plan.md",
        )


def render(problems: Iterable[Problem]) -> str:
    """One line for each problem, in the order given, with its details below."""
    return "\n".join(str(problem) for problem in problems)


def written(place: Place) -> str:
    """A place as people write it: ``load[0].shape[1].ramp.over``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _harmless(text: str) -> str:
    """Whatever a stranger's file holds, a problem stays on its line and moves no cursor."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
