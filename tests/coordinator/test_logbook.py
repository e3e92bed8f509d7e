"""The record of a run as its leader keeps it."""

from __future__ import annotations

import pytest

from loadgen.bus import Refused
from loadgen.coordinator.logbook import Logbook
from loadgen.messages import RunRecord, RunState
from loadgen.verdict import ValidityResult


@pytest.fixture
def book() -> Logbook:
    book = Logbook(RunRecord(run="r-1", name="demo", submitted_at=1000.0))
    book.unwritten = False
    return book


def refused(*numbers: int) -> list[Refused]:
    return [Refused(b"", "rubbish", f"5-{number}") for number in numbers]


def texts(book):
    return [(event.at_s, event.kind, event.text) for event in book.record.events]


def test_every_change_is_remembered_until_it_is_written(book):
    for change in (
        lambda: book.enter(RunState.WAITING, "for workers"),
        lambda: book.note(1000, "waiting", "for workers"),
        lambda: book.note_once(1000, "worker_lost", "w is lost"),
        lambda: book.refused(1000, refused(1)),
        lambda: book.fall_silent("w", 1, 2),
    ):
        change()
        assert book.unwritten
        book.unwritten = False


def test_a_new_record_is_yet_to_be_written():
    assert Logbook(RunRecord(run="r-1", name="demo", submitted_at=1000.0)).unwritten


def test_events_are_timed_from_the_start_of_the_run(book):
    book.note(1000, "waiting", "a")
    book.record.started_at = 1010.0
    book.note(1009.5, "prepared", "b")
    book.note(1012.25, "epoch", "c")

    assert texts(book) == [(0.0, "waiting", "a"), (-0.5, "prepared", "b"), (2.25, "epoch", "c")]


def test_what_a_new_leader_comes_upon_again_is_noted_once(book):
    for _ in range(2):
        book.note_once(1000, "worker_lost", "w is lost")
    book.note_once(1000, "worker_left", "w is lost")

    assert [kind for _, kind, _ in texts(book)] == ["worker_lost", "worker_left"]


def test_a_flood_of_bad_frames_does_not_flood_the_record(book):
    for number in range(1, 2501):
        book.refused(1000, refused(number))

    assert book.record.quarantined == 2500
    assert [text for _, _, text in texts(book)] == [
        f"{count} frames refused so far: rubbish" for count in (1, 10, 100, 1000)
    ]


def test_a_refused_frame_that_a_new_leader_reads_again_is_counted_once(book):
    assert book.refused(1000, refused(1, 2, 10)) == refused(1, 2, 10)
    book.unwritten = False
    assert book.refused(1001, refused(1, 2, 10)) == []
    assert not book.unwritten
    assert book.refused(1002, refused(2, 10, 11)) == refused(11)
    assert book.record.quarantined == 4
    assert book.refused(1003, [Refused(b"", "rubbish", "40-0")]) != []
    assert (
        book.refused(1004, [Refused(b"", "rubbish", "30-0", shard=1), Refused(b"", "rubbish", "20-0", shard=1)]) != []
    )
    assert book.record.refused_to == {"0": "40-0", "1": "30-0"}


def test_a_silence_has_an_end_and_is_noted_once_a_worker(book):
    book.fall_silent("w", 5, 4)
    assert book.record.silences == []
    book.fall_silent("w", 5, 7)
    book.fall_silent("w", 5, 20)
    book.fall_silent("v", 5, 5)

    assert [(s.worker, s.first_second, s.last_second) for s in book.record.silences] == [("w", 5, 7), ("v", 5, 5)]


def test_a_generator_that_stays_as_it_was_is_not_written_again(book):
    degraded = ValidityResult.model_validate({"verdict": "DEGRADED"})
    for judged, written in ((ValidityResult(), True), (ValidityResult(), False), (degraded, True), (degraded, False)):
        book.judged(judged)
        assert (book.record.validity, book.unwritten) == (judged, written)
        book.unwritten = False
