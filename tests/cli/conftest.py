"""A shell for each test, and a pytest that adopts whatever processes are left behind."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.shell import Shell

PR_SET_CHILD_SUBREAPER = 36
"""``prctl(2)``: orphans below this process become its own children instead of init's."""


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in an empty folder."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    folder = tmp_path / "here"
    folder.mkdir()
    shell = Shell(folder, tmp_path / "calls")
    yield shell
    for call in shell.calls:
        call.kill()
    libc.prctl(PR_SET_CHILD_SUBREAPER, 0)
