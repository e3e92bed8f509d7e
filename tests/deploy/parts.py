"""What deploy/ says, read as those who run it read it, and held against the commands of loadgen."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from unittest.mock import patch

import click
import pytest

import loadgen
from loadgen.cli import cli
from loadgen.worker.settings import KEY_VARIABLE

ROOT = Path(loadgen.__file__).parents[1]
DEPLOY = ROOT / "deploy"
REDIS = {"LOADGEN_REDIS": "redis://redis:6379"}


def accepted(args: Sequence[str], env: Mapping[str, str] = REDIS) -> click.Context:
    """What a command of loadgen understands of its arguments; nothing is run.

    Raises:
        UsageError: there is no such command, or an option is unknown or means nothing.
    """
    context = click.Context(cli, info_name="loadgen")
    name, command, rest = cli.resolve_command(context, list(args))
    with patch.dict(os.environ, env):
        return command.make_context(name, rest, parent=context)


def variables() -> set[str]:
    """Every variable of the environment that loadgen reads of a person."""
    names = {KEY_VARIABLE, "LOADGEN_COMPILE"}
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        names |= {option.envvar for option in command.params if isinstance(option.envvar, str)}
    return names


def named_variables(text: str) -> set[str]:
    """The variables of loadgen that a file names."""
    return set(re.findall(r"\bLOADGEN_[A-Z_]+", text))


def files() -> Iterator[Path]:
    """Every file that is written by hand in the parts that are checked here."""
    for part in ("Dockerfile", "compose", "kubernetes", "systemd"):
        place = DEPLOY / part
        yield from (place,) if place.is_file() else (path for path in place.rglob("*") if path.is_file())


def program(name: str, package: str) -> str:
    """Where a program is: beside this Python, or anywhere; without it the test skips, or fails in CI."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found:
        return found
    lacking = f"needs {name}: {package}"
    if os.environ.get("CI"):
        pytest.fail(lacking)
    pytest.skip(lacking)


def said(*command: str) -> str:
    """What a program says on standard output; it must end well."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout
