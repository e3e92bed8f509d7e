"""Rows of files come back as they were written, by number."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.data import FileRows
from loadgen.data.cache import RowCache
from loadgen.data.scanning import BadRow
from loadgen.plan.data import DataFormat


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Open a text as rows."""
    folder = tmp_path_factory.mktemp("rows")
    cache, path = RowCache(folder), folder / "data"

    def open_text(text: str | bytes, form: str = "csv") -> FileRows:
        content = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        return FileRows(path, DataFormat(form), cache, name=f"data.{form}", digest=digest)

    return open_text


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ['"', ",", "\r\n", "\n", "\r", ' "a" ', "a\nb", "\ufeff", "\x85", "\u2028", "\0", "é"]
)
ENDS = st.sampled_from(["\r\n", "\n"])


@st.composite
def tables(draw):
    columns = draw(st.lists(TEXT.filter(bool), min_size=1, max_size=4, unique=True))
    rows = draw(st.lists(st.lists(TEXT, min_size=len(columns), max_size=len(columns)), min_size=1, max_size=8))
    return columns, rows


@settings(max_examples=300, deadline=None)
@given(tables(), ENDS, st.booleans(), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_whatever_csv_writes_is_read_back_by_number(shelf, table, end, bom, quoting):
    columns, rows = table
    if end == "\n" and quoting == csv.QUOTE_MINIMAL:  # the writer of Python 3.11 does not quote a lone \r then
        columns = [f"{place}{column}".replace("\r", "") for place, column in enumerate(columns)]
        rows = [[value.replace("\r", "") for value in row] for row in rows]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=quoting).writerows([columns, *rows])

    bom |= text.getvalue().startswith("\ufeff")  # or the first column's name would be taken for one
    found = shelf(("\ufeff" if bom else "") + text.getvalue())

    assert found.columns == tuple(columns)
    assert [found[number] for number in range(len(found))] == [dict(zip(columns, row, strict=True)) for row in rows]
    assert found[-1] == found[len(rows) - 1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.recursive(st.none() | st.integers() | TEXT, lambda x: st.lists(x) | st.dictionaries(TEXT, x))), ENDS)
def test_whatever_json_lines_hold_is_read_back_by_number(shelf, values, end):
    if values:
        lines = end.join(json.dumps(value, ensure_ascii=False) for value in values)

        assert shelf(lines, "jsonl")[:] == values


def test_empty_lines_are_no_rows(shelf):
    assert shelf("a,b\n\n1,2\r\n\r\n\n3,4\n\n")[:] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert shelf("\n\na\n1\n")[:] == [{"a": "1"}]
    assert shelf('\n{"a": 1}\n \n2', "jsonl")[:] == [{"a": 1}, 2]


def test_a_row_that_is_not_there_is_told_as_by_any_sequence(shelf):
    rows = shelf("a\n1\n2\n")

    assert [row["a"] for row in rows] == ["1", "2"]
    for number in (2, -3):
        with pytest.raises(IndexError, match="only 2"):
            rows[number]


@pytest.mark.parametrize(
    ("form", "text", "says"),
    [
        ("csv", "a,b\n1,2\n3\n", r"data.csv:3: the row has 1 values, the header 2"),
        ("csv", 'a,b\n"1\n2",3\n4,5,6\n', r"data.csv:4: the row has 3 values"),
        ("csv", 'a,b\n1,2\n"3,4\n5,6\n', r"data.csv:3: a quoted value that begins in this row does not end"),
        ("csv", 'a\n"1"x\n', r"data.csv:2: .*expected after"),
        ("csv", b"a\n1\n\xff\n", r"data.csv:3: byte 0xff is not UTF-8"),
        ("csv", "a,a\n1,2\n", r"data.csv:1: the column 'a' is there twice"),
        ("csv", "a,\n1,2\n", r"data.csv:1: column 2 has no name"),
        ("csv", "a\n" + "x" * 200_000, r"data.csv:2: field larger than field limit"),
        ("csv", "", r"data.csv: it is empty"),
        ("csv", "a,b\n", r"data.csv: it has no rows"),
        ("jsonl", '{"a": 1}\n{', r"data.jsonl:2: the line is not JSON: Expecting"),
        ("jsonl", "[" * 100_000, r"data.jsonl:1: the line is not JSON"),
        ("jsonl", "\n", r"data.jsonl: it has no rows"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(shelf, form, text, says):
    with pytest.raises(BadRow, match=says):
        shelf(text, form)


def test_an_index_is_made_once_for_each_content(tmp_path):
    path, cache = tmp_path / "a.csv", RowCache(tmp_path)
    path.write_text("a\n1\n2\n")
    FileRows(path, DataFormat.CSV, cache, digest="d")
    (index,) = tmp_path.glob("d.*")
    made = index.stat().st_ino

    assert FileRows(path, DataFormat.CSV, cache, digest="d")[1] == {"a": "2"}
    assert index.stat().st_ino == made
    index.write_bytes(b"half")
    assert FileRows(path, DataFormat.CSV, cache, digest="d")[1] == {"a": "2"}


def test_what_nobody_used_for_a_week_goes_when_something_new_comes(tmp_path):
    import os

    cache = RowCache(tmp_path)
    old, used, fresh = (cache.place(key, "index") for key in ("old", "used", "fresh"))
    for path in (old, used, fresh):
        path.touch()
    for path in (old, used):
        os.utime(path, (0, 0))
    cache.place("used", "index")
    cache.place("new", "index")

    assert not old.exists()
    assert used.exists()
    assert fresh.exists()


MILLION = 1_000_000


def test_a_million_rows_take_no_more_memory_than_a_few(tmp_path):
    path = tmp_path / "million.csv"
    with path.open("w") as file:
        file.write("id,email,password\n")
        file.writelines(f"{number},shopper-{number}@example.com,secret-{number}\n" for number in range(MILLION))
    code = """
import random, sys
from pathlib import Path
from loadgen.data import FileRows
from loadgen.data.cache import RowCache
from loadgen.plan.data import DataFormat

def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

path = Path(sys.argv[1])
FileRows(path, DataFormat.CSV, RowCache(path.parent))  # the index is made here
before = resident_bytes()
rows = FileRows(path, DataFormat.CSV, RowCache(path.parent))
assert len(rows) == 1_000_000
for _ in range(100_000):
    number = random.randrange(len(rows))
    assert rows[number]["id"] == str(number)
print(resident_bytes() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, timeout=120
    )

    assert int(done.stdout) < 2 * 1024 * 1024
