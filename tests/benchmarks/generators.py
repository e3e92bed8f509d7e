"""Load generators that take turns on one core.

A generator is started, brought to its steady state, and stopped (SIGSTOP). From then on it works only in its turns; the
server's count before and after a turn is what it did in it. At the end it is asked to end as a person would, and says
how many requests it has recorded.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
from benchmarks.cores import on_core
from benchmarks.web_server import WebServer

from loadgen.bus import ClusterBus, EmbeddedServer, connect
from loadgen.children import loadgen_command, start_child, stop_child
from loadgen.worker.settings import SETTINGS_VARIABLE, WorkerSettings

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
OWN_CLIENT = Path(__file__).with_name("own_client.py")
KEY = "a key for benchmarks"

WARM_UP_S = 3.0
"""All users are there after one second."""

SETTLE_S = 0.02
"""After a generator is stopped, the server still answers what is on its way."""

LONG = "1h"
"""Longer than any benchmark: the end is asked for."""

LEASE_S = 60.0
"""A worker that is stopped must not be taken for dead."""


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
        served: requests the server answered it.
    """

    def __init__(
        self,
        server: WebServer,
        pid: int,
        command: subprocess.Popen[bytes],
        end: signal.Signals,
        recorded: Callable[[], int],
        log: Path,
    ) -> None:
        self._server, self._command, self._end, self._recorded, self._log = server, command, end, recorded, log
        self._process, self._server_process = psutil.Process(pid), psutil.Process(server.pid)
        self.served = 0
        first = server.answered()
        self._await(lambda: server.answered() > first + 100)
        time.sleep(WARM_UP_S)
        self._process.suspend()
        time.sleep(SETTLE_S)
        self.served = server.answered() - first

    def turn(self, seconds: float) -> Turn:
        """Let it work."""
        answered, cpu_s, server_cpu_s = self._server.answered(), _cpu_s(self._process), _cpu_s(self._server_process)
        began_s = time.monotonic()
        self._process.resume()
        time.sleep(seconds)
        self._process.suspend()
        wall_s = time.monotonic() - began_s
        time.sleep(SETTLE_S)
        requests = self._server.answered() - answered
        self.served += requests
        return Turn(requests, wall_s, _cpu_s(self._process) - cpu_s, _cpu_s(self._server_process) - server_cpu_s)

    def finish(self) -> int:
        """Let it end.

        Returns:
            Requests that it recorded in its whole life.
        """
        answered = self._server.answered()
        self._process.resume()
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


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def locust(server: WebServer, folder: Path, core: int, users: int) -> Iterator[Generator]:
    """Locust in one process."""
    output = folder / "locust.json"

    def recorded() -> int:
        return sum(entry["num_requests"] for entry in json.loads(output.read_text()))

    args = ["-f", str(LOCUSTFILE), "--headless", "--only-summary", "--json", *_load(server, users)]
    with output.open("wb") as stdout, _log(folder, "locust") as log, on_core(core):
        child = start_child([sys.executable, "-m", "locust", *args], env=_env(server), stdout=stdout, stderr=log)
    try:
        yield Generator(server, child.pid, child, signal.SIGTERM, recorded, Path(log.name))
    finally:
        _stop(child.pid, child)


@contextmanager
def loadgen(server: WebServer, folder: Path, core: int, users: int, file: Path) -> Iterator[Generator]:
    """``loadgen run`` with one worker process on a core of its own, all other parts where this process is."""
    summary = folder / f"{file.stem}.json"

    def recorded() -> int:
        return int(json.loads(summary.read_text())["totals"]["requests"])

    with _log(folder, file.stem) as log, _cluster(core, _env(server), log) as (redis_url, worker):
        command = loadgen_command("run", str(file), *_load(server, users), "--json", str(summary))
        run = start_child(command, env={**_env(server), "LOADGEN_REDIS": redis_url}, stdout=log, stderr=log)
        try:
            yield Generator(server, worker, run, signal.SIGINT, recorded, Path(log.name))
        finally:
            _stop(worker, run)


@contextmanager
def _cluster(core: int, env: dict[str, str], log: IO[bytes]) -> Iterator[tuple[str, int]]:
    """Valkey, a coordinator, and one worker process: as ``loadgen run`` arranges them, by hand.

    Yields:
        The cluster's Redis, and the worker's process id.
    """
    with EmbeddedServer() as valkey:
        settings = WorkerSettings(redis_url=valkey.url, name="alone", node="bench", lease_s=LEASE_S)
        coordinator = start_child(
            loadgen_command("coordinator"), env={**env, "LOADGEN_REDIS": valkey.url}, stdout=log, stderr=log
        )
        with on_core(core):
            worker = start_child(
                [sys.executable, "-m", "loadgen.worker"],
                env={**env, SETTINGS_VARIABLE: settings.model_dump_json()},
                stdout=log,
                stderr=log,
            )
        bus = connect(valkey.url)
        try:
            deadline = time.monotonic() + 30
            while not ClusterBus(bus).members():
                if time.monotonic() > deadline:
                    raise AssertionError("the worker did not join")
                time.sleep(0.02)
            if os.sched_getaffinity(worker.pid) != {core}:
                raise AssertionError("the worker is not on its own core")
            yield valkey.url, worker.pid
        finally:
            bus.close()
            stop_child(worker, patience_s=15)
            stop_child(coordinator)


def _load(server: WebServer, users: int) -> list[str]:
    """Options that both understand."""
    return ["-u", str(users), "-r", str(users), "-t", LONG, "-H", server.url]


def _env(server: WebServer) -> dict[str, str]:
    return {"BENCH_PATH": server.path, "LOADGEN_KEY": KEY}


def _log(folder: Path, name: str) -> IO[bytes]:
    return (folder / f"{name}.log").open("wb")


def _stop(pid: int, command: subprocess.Popen[bytes]) -> None:
    if psutil.pid_exists(pid):
        os.kill(pid, signal.SIGCONT)  # a stopped process hears no other signal
    stop_child(command, patience_s=15)
