"""What can be said of a plan's data before a run: that it can be read, and whether there is enough of it.

The pass over a file that finds what is wrong also makes its index, so on this machine a run starts at once afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from loadgen.data.cache import RowCache
from loadgen.data.opening import open_rows
from loadgen.errors import JourneyError
from loadgen.plan.bundle import MAX_BYTES, digest_of_file
from loadgen.plan.checks import Finding
from loadgen.plan.data import Access, DataSource, Exhausted
from loadgen.plan.estimate import SESSION_S
from loadgen.plan.model import Plan
from loadgen.plan.problems import Place, Problem
from loadgen.plan.read import LoadedPlan
from loadgen.plan.stream import LoadModel
from loadgen.units import format_count


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found.

    Attributes:
        problems: the plan cannot run like this.
        notes: it can, but may not do what was meant.
    """

    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def check_sources(loaded: LoadedPlan, cache: RowCache | None = None) -> Checked:
    """Read all data of a plan; files whose path depends on the environment are left to the workers.

    Args:
        loaded: the plan.
        cache: where indexes are kept; by default the machine's own place.
    """
    cache = cache or RowCache()
    problems: list[Problem] = []
    notes: list[str] = []
    for index, source in enumerate(loaded.plan.data):
        path = loaded.data_files.get(source.name)
        if source.file is not None and path is None:
            continue
        try:
            digest = digest_of_file(path) if path else ""
            rows = open_rows(source, path, loaded.plan.seed, cache, digest=digest)
        except JourneyError as error:
            place: Place = ("data", index, "file" if path else "locale")
            problems.append(loaded.problem(Finding(place, error.message, "", error.hint)))
            continue
        notes += shortages(loaded.plan, source, len(rows))
        if source.sha256 not in ("", digest):
            finding = Finding(("data", index, "sha256"), f"the file has {digest}", "", "is it the right file?")
            problems.append(loaded.problem(finding))
        if path and not source.installed and path.stat().st_size > MAX_BYTES:
            finding = Finding(
                ("data", index, "file"),
                f"{source.file} is larger than {MAX_BYTES // 2**20} MiB and cannot travel with the run",
                "",
                "say installed: true, and start workers with --data DIR",
            )
            problems.append(loaded.problem(finding))
    return Checked(tuple(problems), tuple(notes))


def shortages(plan: Plan, source: DataSource, rows: int) -> Iterator[str]:
    """Where a source may run out, if every shopper takes one row of it.

    Args:
        plan: the plan.
        source: its entry.
        rows: how many rows it has.
    """
    if source.access is Access.UNIQUE:
        least = plan.peak_shoppers + sum(stream.max_shoppers or 0 for stream in plan.streams(LoadModel.OPEN))
        free = [stream.shape.peak for stream in plan.streams(LoadModel.OPEN) if stream.max_shoppers is None]
        about = "about " if free else ""
        needed = math.ceil(least + sum(free) * SESSION_S)
        if rows < needed:
            wanted = f"{about}{format_count(needed)} shoppers at once"
            each = f", at {SESSION_S:g} s a visit" if free else ""
            yield f"{source.name} has {format_count(rows)} rows for {wanted}{each}: who finds none left fails"
    if source.exhausted is not Exhausted.RECYCLE and plan.arrivals > rows:
        yield (
            f"{source.name} has {format_count(rows)} rows that are handed out once, for "
            f"{format_count(round(plan.arrivals))} arrivals: then {_ending(source)}"
        )


def _ending(source: DataSource) -> str:
    return "the run ends" if source.exhausted is Exhausted.STOP else "journeys fail"
