"""The rows of a file, each read when it is asked for.

Nothing is mapped: pages of a mapped file count as the process's own memory once it has touched them, and after a
million random rows that is the whole file. Reading at an offset takes from the kernel's
cache, which all processes share.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, overload
from weakref import finalize

from loadgen.data.cache import RowCache
from loadgen.data.index import Index, write_index
from loadgen.data.scanning import scan
from loadgen.plan.data import DataFormat


class FileRows(Sequence[Any]):
    """Rows by number: dicts by column for CSV, whatever each line holds for JSON lines.

    Args:
        path: the file; it must not change while it is in use.
        form: how it is written.
        cache: where indexes are kept.
        name: how to name the file in errors.
        digest: SHA-256 (hex) of its content, where it is known; otherwise the file's size and times stand for it.
        breathe: called every few milliseconds while the index is made.

    Raises:
        BadRow: the file is not what it should be.
        OSError: it cannot be read.
    """

    def __init__(
        self,
        path: Path,
        form: DataFormat,
        cache: RowCache,
        *,
        name: str = "",
        digest: str = "",
        breathe: Callable[[], None] = lambda: None,
    ) -> None:
        self._fd = os.open(path, os.O_RDONLY)
        finalize(self, os.close, self._fd)
        self._json = form is DataFormat.JSONL
        known = cache.place(digest or _stamp(path), f"{form}.index")
        try:
            self._index = Index(known)
        except (OSError, ValueError):
            with path.open("rb") as file:
                write_index(known, scan(file, name or path.name, form, breathe))
            self._index = Index(known)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns; empty for JSON lines."""
        return self._index.columns

    def __len__(self) -> int:
        return self._index.count

    @overload
    def __getitem__(self, number: int) -> Any: ...
    @overload
    def __getitem__(self, number: slice) -> list[Any]: ...
    def __getitem__(self, number: int | slice) -> Any:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(f"there is no row {number}, only {len(self)}")
        begins, ends = self._index.span(number % len(self))
        text = os.pread(self._fd, ends - begins, begins).decode()
        if self._json:
            return json.loads(text)
        return dict(zip(self.columns, next(csv.reader([text], strict=True)), strict=True))


def _stamp(path: Path) -> str:
    known = path.stat()
    return f"{known.st_dev:x}-{known.st_ino:x}-{known.st_size:x}-{known.st_mtime_ns:x}"
