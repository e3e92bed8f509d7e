"""Where the rows of a file begin: one pass over it that also finds everything that is wrong.

=======  =======================================================================================================
format   a row is
=======  =======================================================================================================
CSV      what Python's ``csv`` takes for a record, so a quoted value may span lines; the first one names the columns
JSONL    a line with a JSON value
=======  =======================================================================================================

Text is UTF-8, with or without a byte order mark. Empty lines are no rows. Offsets are bytes from the file's beginning.
"""

from __future__ import annotations

import codecs
import csv
import json
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from loadgen.errors import JourneyError
from loadgen.plan.data import DataFormat

BREATHE_ROWS: Final = 5000
"""So many rows are scanned in a few milliseconds: as long as anyone else should wait."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What a pass over a file found.

    Attributes:
        columns: names of the columns; empty for JSON lines.
        offsets: where each row begins, and where the last one ends.
    """

    columns: tuple[str, ...] = ()
    offsets: array[int] = field(default_factory=lambda: array("Q"))


class BadRow(JourneyError):  # noqa: N818 - it reads as what it is
    """A file cannot be read as rows.

    Args:
        file: its name, for people.
        line: where, from 1; 0 where it is about the whole file.
        what: what is wrong.
    """

    def __init__(self, file: str, line: int, what: str) -> None:
        super().__init__(f"{file}:{line}: {what}" if line else f"{file}: {what}")


def scan(file: BinaryIO, name: str, form: DataFormat, breathe: Callable[[], None]) -> Scan:
    """Find the rows of a file.

    Args:
        file: at its beginning.
        name: how to name it in errors.
        form: how it is written.
        breathe: called every few milliseconds, for those who have other things to do.

    Raises:
        BadRow: it is not what it should be, or has no rows.
        OSError: it cannot be read.
    """
    lines = _Lines(file, name)
    found = _scan_csv(lines, breathe) if form is DataFormat.CSV else _scan_json(lines, breathe)
    if not found.offsets:
        raise BadRow(name, 0, "it has no rows")
    found.offsets.append(lines.offset)
    return found


class _Lines:
    """The lines of a file as text, and how far they were read."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self.offset = len(codecs.BOM_UTF8) if file.read(3) == codecs.BOM_UTF8 else 0
        self.number = 0
        file.seek(self.offset)
        self._file = file

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._file)
        self.number += 1
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            byte = line[error.start]
            raise BadRow(self.name, self.number, f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8") from None
        self.offset += len(line)
        return text


def _scan_csv(lines: _Lines, breathe: Callable[[], None]) -> Scan:
    reader = csv.reader(lines, strict=True)
    columns = _columns(lines, reader)
    offsets: array[int] = array("Q")
    while True:
        begins, line = lines.offset, lines.number + 1
        row = _record(lines, reader, line)
        if row is None:
            return Scan(columns, offsets)
        if not row:
            continue
        if len(row) != len(columns):
            raise BadRow(lines.name, line, f"the row has {len(row)} values, the header {len(columns)}")
        offsets.append(begins)
        if len(offsets) % BREATHE_ROWS == 0:
            breathe()


def _columns(lines: _Lines, reader: Iterator[list[str]]) -> tuple[str, ...]:
    columns: list[str] | None = []
    while columns == []:
        columns = _record(lines, reader, lines.number + 1)
    if columns is None:
        raise BadRow(lines.name, 0, "it is empty; the first line should name the columns")
    for place, column in enumerate(columns):
        if not column:
            raise BadRow(lines.name, lines.number, f"column {place + 1} has no name")
        if column in columns[:place]:
            raise BadRow(lines.name, lines.number, f"the column {column!r} is there twice")
    return tuple(columns)


def _record(lines: _Lines, reader: Iterator[list[str]], line: int) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        text = str(error)
        if text == "unexpected end of data":
            text = "a quoted value that begins in this row does not end"
        raise BadRow(lines.name, line, text) from error


def _scan_json(lines: _Lines, breathe: Callable[[], None]) -> Scan:
    offsets: array[int] = array("Q")
    begins = lines.offset
    for text in lines:
        if text.strip():
            try:
                json.loads(text)
            except (ValueError, RecursionError) as error:
                what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                raise BadRow(lines.name, lines.number, f"the line is not JSON: {what}") from error
            offsets.append(begins)
            if len(offsets) % BREATHE_ROWS == 0:
                breathe()
        begins = lines.offset
    return Scan((), offsets)
