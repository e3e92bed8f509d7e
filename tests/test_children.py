"""Child processes: started with what they need, and gone when their parent is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from loadgen.children import loadgen_command, start_child, stop_child

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, lambda *_: None)\nwhile True: " + SLEEPER


@pytest.fixture
def start():
    children = []

    def start(code, **options):
        child = start_child([sys.executable, "-c", code], stdout=subprocess.PIPE, **options)
        children.append(child)
        return child

    yield start
    for child in children:
        stop_child(child, patience_s=1)
        child.stdout.close()


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def test_a_child_gets_the_environment_and_no_input(start, monkeypatch):
    monkeypatch.setenv("FROM_PARENT", "a")
    code = "import os, sys; print(os.environ['FROM_PARENT'], os.environ['ADDED'], repr(sys.stdin.read()))"

    assert start(code, env={"ADDED": "b"}).stdout.read() == b"a b ''\n"


def test_a_child_is_in_a_session_of_its_own(start):
    child = start(SLEEPER)
    child.stdout.readline()

    assert os.getsid(child.pid) == child.pid != os.getsid(0)


def test_stopping_asks_first(start):
    child = start(SLEEPER)
    child.stdout.readline()

    assert stop_child(child) == -signal.SIGTERM


def test_stopping_ends_a_child_that_does_not_listen(start):
    child = start(STUBBORN)
    child.stdout.readline()

    assert stop_child(child, patience_s=0.1) == -signal.SIGKILL


def test_stopping_a_child_that_has_ended_gives_its_exit_code(start):
    child = start("raise SystemExit(7)")
    child.wait(10)

    assert stop_child(child) == 7
    assert stop_child(child) == 7


def test_a_program_that_does_not_exist_is_an_os_error():
    with pytest.raises(FileNotFoundError):
        start_child(["/nonexistent/program"])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's parent-death signal is Linux's")
def test_children_end_when_their_parent_is_killed():
    code = (
        "import subprocess, sys, time; from loadgen.children import start_child\n"
        "child = start_child([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    with parent.stdout:
        grandchild = int(parent.stdout.readline())
    assert not gone(grandchild)
    parent.kill()
    parent.wait()

    wait_until(lambda: gone(grandchild))


def test_loadgen_itself_can_be_started_as_a_child():
    done = subprocess.run(loadgen_command("--version"), capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout.split()[0]) == (0, "loadgen,"), done.stderr
