"""From a plan's entry to its rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from loadgen.data.cache import RowCache
from loadgen.data.files import FileRows
from loadgen.data.generated import GeneratedRows
from loadgen.data.scanning import BadRow
from loadgen.errors import JourneyError
from loadgen.plan.data import DataSource


class Rows(Protocol):
    """Rows by number."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns; empty where rows may differ."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: Any, /) -> Any: ...


def open_rows(
    source: DataSource,
    path: Path | None,
    seed: int,
    cache: RowCache,
    *,
    digest: str = "",
    breathe: Callable[[], None] = lambda: None,
) -> FileRows | GeneratedRows:
    """The rows of a source.

    Args:
        source: the plan's entry.
        path: its file on this machine; None where it has none.
        seed: the plan's, for generators without one.
        cache: where indexes are kept.
        digest: SHA-256 (hex) of the file's content, where it is known.
        breathe: called every few milliseconds while an index is made.

    Raises:
        JourneyError: the file cannot be read, or is not what it should be.
    """
    if path is None or source.generate is not None:
        assert source.generate is not None  # noqa: S101 -- a source has either a file or a generator
        return GeneratedRows(
            source.generate, source.rows_made, source.locale or "en_US", seed if source.seed is None else source.seed
        )
    form = source.read_as
    assert form is not None  # noqa: S101 -- the plan was refused otherwise
    try:
        return FileRows(path, form, cache, name=source.file or "", digest=digest, breathe=breathe)
    except BadRow:
        raise
    except OSError as error:
        raise JourneyError(
            f"the data file {source.name} ({source.file}) cannot be read: {error.strerror or error}"
        ) from error
