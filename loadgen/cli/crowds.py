"""The processes of simulated workers, as ``loadgen simulate`` hears of them: their sums come line by line."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from functools import reduce
from typing import Final

from loadgen.worker.simulated.sums import Sums

LOOK_S: Final = 0.02
"""How often to look whether they have ended."""


class Crowds:
    """What the processes have told.

    Whoever waits for something must go on reading: a process whose pipe is full stands still.

    Args:
        children: the processes, each with a pipe for its standard output.
    """

    def __init__(self, children: Sequence[subprocess.Popen[bytes]]) -> None:
        self._children = children
        self._pipes = [child.stdout.fileno() for child in children if child.stdout is not None]
        self._told = {pipe: Sums() for pipe in self._pipes}
        self._rest = dict.fromkeys(self._pipes, b"")
        for pipe in self._pipes:
            os.set_blocking(pipe, False)

    def await_end(self, patience_s: float) -> None:
        """Wait until all of them have ended, but no longer than this many seconds; what they tell is read meanwhile."""
        deadline_s = time.monotonic() + patience_s
        while any(child.poll() is None for child in self._children) and time.monotonic() < deadline_s:
            self.sums()
            time.sleep(LOOK_S)

    def sums(self) -> Sums:
        """What all of them have done, as last told."""
        for pipe in self._pipes:
            self._read(pipe)
        return reduce(Sums.and_of, self._told.values())

    def _read(self, pipe: int) -> None:
        while True:
            try:
                data = os.read(pipe, 1 << 20)
            except BlockingIOError:
                break
            if not data:
                break
            *lines, self._rest[pipe] = (self._rest[pipe] + data).split(b"\n")
            if lines:
                self._told[pipe] = Sums.of_line(lines[-1].decode())

    def close(self) -> None:
        """Hear no more."""
        for child in self._children:
            if child.stdout is not None:
                child.stdout.close()
