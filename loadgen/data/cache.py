"""Where a machine keeps the indexes of data files: one folder for each user, named by the files' content.

Whatever lies there can be made again, so nobody need tidy up: what was not used for a week goes when
something new comes.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import Final

KEPT_S: Final = 7 * 86400
"""How long something is kept that nobody uses."""

_PRIVATE: Final = 0o700


class RowCache:
    """A folder of this user's own.

    Args:
        folder: where; by default in the machine's folder for temporary files. Where somebody else has taken its name, a
            folder of this process's own serves.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or _own_folder()

    def place(self, key: str, ending: str) -> Path:
        """Where something is kept, or is to be written; it is marked as used."""
        path = self.folder / f"{key}.{ending}"
        try:
            os.utime(path)
        except OSError:
            self._forget()
        return path

    def _forget(self) -> None:
        oldest_s = time.time() - KEPT_S
        for path in self.folder.iterdir():
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest_s:
                    path.unlink()


def _own_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"loadgen-{os.getuid()}-rows"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        known = folder.lstat()
        if known.st_uid == os.getuid() and known.st_mode & 0o7777 == _PRIVATE and not folder.is_symlink():
            return folder
    return Path(tempfile.mkdtemp(prefix="loadgen-rows-"))
