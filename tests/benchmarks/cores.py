"""Which core a child runs on: the generator has one to itself, all else shares another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def two_cores() -> tuple[int, int] | None:
    """Two cores that this process may use; None where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else None


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Children that are started in this block, and all of theirs, stay on one core (as ``taskset`` would have it)."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
