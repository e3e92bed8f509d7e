"""Calling loadgen as a person does: in a folder of one's own, with an eye on what is left behind.

While these tests run, pytest adopts orphans (see conftest.py), so a process that outlives the command that started it
is still found among pytest's descendants, sessions of its own or not.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
from cluster.harness import wait_until


class Call:
    """One call of a command. What it says goes to files, so it can be read while it runs."""

    def __init__(self, command: Sequence[str], folder: Path, logs: Path, env: dict[str, str]) -> None:
        self.shown = " ".join(command)
        self._before = set(_descendants())
        self._temporary, self._out, self._err = logs / "tmp", logs / "out", logs / "err"
        self._temporary.mkdir(parents=True)
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**_environment(), **env, "TMPDIR": str(self._temporary)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def wait_for(self, condition, what: str, seconds: float = 40) -> None:
        """Wait for a condition while the command runs."""

        def reached() -> bool:
            assert self.process.poll() is None, f"{self.shown}\nended before: {what}\n{self.out}{self.err}"
            return bool(condition())

        wait_until(reached, f"{self.shown}: {what}", seconds)

    def end(self, seconds: float = 60) -> int:
        """Wait for its end, and make sure that nothing is left: no process, no temporary file."""
        code = self.process.wait(seconds)
        wait_until(lambda: not self.running(), f"{self.shown}\nleft nothing running", 5)
        assert list(self._temporary.iterdir()) == [], self.shown
        return code

    def running(self) -> list[psutil.Process]:
        """The processes that it has started and that have not ended; those that have are put to rest."""
        running = []
        for process in set(_descendants()) - self._before:
            with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
                if process.status() != psutil.STATUS_ZOMBIE:
                    running.append(process)
                elif process.ppid() == os.getpid() and process.pid != self.process.pid:
                    os.waitpid(process.pid, os.WNOHANG)
        return running

    def kill(self) -> None:
        """Put an end to all of it, by pid."""
        for process in [self.process, *self.running()]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        wait_until(lambda: not self.running(), f"{self.shown}\nis gone", 5)


class Shell:
    """A person's shell.

    Attributes:
        folder: where commands are called.
    """

    def __init__(self, folder: Path, logs: Path) -> None:
        self.folder = folder
        self._logs = logs
        self.calls: list[Call] = []

    def start(self, line: str | Sequence[str], **env: str) -> Call:
        """Call a command line, or a list of words as they are."""
        command = ["sh", "-c", f"exec {line}"] if isinstance(line, str) else list(line)
        call = Call(command, self.folder, self._logs / str(len(self.calls)), env)
        self.calls.append(call)
        return call

    def run(self, line: str | Sequence[str], seconds: float = 60, **env: str) -> tuple[int, str, str]:
        """Call a command and wait for its end.

        Returns:
            Its exit code and what it said on the standard output and the standard error.
        """
        call = self.start(line, **env)
        code = call.end(seconds)
        return code, call.out, call.err

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def files(self) -> set[str]:
        """What is in the folder, caches of Python aside."""
        return {
            str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if "__pycache__" not in path.parts
        }


def _descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _environment() -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOADGEN_")}
    return {**env, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}", "COLUMNS": "100"}
