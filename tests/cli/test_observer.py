"""Watching a simulated run: through all its states, from whichever it is found in, and never deaf to the crowds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from loadgen.bus import Bus, ClusterBus, RunBus
from loadgen.children import start_child, stop_child
from loadgen.cli.crowds import Crowds
from loadgen.cli.observer import Observer
from loadgen.cli.simulation import Result
from loadgen.messages import RunRecord, RunSpec, RunState
from loadgen.worker.simulated.sums import Sums

RUN = "simulated-1"
FENCE = 1
LINE = Sums(frames=7, requests=70).line()
MORE_THAN_A_PIPE_HOLDS = 1 << 20
"""Bytes; the system's own limit for a pipe of any user (``/proc/sys/fs/pipe-max-size``)."""


@pytest.fixture
def start_crowd() -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Start a process that tells its sums in so many bytes, and ends when they are read."""
    children = []

    def start(size_bytes: int) -> subprocess.Popen[bytes]:
        code = f"print('\\n'.join([{LINE!r}] * {size_bytes // len(LINE) + 1}))"
        children.append(start_child([sys.executable, "-c", code], stdout=subprocess.PIPE))
        return children[-1]

    yield start
    for child in children:
        stop_child(child)
        child.stdout.close()


class Observed:
    """A run whose record is written by the test, and who watches it."""

    def __init__(self, bus: Bus, state: RunState, crowd: subprocess.Popen[bytes]) -> None:
        spec = RunSpec(run=RUN, plan="{}", submitted_at=1000.0, files={}, digest="0" * 64, code="installed")
        ClusterBus(bus).submit(spec, b"")
        self.run, self.crowd = RunBus(bus, RUN), crowd
        self.run.claim(FENCE)
        self.write(state)
        self.observer = Observer(bus, RUN, os.getpid(), "http://127.0.0.1:1/metrics", Crowds([crowd]))

    def write(self, state: RunState) -> None:
        """The coordinator's part."""
        started_at = 1002.0 if state in {RunState.RUNNING, RunState.DRAINING, RunState.FINISHED} else None
        record = RunRecord(run=RUN, name="simulated", state=state, submitted_at=1000.0, started_at=started_at)
        self.run.write_record(FENCE, record)

    def followed(self, check: Callable[[], None]) -> Result:
        """The result, when the run has ended."""
        self.observer.follow(lambda sample, rates: None, check)  # noqa: ARG005 -- nobody looks
        return self.observer.result(1)


def test_a_run_that_had_started_before_the_first_look_is_measured_from_its_beginning(bus, start_crowd):
    found = Observed(bus, RunState.RUNNING, start_crowd(0))

    result = found.followed(lambda: found.write(RunState.FINISHED))

    assert result.ready_s == 2.0
    assert result.in_bytes_per_s > 0, "there was a sample before the last"
    assert result.requests_sent == 70


@pytest.mark.parametrize("state", [RunState.PREPARING, RunState.RUNNING, RunState.DRAINING])
def test_crowds_are_heard_in_every_state_of_the_run(state, bus, start_crowd):
    found = Observed(bus, state, start_crowd(MORE_THAN_A_PIPE_HOLDS))
    deadline_s = time.monotonic() + 20

    def end_when_all_is_read() -> None:
        assert time.monotonic() < deadline_s, "the crowd stands still: its pipe is full"
        if found.crowd.poll() is not None:
            found.write(RunState.FINISHED)

    assert found.followed(end_when_all_is_read).frames_sent == 7


def test_crowds_are_heard_while_their_end_is_awaited(start_crowd):
    crowd = start_crowd(MORE_THAN_A_PIPE_HOLDS)
    crowds = Crowds([crowd])

    crowds.await_end(20)

    assert crowd.poll() == 0
    assert crowds.sums() == Sums(frames=7, requests=70)


def test_the_end_of_crowds_is_not_awaited_for_ever():
    crowd = start_child([sys.executable, "-c", "import signal; signal.pause()"], stdout=subprocess.PIPE)
    crowds = Crowds([crowd])
    try:
        crowds.await_end(0.1)
        assert crowd.poll() is None
    finally:
        stop_child(crowd)
        crowds.close()
