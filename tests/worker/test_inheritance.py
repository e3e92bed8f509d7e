"""What a dead worker process counted is sent in its name: once, whole, and until it is sealed."""

from __future__ import annotations

import fcntl
import mmap
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from loadgen.bus import RunBus, Sealing
from loadgen.errors import BusError
from loadgen.journal import Journal, Kind
from loadgen.messages import Frame, Health, RunRecord, RunState, WorkerTotals, pack_tally, unpack_tally
from loadgen.stats import Tally
from loadgen.worker import inheritance as module
from loadgen.worker.inheritance import ASK_S, RESEND_S, Inheritance
from loadgen.worker.outbox import KEPT_SEALED_S
from loadgen.worker.spool import JOURNAL, Spool, cluster_folder, frames_in, own_folder

LIVES = """
import sys
from pathlib import Path
from loadgen.worker.spool import Spool
journal = Spool(Path(sys.argv[1])).open_journal("r1", "w1")
print("ready", flush=True)
sys.stdin.read()
"""


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Machine:
    """One dead process's folder, and its heir."""

    def __init__(self, bus, folder: Path) -> None:
        self.run = RunBus(bus, "r1")
        self.run.claim(1)
        self.run.write_record(1, RunRecord(run="r1", name="demo", submitted_at=1.0, state=RunState.RUNNING))
        self.clock = Clock()
        self.folder = folder
        self.inheritance = Inheritance(bus, folder, self.clock)
        (folder / "w1").mkdir()
        self.spool = Spool(folder / "w1")

    def journal(self, requests: int = 0) -> Journal:
        journal = self.spool.open_journal("r1", "w1")
        self.count(journal, requests)
        return journal

    @staticmethod
    def count(journal: Journal, requests: int) -> None:
        for _ in range(requests):
            journal.takes_off(1)
            journal.append(journal.prefix(Kind.REQUEST, "Browser", "home", "/", "GET", "") + 1_000)
            journal.lands(0)

    def keep(self, sequence: int) -> None:
        self.spool.keep(sequence, Frame("r1", "w1", sequence, sequence, 1, pack_tally(Tally()), Health()).encode())

    def sent(self) -> list[Frame]:
        _, good, bad = self.run.frames({}, 100)
        assert not bad
        return [frame for _, frame in good]

    def seal(self, up_to: int) -> None:
        self.run.seal(1, Sealing(totals={"w1": WorkerTotals(worker="w1", sequence=up_to)}))

    def later(self, seconds: float) -> None:
        self.clock.now_s += seconds
        self.inheritance.tend()


@pytest.fixture
def machine(bus, tmp_path) -> Machine:
    return Machine(bus, tmp_path)


def test_its_unsealed_frames_and_its_last_second_are_sent(machine: Machine) -> None:
    journal = machine.journal(3)
    journal.turn(1)
    machine.keep(1)
    journal.settle()
    machine.count(journal, 2)
    journal.works_by(7)
    journal.close()
    machine.inheritance.take_over("w1")
    frames = machine.sent()
    first, last = (unpack_tally(frame.tally) for frame in frames)
    assert [(frame.sequence, frame.last) for frame in frames] == [(1, False), (2, True)]
    assert frames[1].dealt_to_s is None
    assert (first.requests, last.requests) == (0, 2)
    assert (frames[1].second, frames[1].epoch, last.sent, last.in_flight) == (1, 7, 2, 0)


def test_a_frame_that_was_kept_is_not_made_again_from_the_journal(machine: Machine) -> None:
    journal = machine.journal(3)
    journal.turn(1)
    machine.keep(1)  # and killed before the journal was settled
    journal.close()
    machine.inheritance.take_over("w1")
    assert [(frame.sequence, frame.last) for frame in machine.sent()] == [(1, False), (2, True)]


def test_a_frame_that_was_not_kept_yet_is_made_from_the_journal(machine: Machine) -> None:
    journal = machine.journal(3)
    journal.turn(1)
    machine.count(journal, 4)
    journal.close()
    machine.inheritance.take_over("w1")
    sent = [(frame.sequence, frame.second, unpack_tally(frame.tally).requests) for frame in machine.sent()]
    assert sent == [(1, 0, 3), (2, 1, 4)]


def test_it_is_sent_again_until_it_is_sealed_and_then_forgotten(machine: Machine) -> None:
    machine.journal(1).close()
    machine.inheritance.take_over("w1")
    machine.later(RESEND_S + 0.1)
    assert [frame.sequence for frame in machine.sent()] == [1, 1]
    machine.seal(1)
    machine.later(ASK_S + 0.1)
    assert len(machine.inheritance) == 0
    assert (machine.folder / "w1").exists()
    machine.later(KEPT_SEALED_S)
    assert not (machine.folder / "w1").exists()


def test_what_was_sealed_and_is_not_any_more_is_sent_again(machine: Machine) -> None:
    machine.journal(1).close()
    machine.inheritance.take_over("w1")
    machine.seal(1)
    machine.later(ASK_S + 0.1)
    machine.seal(0)  # a fail-over
    machine.later(KEPT_SEALED_S - 1)
    assert len(machine.inheritance) == 1
    assert [frame.sequence for frame in machine.sent()] == [1, 1]


def test_a_process_that_ended_well_leaves_no_frame_of_its_own_making(machine: Machine) -> None:
    journal = machine.journal(3)
    journal.turn(1)
    machine.keep(1)
    journal.settle()
    journal.end()
    journal.close()
    machine.inheritance.take_over("w1")
    assert [frame.sequence for frame in machine.sent()] == [1]


def test_a_process_that_saw_everything_sealed_holds_no_supervisor_up(machine: Machine, monkeypatch) -> None:
    journal = machine.journal(3)
    journal.turn(1)
    machine.keep(1)
    journal.settle()
    journal.end()
    journal.close()
    machine.spool.settle()
    with monkeypatch.context() as patch:
        patch.setattr(RunBus, "record", lambda _: (_ for _ in ()).throw(BusError("gone")))
        machine.inheritance.take_over("w1")
    assert len(machine.inheritance) == 0
    machine.later(RESEND_S)  # Redis is back, and has forgotten that it was sealed
    assert len(machine.inheritance) == 1
    assert [frame.sequence for frame in machine.sent()] == [1]


def test_redis_is_not_said_to_be_back_before_it_answers(
    machine: Machine, monkeypatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    machine.journal(1).close()
    with monkeypatch.context() as patch:
        patch.setattr(RunBus, "record", lambda _: (_ for _ in ()).throw(BusError("gone")))
        machine.inheritance.take_over("w1")
        machine.later(0.1)
        assert "Redis is back" not in caplog.text
    machine.later(RESEND_S)
    assert "Redis is back" in caplog.text


def test_what_is_sealed_goes_with_the_supervisor(machine: Machine) -> None:
    machine.journal(1).close()
    machine.inheritance.take_over("w1")
    machine.inheritance.clear()
    assert (machine.folder / "w1").exists()
    machine.seal(1)
    machine.later(ASK_S + 0.1)
    machine.inheritance.clear()
    assert not (machine.folder / "w1").exists()


def test_what_is_sealed_already_is_not_sent(machine: Machine) -> None:
    machine.keep(1)
    journal = machine.journal()
    journal.turn(1)
    journal.settle()
    machine.count(journal, 1)
    journal.close()
    machine.seal(1)
    machine.inheritance.take_over("w1")
    assert [frame.sequence for frame in machine.sent()] == [2]


def test_a_run_that_is_over_wants_nothing_any_more(machine: Machine) -> None:
    machine.journal(1).close()
    over = RunRecord(run="r1", name="demo", submitted_at=1.0, state=RunState.FINISHED)
    machine.run.write_record(1, over)
    machine.inheritance.take_over("w1")
    assert len(machine.inheritance) == 0
    assert machine.sent() == []


def test_a_process_that_served_no_run_leaves_nothing(machine: Machine) -> None:
    machine.inheritance.take_over("w1")
    assert not (machine.folder / "w1").exists()


def test_what_cannot_be_read_is_said_and_given_up(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    (machine.folder / "w1" / JOURNAL).write_bytes(b"scribble")
    machine.inheritance.take_over("w1")
    assert "cannot be read and is lost" in caplog.text
    assert not (machine.folder / "w1").exists()


def test_processes_of_a_dead_supervisor_are_found_but_living_ones_left_alone(machine: Machine) -> None:
    folder = machine.folder / "w1"
    child = subprocess.Popen(
        [sys.executable, "-c", LIVES, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        machine.inheritance.find()
        assert len(machine.inheritance) == 0
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=30)
    machine.inheritance.find()
    machine.inheritance.tend()
    assert [frame.last for frame in machine.sent()] == [True]


@pytest.mark.parametrize(("owner", "step"), [(fcntl, "flock"), (os, "ftruncate"), (mmap, "mmap")])
def test_a_journal_that_is_just_being_made_is_neither_read_nor_locked_nor_removed(
    machine: Machine, monkeypatch, owner, step: str
) -> None:
    """Another supervisor on the machine looks once a second."""
    real, looked = getattr(owner, step), []

    def look_first(*args, **more):
        if not looked:
            looked.append(step)
            machine.inheritance.find()
        return real(*args, **more)

    monkeypatch.setattr(owner, step, look_first)
    journal = machine.journal(1)
    assert looked
    assert (machine.folder / "w1" / JOURNAL).is_file()
    machine.inheritance.find()
    assert len(machine.inheritance) == 0, "its process lives"
    journal.close()
    machine.inheritance.find()
    assert len(machine.inheritance) == 1


def test_what_another_supervisor_removes_meanwhile_is_not_found(machine: Machine, monkeypatch, caplog) -> None:
    machine.journal(1).close()

    def gone(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(module, "remains", gone)
    machine.inheritance.find()
    shutil.rmtree(machine.folder)
    machine.inheritance.find()

    assert len(machine.inheritance) == 0
    assert not caplog.text


def test_a_process_gets_its_folder_although_the_one_of_all_was_just_removed(tmp_path: Path, monkeypatch) -> None:
    mkdir, removed = Path.mkdir, []

    def remove_first(folder: Path, **more) -> None:
        if folder.name == "w1" and not removed:
            removed.append(folder)
            folder.parent.rmdir()
        mkdir(folder, **more)

    monkeypatch.setattr(Path, "mkdir", remove_first)
    folder = own_folder(tmp_path / "cluster", "w1")

    assert removed
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_what_is_found_is_taken_over_once_and_what_others_look_after_is_left_to_them(machine: Machine) -> None:
    machine.journal(1).close()
    machine.inheritance.find(own={"w1"})
    assert len(machine.inheritance) == 0
    machine.inheritance.find()
    machine.inheritance.find()
    machine.inheritance.tend()
    assert len(machine.inheritance) == 1
    assert [frame.sequence for frame in machine.sent()] == [1]


def test_kept_frames_are_whole_and_forgotten_when_sealed(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for number in (1, 2, 3):
        spool.keep(number, b"x" * number)
    spool.keep(2, b"again")
    spool.forget(1)
    assert frames_in(tmp_path) == {2: b"again", 3: b"xxx"}


def test_only_a_folder_of_ones_own_is_used() -> None:
    folder = cluster_folder("redis://127.0.0.1:1/test_only_a_folder_of_ones_own")
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == os.getuid()
        assert folder == cluster_folder("redis://127.0.0.1:1/test_only_a_folder_of_ones_own")
    finally:
        folder.rmdir()
