"""Child processes that never outlive their parent.

Every process that loadgen starts (embedded server, coordinator, worker processes, demo shop) is started here: in a
session of its own, so that Ctrl-C in a terminal reaches only the parent, which then stops its children in order; and
with the kernel's parent-death signal, so that even ``kill -9`` of the parent leaves nothing running.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Final

_PR_SET_PDEATHSIG: Final = 1
"""``prctl(2)``: the signal a process gets when its parent dies (Linux)."""


def _dies_with_parent(parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return arrange


def start_child(
    args: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that ends when this process does. Call it from the main thread.

    Args:
        args: the program and its arguments.
        env: variables on top of this process's own.
        stdin: as for ``subprocess``; by default there is nothing to read.
        stdout: as for ``subprocess``.
        stderr: as for ``subprocess``.

    Raises:
        OSError: the program cannot be started.
    """
    on_linux = sys.platform.startswith("linux")
    return subprocess.Popen(
        list(args),
        env={**os.environ, **(env or {})},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=_dies_with_parent(os.getpid()) if on_linux else None,  # noqa: PLW1509 -- no threads run here
    )


def loadgen_command(*args: str) -> list[str]:
    """The command line that runs this same loadgen with other arguments."""
    return module_command("loadgen", *args)


def module_command(module: str, *args: str) -> list[str]:
    """The command line that runs a module as this process would find it, whatever lies in the present folder."""
    return [sys.executable, "-P", "-m", module, *args]


def stop_child(child: subprocess.Popen[bytes], patience_s: float = 5.0) -> int:
    """Ask a child to end, and end it.

    Args:
        child: the process.
        patience_s: how long it may take after SIGTERM before SIGKILL.

    Returns:
        Its exit code.
    """
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()
