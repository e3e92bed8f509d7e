"""The wire form of rows: names are read once, however many frames carry them.

A tally's rows are msgpack in msgpack: a list of byte strings, each of them one row, ``[kind, word, …]``. All frames of
a run carry much the same rows, most of them in the same order. So what was read and found good is remembered by its
bytes, whole and row by row, and a frame costs one look-up for the names of all its numbers. The memory is bounded in
entries and bytes: what is long is read anew each time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from loadgen.errors import MessageError
from loadgen.messages.plain import dumps, listed, loads, natural, text
from loadgen.stats.rows import FORMS, OF_STREAMS, Row, Rows, rows_of

_LISTS_KEPT: Final = 512
_LIST_BYTES: Final = 32 * 1024
"""A list of some 400 rows."""

_ROWS_KEPT: Final = 16 * 1024
_ROW_BYTES: Final = 512


@lru_cache(maxsize=_LISTS_KEPT)
def pack_rows(rows: tuple[Row, ...]) -> bytes:
    """The bytes of some rows."""
    return dumps([_pack_row(row) for row in rows])


def unpack_rows(data: Any) -> Rows:
    """Read rows; the same bytes give the same object, mostly.

    Raises:
        MessageError: they are malformed, or one of them comes twice.
    """
    if type(data) is not bytes:
        raise MessageError("rows are not packed bytes")
    return _known_rows(data) if len(data) <= _LIST_BYTES else Rows(_read_rows(data))


@lru_cache(maxsize=_LISTS_KEPT)
def _known_rows(data: bytes) -> Rows:
    return rows_of(_read_rows(data))


def _read_rows(data: bytes) -> tuple[Row, ...]:
    rows = tuple([_unpack_row(packed) for packed in listed(loads(data))])
    if len(set(rows)) < len(rows):
        raise MessageError("a row comes twice")
    return rows


def _unpack_row(packed: Any) -> Row:
    if type(packed) is not bytes:
        raise MessageError("a row is not packed bytes")
    return _known_row(packed) if len(packed) <= _ROW_BYTES else _read_row(packed)


def _read_row(packed: bytes) -> Row:
    kind, *words = listed(loads(packed)) or [None]
    form = FORMS.get(natural(kind))
    if form is None or len(words) != form.words:
        raise MessageError("a row of no known kind")
    read = natural if kind in OF_STREAMS else text
    return (kind, *(read(word) for word in words))


_known_row = lru_cache(maxsize=_ROWS_KEPT)(_read_row)


@lru_cache(maxsize=_ROWS_KEPT)
def _pack_row(row: Row) -> bytes:
    return dumps(row)
