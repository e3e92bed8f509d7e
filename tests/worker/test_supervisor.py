"""The processes of one machine: kept up, reported when they die, told to stop, and given up when it is no use."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from loadgen.bus import ClusterBus
from loadgen.errors import WorkersError
from loadgen.messages import WorkerInfo
from loadgen.worker import supervisor as module
from loadgen.worker.supervisor import LONGEST_PAUSE_S, Supervisor, cores, node_name

SERVES = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); time.sleep(60)"
STUBBORN = """
import signal, sys, time
told = []
def on_term(*_):
    told.append(1)
    if len(told) == 2:
        sys.exit(0)
signal.signal(signal.SIGTERM, on_term)
open(sys.argv[1], "w").close()
while True:
    time.sleep(0.01)
"""
DIES = "raise SystemExit(3)"


class Place:
    """Starts programs of the test in the place of worker processes."""

    def __init__(self, monkeypatch) -> None:
        self.code, self.args = SERVES, []
        self.children, self.envs = [], []
        real = module.start_child

        def start(_args, env):
            self.envs.append(env)
            self.children.append(real([sys.executable, "-c", self.code, *self.args]))
            return self.children[-1]

        monkeypatch.setattr(module, "start_child", start)
        monkeypatch.setattr(module, "LOOK_S", 0.01)


@pytest.fixture(autouse=True)
def place(monkeypatch):
    place = Place(monkeypatch)
    yield place
    for child in place.children:
        child.kill()
        child.wait()


@pytest.fixture
def run(bus, make):
    """A supervisor that is stopped when a condition holds; runs in the main thread, as signals need."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def run(until, processes=1, signals=1, **options):
        supervisor = Supervisor(bus, make.settings(name=""), processes, **options)

        def stop():
            deadline = time.monotonic() + 20
            try:
                while not until() and time.monotonic() < deadline:
                    time.sleep(0.005)
            finally:
                for _ in range(signals):
                    os.kill(os.getpid(), signal.SIGTERM)
                    time.sleep(0.05)

        watcher = threading.Thread(target=stop)
        watcher.start()
        try:
            supervisor.run()
        finally:
            watcher.join()
        return supervisor

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_each_process_has_a_name_of_its_own(run, place, make):
    run(lambda: len(place.children) == 3, processes=3)
    names = {make.settings().model_validate_json(env["LOADGEN_WORKER_SETTINGS"]).name for env in place.envs}

    assert len(names) == 3
    assert all(name.startswith("n1-") for name in names)
    # Told to stop before it could listen for it, a process ends by the signal itself.
    assert {child.returncode for child in place.children} <= {0, -signal.SIGTERM}


def test_a_process_that_has_served_its_run_is_replaced_at_once(run, place):
    place.code = "pass"
    began = time.monotonic()
    run(lambda: len(place.children) >= 4)

    assert time.monotonic() - began < 10


def test_a_process_that_dies_is_taken_off_the_list(run, place, bus, make):
    cluster = ClusterBus(bus)
    run_name = []

    def on_list():
        if place.children and not run_name:
            run_name.append(make.settings().model_validate_json(place.envs[0]["LOADGEN_WORKER_SETTINGS"]).name)
            cluster.beat(WorkerInfo(worker=run_name[0], node="n1", pid=1), 60)
            os.kill(place.children[0].pid, signal.SIGKILL)
        return run_name and run_name[0] not in cluster.members()

    run(on_list)
    assert run_name[0] not in cluster.members()


def test_a_process_that_dies_young_is_started_again_after_growing_pauses(bus, make, place):
    place.code = DIES
    supervisor = Supervisor(bus, make.settings(name=""), 1)
    (seat,) = supervisor._places
    pauses, now_s = [], 1000.0
    for _ in range(8):
        supervisor._look_after(seat, now_s)
        seat.child.wait(10)
        supervisor._look_after(seat, now_s + 0.1)
        pauses.append(seat.start_after_s - now_s - 0.1)
        now_s = seat.start_after_s

    assert pauses == pytest.approx([0.5, 1, 2, 4, 8, *[LONGEST_PAUSE_S] * 3])


def test_a_process_that_dies_old_is_replaced_at_once(bus, make):
    supervisor = Supervisor(bus, make.settings(name=""), 1)
    (seat,) = supervisor._places
    supervisor._look_after(seat, 1000.0)
    seat.child.kill()
    seat.child.wait(10)
    supervisor._look_after(seat, 1060.0)

    assert seat.start_after_s == 1060.0


def test_processes_that_die_as_soon_as_they_start_are_given_up(run, place):
    place.code = DIES
    with pytest.raises(WorkersError, match="exit code 3") as caught:
        run(lambda: place.children, max_failures=1, signals=0)
    assert caught.value.hint


def test_the_second_signal_is_passed_on_too(run, place, tmp_path):
    place.code, place.args = STUBBORN, [str(tmp_path / "up")]
    run((tmp_path / "up").exists, signals=2)

    assert place.children[0].returncode == 0


def test_a_process_that_was_just_being_started_hears_of_the_stop(bus, make):
    """The signal comes between the decision to start a process and its being known."""
    supervisor = Supervisor(bus, make.settings(name=""), 1)
    (seat,) = supervisor._places
    real = supervisor._start

    def start(*args):
        supervisor._on_signal(signal.SIGTERM, None)
        real(*args)

    supervisor._start = start
    supervisor._look_after(seat, 1000.0)
    deadline = time.monotonic() + 10
    while seat.child is not None:
        assert time.monotonic() < deadline
        supervisor._look_after(seat, 1000.0)
        time.sleep(0.01)
    supervisor._look_after(seat, 1001.0)
    assert seat.child is None


def test_a_machine_has_a_name_and_cores():
    assert node_name()
    assert cores() >= 1
