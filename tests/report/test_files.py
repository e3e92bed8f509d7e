import os
from pathlib import Path

import pytest

from loadgen.errors import UsageError
from loadgen.report import write_file


def test_a_file_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    write_file(path, "été")
    assert path.read_text(encoding="utf-8") == "été"
    assert list(path.parent.iterdir()) == [path]


def test_an_older_report_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old and much longer")
    write_file(path, "new")
    assert path.read_text() == "new"


def test_a_path_that_cannot_be_written_is_named_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written") as caught:
        write_file(tmp_path / "file" / "report.html", "x")
    assert caught.value.hint


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_file(tmp_path, "x")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_older_report_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_file(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(path, "through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert path.is_fifo()
