"""A journal outlives its process: whatever was written is read, once, whenever the process was killed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.journal import Journal, JournalError, Kind, Remains, remains
from loadgen.journal.layout import EVENTS_AT, FILE_BYTES, MAX_KEYS, NAMES_AT
from loadgen.journal.writing import Journal as Writer
from loadgen.stats import OTHER, SeriesKey

WRITER = """
import sys
from pathlib import Path
from loadgen.journal import Journal, Kind
journal = Journal.create(Path(sys.argv[1]), "r1", "w1")
prefix = journal.prefix(Kind.REQUEST, "Browser", "home", "/", "GET", "")
for number in range(1, 10**9):
    journal.takes_off(1)
    journal.append(prefix + number, 2 << 32)
    journal.lands(0)
    if number % 1000 == 0:
        print(number, flush=True)
"""


def left(path: Path) -> Remains:
    found = remains(path)
    assert found is not None, "the process still lives"
    return found


def written(path: Path) -> Journal:
    return Journal.create(path, "r1", "w1")


def count(journal: Journal, times: int = 1, name: str = "/") -> None:
    for _ in range(times):
        journal.append(journal.prefix(Kind.REQUEST, "Browser", "home", name, "GET", "") + 5_000, 10 << 32)


def test_a_process_killed_in_mid_sentence_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = 0
    wanted = random.Random().randint(2, 30)
    for _ in range(wanted):
        told = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    child.stdout.close()
    child.wait(timeout=30)
    [frame] = left(path).untold
    assert frame.tally.requests >= told
    assert frame.tally.sent - frame.tally.requests in {0, 1}
    assert frame.broken == 0
    service = frame.tally.service()
    assert service.sum_us == frame.tally.requests * (frame.tally.requests + 1) // 2, "each number once"


def test_a_living_process_is_left_alone(tmp_path: Path) -> None:
    journal = written(tmp_path / "journal")
    assert remains(tmp_path / "journal") is None
    journal.close()
    assert remains(tmp_path / "journal") is not None


def test_a_journal_takes_the_place_of_no_other_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    journal = written(tmp_path / "journal")
    count(journal, 3)
    with pytest.raises(FileExistsError):
        written(tmp_path / "journal")
    assert [path.name for path in tmp_path.iterdir()] == ["journal"]
    journal.close()
    assert left(tmp_path / "journal").untold[0].tally.requests == 3


def test_what_was_settled_is_not_told_again(tmp_path: Path) -> None:
    journal = written(tmp_path / "journal")
    count(journal, 3)
    journal.turn(1)
    count(journal, 2)
    journal.settle()
    journal.close()
    assert [(frame.sequence, frame.second, frame.tally.requests) for frame in left(tmp_path / "journal").untold] == [
        (2, 1, 2)
    ]


def test_a_half_turned_over_but_not_settled_is_told_before_the_next(tmp_path: Path) -> None:
    journal = written(tmp_path / "journal")
    for in_flight in (1, 2, 3):
        journal.takes_off(in_flight)
    count(journal, 3)
    journal.turn(7)
    journal.works_by(4)
    journal.takes_off(1)
    count(journal, 2)
    journal.close()
    found = left(tmp_path / "journal")
    frames = [(f.sequence, f.second, f.tally.requests, f.tally.sent, f.tally.in_flight) for f in found.untold]
    assert frames == [(1, 0, 3, 3, 0), (2, 7, 2, 1, 1)]
    assert (found.run, found.worker, found.epoch) == ("r1", "w1", 4)


def test_halves_are_used_again_and_again(tmp_path: Path) -> None:
    journal = written(tmp_path / "journal")
    for second in range(1, 6):
        count(journal, second)
        assert len(journal.turn(second)) == second
        journal.settle()
    journal.close()
    [frame] = left(tmp_path / "journal").untold
    assert (frame.sequence, frame.tally.requests) == (6, 0)


def test_keys_beyond_the_limit_are_folded_but_counted(tmp_path: Path) -> None:
    journal = written(tmp_path / "journal")
    for number in range(MAX_KEYS + 5):
        count(journal, name=f"/{number}")
    journal.close()
    [frame] = left(tmp_path / "journal").untold
    assert frame.tally.requests == MAX_KEYS + 5
    assert len(frame.tally.series) <= MAX_KEYS
    assert frame.tally.series[SeriesKey("Browser", OTHER, OTHER, OTHER, "ok")].service.count >= 5


def test_a_full_half_can_be_emptied_in_mid_second(tmp_path: Path) -> None:
    journal = written(tmp_path / "journal")
    count(journal, 3)
    assert not journal.is_full
    assert len(journal.empty()) == 3
    count(journal, 2)
    journal.close()
    [frame] = left(tmp_path / "journal").untold
    assert (frame.sequence, frame.tally.requests) == (1, 2)


@pytest.mark.parametrize("content", [b"", b"short", bytes(FILE_BYTES)])
def test_what_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journal").write_bytes(content)
    with pytest.raises(JournalError):
        remains(tmp_path / "journal")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 2**64 - 1)), max_size=20), st.binary(max_size=40))
def test_scribbled_words_are_left_out_and_never_fatal(
    tmp_path_factory: pytest.TempPathFactory, scribbles: list[tuple[int, int]], names: bytes
) -> None:
    path = tmp_path_factory.mktemp("scribbled") / "journal"
    journal: Writer = written(path)
    count(journal, 50)
    journal.close()
    with path.open("r+b") as file:
        for place, value in scribbles:
            file.seek(place * 8 if place < 300 else EVENTS_AT + (place - 300) * 8)
            file.write(value.to_bytes(8, sys.byteorder))
        if names:
            file.seek(NAMES_AT + 15)
            file.write(names)
    try:
        found = remains(path)
    except JournalError:
        found = None
    finally:
        path.unlink()
    assert found is None or all(frame.tally.requests >= 0 for frame in found.untold)
