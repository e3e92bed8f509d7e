"""The plans that lie ready in a folder, for whoever may start them.

Only what this module has listed is read, so a name leads nowhere else; links are not followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from loadgen.errors import NotFoundError

DEEP: Final = 3
"""Folders below the first that are looked into."""

LOOKED_AT: Final = 2000
"""Files and folders that are looked at: the folder may be a whole disk."""

LISTED: Final = 200
"""Plans listed at most."""

PLAN_BYTES: Final = 1024 * 1024
"""What is larger is no plan."""

_SUFFIXES: Final = {".yaml", ".yml", ".json"}

_MARKS: Final = tuple(re.compile(rf"""^[ \t{{,]*["']?{key}["']?\s*:""", re.MULTILINE) for key in ("journeys", "load"))
"""What every plan has and other files of these kinds rarely have both of."""


class PlansBelow:
    """The plans below a folder.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def names(self) -> list[str]:
        """Their paths from the folder, in order."""
        return sorted(islice((name for name in self._files() if self._text(name) is not None), LISTED))

    def read(self, name: str) -> dict[str, str]:
        """One of them: ``plan``, its text, and ``folder``, where its paths start.

        Raises:
            NotFoundError: there is no such plan.
        """
        text = self._text(name) if name in self._files() else None
        if text is None:
            raise NotFoundError("there is no such plan", hint="it may have been moved: reload the page")
        folder = Path(name).parent.as_posix()
        return {"plan": text, "folder": "" if folder == "." else folder}

    def _files(self) -> Iterator[str]:
        left = LOOKED_AT
        for folder, folders, files in os.walk(self._root):
            below = Path(folder).relative_to(self._root)
            folders[:] = [] if len(below.parts) >= DEEP else sorted(one for one in folders if not one.startswith("."))
            left -= 1 + len(files)
            if left < 0:
                return
            for file in sorted(files):
                if Path(file).suffix in _SUFFIXES and not (Path(folder) / file).is_symlink():
                    yield (below / file).as_posix()

    def _text(self, name: str) -> str | None:
        """What a file says; None where it is no plan, or cannot be read."""
        file = self._root / name
        try:
            if not file.is_file() or file.stat().st_size > PLAN_BYTES:
                return None
            text = file.read_text()
        except (OSError, UnicodeDecodeError):
            return None
        return text if all(mark.search(text) for mark in _MARKS) else None
