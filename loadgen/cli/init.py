"""``loadgen init``: a folder to begin with, where the library of journeys is one's own.

The library travels in the wheel as ``loadgen/library``; in a checkout it is ``journeys``. What lies beside it in a new
folder, a first plan and a README, is in ``loadgen/cli/first``.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from loadgen.errors import UsageError

FIRST: Final = Path(__file__).parent / "first"
"""What lies beside the journeys."""

_PACKAGE: Final = Path(__file__).parents[1]

_MANUAL_LINK: Final = re.compile(r"\[([^]]+)\]\(\.\./docs/[^)]*\)")
"""A link to the manual, which does not lie beside a copy of the library."""


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write into a folder that has files; those of the same name are lost.")
def init(folder: Path, force: bool) -> None:
    """Begin: copy journeys, dialects and plans into an empty folder DIR, with a first plan.

    \b
    Examples:
      loadgen init rehearsals
      loadgen init rehearsals --force
    """  # noqa: D301 - \b keeps click from wrapping the examples
    if not force and folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", hint="name a new folder, or overwrite with --force")
    try:
        written = _copy(folder)
    except OSError as error:
        raise UsageError(f"cannot write to {error.filename}: {error.strerror}", hint="name another folder") from error
    click.echo(f"{written} files in {folder}: journeys to copy from, and plan.yaml to begin with\n")
    for line in next_commands(folder):
        click.echo(f"  {line}")


def next_commands(folder: Path) -> Iterator[str]:
    """What to try next, in a shop of one's own: the same lines are in the folder's README."""
    if Path(os.path.abspath(folder)) != Path.cwd():  # noqa: PTH100 - symbolic links are left as the user gave them
        yield f"cd {shlex.quote(str(folder))}"
    yield "loadgen demo-shop &"
    yield "loadgen journey try journeys/buy.py --plan plan.yaml"
    yield "loadgen run plan.yaml --html report.html"


def library() -> Path:
    """Where the library lies: in the installed package, or beside it in a checkout."""
    installed = _PACKAGE / "library"
    return installed if installed.is_dir() else _PACKAGE.parent / "journeys"


def _copy(folder: Path) -> int:
    """Copy library and beginnings; returns how many files."""
    source = library()
    files = [path for path in source.rglob("*") if path.suffix in {".py", ".yaml", ".md"}]
    for path in files:
        _write(folder / "journeys" / path.relative_to(source), _MANUAL_LINK.sub(r"\1", path.read_text("utf-8")))
    beginnings = list(FIRST.iterdir())
    for path in beginnings:
        _write(folder / path.name, path.read_text("utf-8"))
    return len(files) + len(beginnings)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
