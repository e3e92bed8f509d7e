"""What a worker process must not lose when it is killed: its journal, and its frames until they are sealed.

One folder for each process, on a file system in memory where there is one::

    /dev/shm/loadgen-<user>/<cluster>/<worker>/journal      what it counts (loadgen.journal)
                                              00000042      a frame, named by its number

The process writes; when it is dead its supervisor, or the next one on this machine, reads and sends
(:mod:`loadgen.worker.inheritance`). A frame is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

from loadgen.journal import Journal

JOURNAL: Final = "journal"

SEALED: Final = "sealed"
"""Beside a journal: its process saw all that it counted sealed."""

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- a folder of our own is made there, and looked at before it is used

_PRIVATE: Final = 0o700


class Spool:
    """The folder of one process.

    Args:
        folder: exists; belongs to this process alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: set[int] = set()

    def open_journal(self, run: str, worker: str) -> Journal:
        """The journal of a run.

        Raises:
            OSError: it cannot be made.
        """
        return Journal.create(self._folder / JOURNAL, run, worker)

    def keep(self, number: int, frame: bytes) -> None:
        """Keep a frame until :meth:`forget`; one that was kept under the number is replaced.

        Raises:
            OSError: there is no room.
        """
        draft = self._folder / "draft"
        draft.write_bytes(frame)
        draft.rename(self._folder / f"{number:08}")
        self._kept.add(number)

    def forget(self, up_to: int) -> None:
        """Nobody will ask for anything up to this number any more."""
        for number in [kept for kept in self._kept if kept <= up_to]:
            (self._folder / f"{number:08}").unlink(missing_ok=True)
            self._kept.discard(number)

    def settle(self) -> None:
        """All that was counted is sealed."""
        with contextlib.suppress(OSError):  # then it is asked for once more
            (self._folder / SEALED).touch()


def frames_in(folder: Path) -> dict[int, bytes]:
    """The frames that a dead process left, by number.

    Raises:
        OSError: one cannot be read.
    """
    return {int(path.name): path.read_bytes() for path in sorted(folder.iterdir()) if path.name.isdecimal()}


def cluster_folder(redis_url: str) -> Path:
    """Where the processes of this machine's user keep what they must not lose, for one cluster.

    The folder is made if need be. Where somebody else has taken its name, a temporary one serves: it is safe, but
    nobody finds it again after a crash of the supervisor.
    """
    cluster = hashlib.sha256(redis_url.encode()).hexdigest()[:16]
    base = (_MEMORY if _MEMORY.is_dir() else Path(tempfile.gettempdir())) / f"loadgen-{os.getuid()}"
    with contextlib.suppress(OSError):
        base.mkdir(mode=_PRIVATE, exist_ok=True)
        known = base.lstat()
        if known.st_uid == os.getuid() and known.st_mode & 0o7777 == _PRIVATE and not base.is_symlink():
            folder = base / cluster
            folder.mkdir(mode=_PRIVATE, exist_ok=True)
            return folder
    return Path(tempfile.mkdtemp(prefix="loadgen-"))


def own_folder(cluster: Path, worker: str) -> Path:
    """Make the folder of one process.

    Args:
        cluster: see :func:`cluster_folder`; another supervisor that ends removes it when it is empty.
        worker: the process's name.
    """
    folder = cluster / worker
    while not folder.is_dir():
        cluster.mkdir(mode=_PRIVATE, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # it was just removed
            folder.mkdir(mode=_PRIVATE)
    return folder
