"""A plan's text with its file, so that every problem can point into it.

Reading is where a stranger's file first meets us, so it is careful: only regular files, of at most
:data:`MAX_PLAN_BYTES`, in UTF-8, read once.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from loadgen.errors import PlanError
from loadgen.plan.checks import Finding
from loadgen.plan.nearest import nearest
from loadgen.plan.problems import InvalidPlan, Place, Problem, written
from loadgen.plan.yamltree import Flaw, Mark, Tree, TreeError, grow

MAX_PLAN_BYTES = 1024 * 1024
"""A plan of a thousand lines has 50 kB; more than a mebibyte is not a plan."""

_SURROGATES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def read_text(path: Path, limit_bytes: int) -> str:
    """Read a text file whole, without its byte order mark.

    Raises:
        PlanError: it is not there, no regular file, unreadable, too large, or not UTF-8 text.
    """
    try:
        if path.is_dir():
            raise PlanError(f"{path} is a directory, not a file", hint=_files_in(path))
        if path.exists() and not path.is_file():
            raise PlanError(f"{path} is not a regular file", hint="copy it into a file first")
        with path.open("rb") as file:
            content = file.read(limit_bytes + 1)
    except FileNotFoundError:
        raise PlanError(f"there is no file {path}", hint=near_file(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PlanError(f"{path} cannot be read: {reason[:1].lower()}{reason[1:]}") from error
    if len(content) > limit_bytes:
        raise PlanError(f"{path} is larger than {limit_bytes // 1024} KiB")
    return _decoded(path, content)


def near_file(path: Path, written: PurePath | None = None) -> str:
    """``did you mean X?`` for the file beside it with the most similar name, or nothing.

    Args:
        path: the file that is not there.
        written: how its author wrote it, where that differs; the answer is written in the same way.
    """
    try:
        names = [other.name for other in path.parent.iterdir() if other.is_file()]
    except (OSError, ValueError):
        return ""
    close = nearest(path.name, names)
    return f"did you mean {(written or path).with_name(close)}?" if close else ""


@dataclass(frozen=True)
class Source:
    """A plan as written.

    Attributes:
        file: its path as the user gave it.
        lines: its text.
        tree: its values and where they stand.
    """

    file: str
    lines: tuple[str, ...]
    tree: Tree

    @classmethod
    def read(cls, path: Path, text: str | None = None) -> Source:
        """Read a plan's file, or what would stand in it.

        Args:
            path: the file; it need not exist where its text is given.
            text: what it says; None reads it.

        Raises:
            PlanError: the file cannot be read as text.
            InvalidPlan: its YAML is broken, too large or too deep.
        """
        if path.suffix == ".py":
            raise PlanError(
                f"{path} is a Python file, not a plan",
                hint=f"a locustfile runs without a plan: loadgen run {path} -u USERS -r RATE -t TIME -H URL",
            )
        text = _without_surrogates(read_text(path, MAX_PLAN_BYTES) if text is None else text)
        try:
            tree = grow(text)
        except TreeError as error:
            raise InvalidPlan([_problem_of(str(path), error.flaw)]) from error
        return cls(str(path), tuple(text.splitlines()), tree)

    @property
    def data(self) -> Any:
        """What the text says, as plain values."""
        return self.tree.data

    @property
    def flaws(self) -> list[Problem]:
        """What was wrong with the text itself: keys given twice, tags."""
        return [_problem_of(self.file, flaw) for flaw in self.tree.flaws]

    def problem(self, finding: Finding) -> Problem:
        """Put a finding at its line and column."""
        mark = self._mark(finding.place, at_key=finding.at_key)
        if finding.column > 1:
            mark = Mark(mark.line, self._column_within(finding.place, mark, finding.column))
        return Problem(
            file=self.file,
            line=mark.line,
            column=mark.column,
            path=written(finding.place),
            message=finding.message,
            expected=finding.expected,
            suggestion=finding.suggestion,
            details=finding.details,
        )

    def _mark(self, place: Place, *, at_key: bool) -> Mark:
        known = self.tree.values
        if place in known and not at_key:
            return known[place]
        while place and place not in known:
            place = place[:-1]
        return self.tree.keys.get(place) or known.get(place) or Mark(1, 1)

    def _column_within(self, place: Place, mark: Mark, column: int) -> int:
        """The column in the file of a column in a text, where the text stands in the file as it is."""
        text = self._text_at(place)
        line = self.lines[mark.line - 1]
        for start in (mark.column, mark.column + 1):  # plain, or after a quote
            if text and line.startswith(text, start - 1):
                return start + column - 1
        return mark.column

    def _text_at(self, place: Place) -> str:
        value = self.data
        for part in place:
            value = value[part]
        return value if isinstance(value, str) else ""


def _decoded(path: Path, content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise PlanError(f"{path} is UTF-16, not UTF-8", hint="save it as UTF-8")
    if b"\0" in content:
        raise PlanError(f"{path} is a binary file, not text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise PlanError(
            f"{path} is not UTF-8 text: byte 0x{byte:02x} in line {line}", hint="save it as UTF-8"
        ) from error


def _without_surrogates(text: str) -> str:
    """JSON may escape a character in two halves, which YAML does not know."""
    if not text.lstrip().startswith("{"):
        return text
    return _SURROGATES.sub(lambda pair: json.loads(f'"{pair[0]}"'), text)


def _files_in(folder: Path) -> str:
    plans = sorted(file.name for file in folder.iterdir() if file.suffix in (".yaml", ".yml", ".json"))
    return f"it holds {', '.join(plans[:5])}" if plans else ""


def _problem_of(file: str, flaw: Flaw) -> Problem:
    return Problem(
        file, flaw.mark.line, flaw.mark.column, written(flaw.place), flaw.message, suggestion=flaw.suggestion
    )
