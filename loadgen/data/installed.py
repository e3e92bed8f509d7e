"""Data files that an operator put on a worker: too large to travel with each run.

They are looked for by their last name in the folders that ``loadgen worker --data DIR`` gave, and must be the very file
that the plan's author had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from loadgen.errors import JourneyError
from loadgen.plan.bundle import digest_of_file
from loadgen.plan.data import DataSource


def installed_file(source: DataSource, folders: Sequence[str], breathe: Callable[[], None] = lambda: None) -> Path:
    """Where a source's file is on this worker.

    Args:
        source: the plan's entry.
        folders: where to look, the first one first.
        breathe: called every few milliseconds while the file is read.

    Raises:
        JourneyError: it is in none of them, or another one than the author's.
    """
    name = Path(source.file or "").name
    if not folders:
        raise JourneyError(
            f"the data file {name} should be installed on this worker, which has no data",
            hint="start it with --data DIR",
        )
    path = next((path for folder in folders if (path := Path(folder) / name).is_file()), None)
    if path is None:
        raise JourneyError(f"the data file {name} is not on this worker", hint=f"put it into {folders[0]}")
    digest = digest_of_file(path, breathe)
    if source.sha256 and digest != source.sha256:
        raise JourneyError(
            f"this worker's {name} has digest {digest[:12]}, the plan's author had {source.sha256[:12]}",
            hint="bring both to the same version of the file",
        )
    return path
