"""The names that a plan gives: labels, class names, and files beside it.

Labels end up in metrics, file names and Redis keys, hence their few characters. Files are named relative to
the plan, so that a plan and its journeys can be moved and shared together.
"""

from __future__ import annotations

import keyword
import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.config import JsonDict

from loadgen.plan.secrets import check_references, has_references

MAX_NAME_CHARS = 80
"""Long enough for a sentence with dashes, short enough for a table's column."""

MAX_PATH_CHARS = 1024
"""No file system in use takes paths much longer than a few times this."""

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LABEL_SCHEMA: JsonDict = {"pattern": f"^{_LABEL.pattern}$"}


def _check_label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise ValueError(
            f"expected a label of letters, digits, dots, dashes and underscores such as winter-sales; got '{text}'"
        )
    return text


def _check_word(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected printable text")
    return text


def check_prose(text: str) -> str:
    """Text of several lines, without characters that would steer a terminal.

    Raises:
        ValueError: it has such characters.
    """
    if not text.replace("\n", "").replace("\t", "").isprintable():
        raise ValueError("expected text without control characters")
    return text


def _check_class_name(text: str) -> str:
    if not text.isidentifier() or keyword.iskeyword(text):
        raise ValueError(f"expected the name of a class such as GuestBuyer; got '{text}'")
    return text


def _check_path(text: str) -> str:
    if text.startswith(("/", "~")) or "\\" in text or not text.isprintable():
        raise ValueError(f"expected a path relative to the plan, with forward slashes; got '{text}'")
    return text


def _check_journey_path(text: str) -> str:
    if not text.endswith(".py"):
        raise ValueError(f"expected a Python file such as ../browse.py; got '{text}'")
    return _check_path(text)


def _check_dialect_path(text: str) -> str:
    file, name = dialect_parts(text)
    if not file.endswith(".py"):
        raise ValueError(f"expected a Python file such as ../dialects/demo.py, or file.py:ClassName; got '{text}'")
    if name is not None:
        _check_class_name(name)
    _check_path(file)
    return text


def dialect_parts(text: str) -> tuple[str, str | None]:
    """File and class of a dialect as it is written: ``file.py`` or ``file.py:ClassName``."""
    file, colon, name = text.rpartition(".py:")
    return (f"{file}.py", name) if colon else (text, None)


def _check_data_path(text: str) -> str:
    return text if has_references(check_references(text)) else _check_path(text)


Label = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NAME_CHARS, json_schema_extra=_LABEL_SCHEMA),
    AfterValidator(_check_label),
]
Word = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS), AfterValidator(_check_word)]
LabelOrNone = Annotated[
    str, Field(max_length=MAX_NAME_CHARS), AfterValidator(lambda text: _check_label(text) if text else text)
]
ClassName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS), AfterValidator(_check_class_name)]
JourneyPath = Annotated[str, Field(min_length=1, max_length=MAX_PATH_CHARS), AfterValidator(_check_journey_path)]
DialectPath = Annotated[str, Field(min_length=1, max_length=MAX_PATH_CHARS), AfterValidator(_check_dialect_path)]
DataPath = Annotated[str, Field(min_length=1, max_length=MAX_PATH_CHARS), AfterValidator(_check_data_path)]
