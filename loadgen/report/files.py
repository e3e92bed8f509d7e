"""Write a report's files whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from loadgen.errors import UsageError


def write_file(path: Path, text: str) -> None:
    """Write a text file so that no reader ever sees half of it.

    The text goes to a file beside it, which then takes its name. Missing directories are made. What exists and is
    no regular file (``/dev/stdout``, a pipe) is written to directly.

    Args:
        path: where to.
        text: the whole content, written as UTF-8.

    Raises:
        UsageError: the path cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_text(text, encoding="utf-8")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}",
            hint="name a file in a directory that exists and that you may write to",
        ) from error
