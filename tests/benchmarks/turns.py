"""Load generators that take turns on one core.

A generator is started, brought to its steady state, and stopped (SIGSTOP). From then on it works only in its turns; the
server's count before and after a turn is what it did in it. At the end it is asked to end as a person would, and says
how many requests it has recorded.

::

    ours     ▐██▌    ▐██▌    ▐██▌    ▐██▌        a turn is half a second; whoever's turn it is not is stopped
    another     ▐██▌    ▐██▌                     a pair is so many turns of both, one after the other
    a third                 ▐██▌    ▐██▌

Turns are short because a machine changes its speed by the second, and both of a pair must have the same share of that.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import psutil

from loadgen.children import stop_child

TURN_S = 0.5

WARM_UP_S = 3.0
"""All users are there after one second."""

SETTLE_S = 0.02
"""After a generator is stopped, the server still answers what is on its way."""


class Server(Protocol):
    """What counts."""

    pid: int

    def answered(self) -> int:
        """Requests answered since it started, those of this method left out."""


@dataclass(frozen=True)
class Turn:
    """What happened while a generator worked.

    Attributes:
        requests: answered by the server.
        wall_s: how long.
        cpu_s: CPU of the generator.
        server_cpu_s: CPU of the server.
    """

    requests: int
    wall_s: float
    cpu_s: float
    server_cpu_s: float

    @classmethod
    def sum(cls, turns: list[Turn]) -> Turn:
        """Several turns as one."""
        return cls(
            sum(turn.requests for turn in turns),
            sum(turn.wall_s for turn in turns),
            sum(turn.cpu_s for turn in turns),
            sum(turn.server_cpu_s for turn in turns),
        )

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.wall_s

    @property
    def per_cpu(self) -> float:
        """Requests per second of the generator's CPU."""
        return self.requests / self.cpu_s

    @property
    def busy(self) -> float:
        """Share of its core that the generator got."""
        return self.cpu_s / self.wall_s

    @property
    def server_busy(self) -> float:
        """Share of its core that the server used."""
        return self.server_cpu_s / self.wall_s


class Generator:
    """One generator; made while it starts, and stopped from then on.

    Args:
        server: under load.
        pid: the process that sends.
        command: the process a person started, perhaps the same.
        end: the signal that ends it as a person would.
        recorded: how many requests it says it recorded, once it has ended.
        log: what it wrote.

    Attributes:
        pid: the process that sends.
        served: requests the server answered it.
    """

    def __init__(
        self,
        server: Server,
        pid: int,
        command: subprocess.Popen[bytes],
        end: signal.Signals,
        recorded: Callable[[], int],
        log: Path,
    ) -> None:
        self._server, self._command, self._end, self._recorded, self._log = server, command, end, recorded, log
        self._process, self._server_process = psutil.Process(pid), psutil.Process(server.pid)
        self.pid = pid
        self.served = 0
        first = server.answered()
        self._await(lambda: server.answered() > first + 100)
        time.sleep(WARM_UP_S)
        self._process.suspend()
        time.sleep(SETTLE_S)
        self.served = server.answered() - first

    def turn(self, seconds: float, lead_in_s: float = 0.0) -> Turn:
        """Let it work.

        Args:
            seconds: that are measured.
            lead_in_s: before these, for what fell due while it was stopped.
        """
        return self.working(lambda: time.sleep(seconds), lead_in_s)

    def working(self, meanwhile: Callable[[], object], lead_in_s: float = 0.0) -> Turn:
        """Let it work for as long as something else takes."""
        at_first = self._server.answered()
        if lead_in_s:
            self._process.resume()
            time.sleep(lead_in_s)
        answered = self._server.answered() if lead_in_s else at_first
        cpu_s, server_cpu_s = _cpu_s(self._process), _cpu_s(self._server_process)
        began_s = time.monotonic()
        self._process.resume()
        meanwhile()
        self._process.suspend()
        wall_s = time.monotonic() - began_s
        time.sleep(SETTLE_S)
        in_the_end = self._server.answered()
        self.served += in_the_end - at_first
        cpu_s, server_cpu_s = _cpu_s(self._process) - cpu_s, _cpu_s(self._server_process) - server_cpu_s
        return Turn(in_the_end - answered, wall_s, cpu_s, server_cpu_s)

    def finish(self) -> int:
        """Let it end.

        Returns:
            Requests that it recorded in its whole life.
        """
        answered = self._server.answered()
        self._process.resume()
        time.sleep(SETTLE_S)  # a thread that is not awake yet would leave the signal to another one
        self._command.send_signal(self._end)
        self._command.wait(timeout=60)
        self.served += self._server.answered() - answered
        return self._recorded()

    def _await(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            if time.monotonic() > deadline or self._command.poll() is not None:
                said = self._log.read_text(errors="replace")[-2000:]
                raise AssertionError(f"{self._command.args} sends nothing (exit code {self._command.poll()}):\n{said}")
            time.sleep(0.02)


class Pair(NamedTuple):
    """What two generators did in turns."""

    ours: Turn
    theirs: Turn

    @property
    def rates(self) -> float:
        """How many times as many requests we sent."""
        return self.ours.rate / self.theirs.rate

    @property
    def per_cpu(self) -> float:
        """The same, for each second of CPU."""
        return self.ours.per_cpu / self.theirs.per_cpu


def take_turns(ours: Generator, theirs: Generator, turns: int, lead_in_s: float = 0.0) -> Pair:
    """So many turns of both, one after the other."""
    taken = [(ours.turn(TURN_S, lead_in_s), theirs.turn(TURN_S, lead_in_s)) for _ in range(turns)]
    return Pair(*(Turn.sum(list(of_one)) for of_one in zip(*taken, strict=True)))


def end(pid: int, command: subprocess.Popen[bytes]) -> None:
    """End a generator, stopped or not.

    Args:
        pid: the process that sends.
        command: the process that was started.
    """
    if psutil.pid_exists(pid):
        os.kill(pid, signal.SIGCONT)  # a stopped process hears no other signal
    stop_child(command, patience_s=15)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
