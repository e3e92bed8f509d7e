"""One table of ``docs/benchmarks.md``, and the page around it.

The page's prose is ``page.md`` beside this module. Its tables stand between markers; what a run measures is put
between them, and the tables of the parts that were not run stay as they are on the page::

    <!-- table: NAME -->
    | what | median |
    …
    <!-- end -->
"""

from __future__ import annotations

import dataclasses
import os
import platform
import re
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from loadgen.compiled import form

PROSE = Path(__file__).with_name("page.md")
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"

QUIET_S = 2.0
"""How long the machine is watched before a part begins: the load average still remembers the part before."""

_SLOT = re.compile(r"<!-- table: ([a-z-]+) -->\n(.*?)<!-- end -->", re.DOTALL)
_EMPTY = "not measured yet"


@dataclass(frozen=True)
class Table:
    """Rows of text.

    Attributes:
        name: of its slot on the page.
        head: titles of the columns.
        rows: as many cells as there are titles.
        notes: what a reader must know: what was skipped, what else was seen.
    """

    name: str
    head: list[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The table as plain lists, to travel from the process that measured it."""
        return dataclasses.asdict(self)

    def as_markdown(self, under: str) -> str:
        """The table with its notes, and under which circumstances it was made."""
        lines = [_line(self.head), _line(["---", *["---:"] * (len(self.head) - 1)]), *map(_line, self.rows)]
        blocks = ["\n".join(lines)] if self.rows else []
        blocks += [textwrap.fill(note, 120, break_on_hyphens=False) for note in [*self.notes, f"*{under}*"]]
        return "\n\n".join(blocks) + "\n"


class Circumstances:
    """Where and when something is measured, without the machine's name; begins when it is made."""

    def __init__(self) -> None:
        self._others = psutil.cpu_percent(interval=QUIET_S)
        self._load = os.getloadavg()[0]
        self._times = psutil.cpu_times()

    def __str__(self) -> str:
        cores = len(os.sched_getaffinity(0))
        since = [now - then for now, then in zip(psutil.cpu_times(), self._times, strict=True)]
        stolen = since[self._times._fields.index("steal")] / max(sum(since), 0.01)
        return (
            f"{cores} {'core' if cores == 1 else 'cores'}, Python {platform.python_version()}, loadgen {form()}, "
            f"{time.strftime('%Y-%m-%d', time.gmtime())}. Load average before: {self._load:.1f}; in the {QUIET_S:g} s "
            f"before, other processes used {self._others:.0f} % of the machine; "
            f"while it was measured, its host kept back {stolen * 100:.0f} %."
        )


def write_page(made: dict[str, str], page: Path = PAGE) -> list[str]:
    """Put tables into the page.

    Args:
        made: Markdown by name of slot.
        page: the file; its other tables are kept.

    Returns:
        Names of the tables that the page still lacks.

    Raises:
        KeyError: the page has no slot of that name.
    """
    prose = PROSE.read_text(encoding="utf-8")
    slots = [name for name, _ in _SLOT.findall(prose)]
    for name in made:
        if name not in slots:
            raise KeyError(f"{PROSE.name} has no slot for the table {name}")
    kept = dict(_SLOT.findall(page.read_text(encoding="utf-8"))) if page.exists() else {}
    filled = kept | made
    text = _SLOT.sub(lambda slot: _filled(slot[1], filled.get(slot[1]) or f"{_EMPTY}\n"), prose)
    page.write_text(text, encoding="utf-8")
    return [name for name in slots if filled.get(name, _EMPTY).strip() == _EMPTY]


def read_table(name: str, page: Path = PAGE) -> tuple[list[str], list[list[str]]]:
    """A table as it stands on the page.

    Returns:
        The titles of its columns, and its rows.

    Raises:
        KeyError: the page has no table of that name.
    """
    body = dict(_SLOT.findall(page.read_text(encoding="utf-8")))[name]
    head, _, *rows = (cells_of(line) for line in body.splitlines() if line.startswith("|"))
    return head, rows


def cells_of(line: str) -> list[str]:
    """The cells of a row in Markdown."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _filled(name: str, body: str) -> str:
    return f"<!-- table: {name} -->\n{body}<!-- end -->"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
