"""Tell an author what is wrong with a journey, in the author's own lines.

A traceback is cut down to the frames below the journeys' directory: what happens in Locust, gevent or loadgen is no
help to who wrote the journey.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from loadgen.errors import JourneyError

_LIBRARY = {"site-packages", "dist-packages", "loadgen"}
"""Directories whose frames are not the author's."""


def broken_import(error: BaseException, root: Path, file: str) -> JourneyError:
    """The error of a journey file that does not import.

    Args:
        error: what the import raised.
        root: the journeys' directory; only frames below it are shown.
        file: the file's name, as the plan gives it.
    """
    if isinstance(error, JourneyError):  # one of ours, with the place in it
        return JourneyError(f"{file} does not import\n  {error.message}", hint=error.hint)
    hint = "try it with: python -m py_compile FILE" if isinstance(error, SyntaxError) else ""
    if isinstance(error, ModuleNotFoundError):
        hint = f"pip install {(error.name or '').partition('.')[0]} on every worker, or put it beside the journey"
    elif isinstance(error, SystemExit):
        hint = "a journey file is imported, so it must not end the process"
    return JourneyError(f"{file} does not import\n{short_traceback(error, root)}", hint=hint)


def short_traceback(error: BaseException, root: Path) -> str:
    """An exception as its author should see it: the frames below ``root``, then the exception's own line.

    A syntax error has no frame of its own; its file, line and caret come with the exception.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _inside(frame.filename, root)]
    lines = [
        f"  {Path(frame.filename).resolve().relative_to(root)}:{frame.lineno} in {frame.name}\n    {frame.line}"
        for frame in frames
    ]
    if isinstance(error, SyntaxError) and error.filename:
        where = Path(error.filename)
        shown = where.resolve().relative_to(root) if _inside(error.filename, root) else where
        lines.append(f"  {shown}:{error.lineno}")
        if error.text:
            caret = "" if error.offset is None else "\n    " + " " * (error.offset - 1 - _indent(error.text)) + "^"
            lines.append(f"    {error.text.strip()}{caret}")
    lines.append("  " + "".join(_last_line(error)))
    return "\n".join(lines)


def place_of(error: BaseException) -> str:
    """Where an author's code raised: ``buy.py:31 in pay``, the innermost frame that is not a library's."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _LIBRARY & set(Path(frame.filename).parts[:-1])]
    last = (own or frames)[-1] if frames else None
    return f"{Path(last.filename).name}:{last.lineno} in {last.name}" if last else "nowhere"


def _last_line(error: BaseException) -> str:
    text = str(error) if not isinstance(error, SyntaxError) else error.msg
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _inside(filename: str, root: Path) -> bool:
    return not filename.startswith("<") and Path(filename).resolve().is_relative_to(root)
