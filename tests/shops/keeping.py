"""Things that take long to make and are the same every time, kept in this machine's cache until their recipe changes.

Each is made under a name of its own and renamed when it is whole, so whoever is killed halfway leaves nothing that
looks finished; and behind a lock, so that of two processes that want the same one makes it and the other waits.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path


def kept(name: str, recipe: Iterable[Path | str], make: Callable[[Path], None]) -> Path:
    """A folder with what ``make`` has put into it, today or long ago.

    Args:
        name: for people who look into the cache.
        recipe: all that decides what is made: files by their content, and words. The Python version always counts.
        make: fills the folder that it is given; what it makes must bear being renamed.

    Raises:
        Exception: what ``make`` raises; nothing is kept then.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loadgen-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"{name}-{_digest(recipe)}"
    with (cache / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = cache / f"{folder.name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(folder)
    return folder


def _digest(recipe: Iterable[Path | str]) -> str:
    read = hashlib.sha256(sys.version.encode())
    for part in recipe:
        read.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        read.update(b"\0")
    return read.hexdigest()[:12]
