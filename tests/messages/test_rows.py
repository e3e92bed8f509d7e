"""Rows on the wire: exact there and back, each known once, and MessageError for everything else."""

from __future__ import annotations

import pytest
from drawn import tallies
from hypothesis import given

from loadgen.errors import MessageError
from loadgen.messages.plain import MAX_ROWS, MAX_TEXT, dumps
from loadgen.messages.rows import pack_rows, unpack_rows
from loadgen.stats import Columns
from loadgen.stats.rows import FORMS, Kind


def packed(*rows) -> bytes:
    return dumps([dumps(row) for row in rows])


@given(tallies)
def test_rows_come_back_as_they_were_and_are_read_once(tally):
    (rows,) = Columns.of(tally).rows
    data = pack_rows(rows.rows)

    assert unpack_rows(data).rows == rows.rows
    assert unpack_rows(bytes(bytearray(data))) is unpack_rows(data)


def test_the_same_row_in_another_list_is_the_same_object():
    one, other = (unpack_rows(packed(*rows)) for rows in ([[7, "A"], [7, "B"]], [[7, "B"], [7, "C"]]))

    assert one.rows[1] is other.rows[0]


def test_what_is_long_is_read_all_the_same():
    rows = tuple((Kind.JOURNEY, f"{number:0200}") for number in range(300))
    longest = (Kind.SERIES, *["x" * MAX_TEXT] * 5)

    assert unpack_rows(pack_rows((*rows, longest))).rows == (*rows, longest)


@pytest.mark.parametrize("kind", FORMS)
def test_a_row_of_each_kind_has_its_own_number_of_words(kind):
    word = 3 if kind in {Kind.ARRIVALS, Kind.SHOPPERS} else "x"
    words = FORMS[kind].words

    assert unpack_rows(packed([kind, *[word] * words])).rows == ((kind, *[word] * words),)
    for wrong in {max(0, words - 1), words + 1} - {words}:
        with pytest.raises(MessageError):
            unpack_rows(packed([kind, *[word] * wrong]))


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "rows",
        b"",
        b"\xc1",
        packed([]),
        packed(7),
        packed([7]),
        packed([7, 5]),
        packed([7, b"A"]),
        packed([7, None]),
        packed([7, "x" * (MAX_TEXT + 1)]),
        packed([2, "0"]),
        packed([4, "0"]),
        packed([4, -1]),
        packed([4, 0.0]),
        packed([4, True]),
        packed([9, "A"]),
        packed([-1, "A"]),
        packed(["7", "A"]),
        packed([True, "j", "s", "n", "GET", "ok"]),
        packed([7, "A"], [7, "B"], [7, "A"]),
        dumps([[7, "A"]]),
        dumps([None]),
        dumps({b"\x92\x07\xa1A": 1}),
        dumps([dumps([7, str(number)]) for number in range(MAX_ROWS + 1)]),
    ],
    ids=lambda data: repr(data)[:40],
)
def test_malformed_rows_are_refused_every_time(data):
    for _ in range(2):
        with pytest.raises(MessageError):
            unpack_rows(data)
