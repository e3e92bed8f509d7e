"""Requests per second of one worker process, against Locust with the same locustfile.

::

    core a   the generator alone: Locust, or one loadgen worker process
    core b   the web server; Valkey, the coordinator and ``loadgen run`` for loadgen

Pairs A B A B …, so that whatever slows the machine for a while strikes both. The server counts. Beside requests per
second stand requests per second of CPU that the generator got: where another process took part of its core, or the
machine's host did, the first suffers and the second hardly.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
from benchmarks.cores import on_core, two_cores
from benchmarks.spread import Spread, as_count, as_ratio
from benchmarks.table import Table
from benchmarks.web_server import WebServer, web_server

from loadgen.bus import ClusterBus, EmbeddedServer, connect
from loadgen.children import loadgen_command, start_child, stop_child
from loadgen.worker.settings import SETTINGS_VARIABLE, WorkerSettings

USERS = 32
WARM_UP_S = 2.0
KEY = "a key for benchmarks"
LOCUSTFILE = Path(__file__).with_name("locustfile.py")


@dataclass(frozen=True)
class Window:
    """What the server answered while it was watched.

    Attributes:
        rate: requests per second.
        per_cpu: requests per second of CPU of the generator.
        busy: share of its core that the generator got.
        server_busy: share of its core that the server used.
        served: requests of the whole run, by the server's count.
        recorded: the same by the generator's.
    """

    rate: float
    per_cpu: float
    busy: float
    server_busy: float
    served: int = 0
    recorded: int = 0


def measure(quick: bool) -> list[Table]:
    """Requests/s of both, and the ratio of each pair."""
    pairs, window_s = (1, 2.0) if quick else (9, 6.0)
    head = ["", "requests/s", "least to most", "per second of CPU", "least to most", "recorded / served"]
    cores = two_cores()
    if cores is None:
        return [Table("against-locust", head, notes=["Left out: it needs two cores, one for the generator alone."])]
    with tempfile.TemporaryDirectory(prefix="loadgen-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx may read its page as another user
        with on_core(cores[1]), web_server(folder) as server:
            bench = _Bench(server, folder, cores[0], window_s)
            found = [(bench.locust(), bench.loadgen()) for _ in range(pairs)]
            return [_table(head, found, bench.wrk(), server.name, window_s)]


def _table(
    head: list[str], found: list[tuple[Window, Window]], ceiling: float | None, server: str, window_s: float
) -> Table:
    rows = []
    for title, windows in (("Locust", [pair[0] for pair in found]), ("loadgen", [pair[1] for pair in found])):
        recorded, served = (sum(getattr(w, field) for w in windows) for field in ("recorded", "served"))
        rows.append(
            [
                title,
                *Spread.of([w.rate for w in windows]).cells(as_count),
                *Spread.of([w.per_cpu for w in windows]).cells(as_count),
                f"{recorded:,} / {served:,}",
            ]
        )
    ratios = [
        Spread.of([getattr(ours, field) / getattr(theirs, field) for theirs, ours in found]).cells(as_ratio)
        for field in ("rate", "per_cpu")
    ]
    rows.append(["**loadgen ÷ Locust, of each pair**", *ratios[0], *ratios[1], ""])
    if ceiling is not None:
        rows.append(["wrk, the ceiling of this server", as_count(ceiling), "", "", "", ""])
    windows = [window for pair in found for window in pair]
    note = (
        f"Server: {server}. {USERS} users, no wait; median of {len(found)} pairs, {window_s:g} s each after "
        f"{WARM_UP_S:g} s of warm-up, counted by the server. "
        f"The generators got {min(w.busy for w in windows):.0%} to {max(w.busy for w in windows):.0%} of their core; "
        f"the server used {max(w.server_busy for w in windows):.0%} of its own at most."
    )
    if ceiling is None:
        note += " wrk was left out: it is not on PATH (apt-get install wrk)."
    return Table("against-locust", head, rows, [note])


class _Bench:
    """Starts generators against one server.

    Args:
        server: under load.
        folder: for what the generators write.
        core: the generator's own.
        window_s: how long each is watched.
    """

    def __init__(self, server: WebServer, folder: Path, core: int, window_s: float) -> None:
        self._server, self._folder, self._core, self._window_s = server, folder, core, window_s
        self._run_s = 1.0 + WARM_UP_S + window_s + 2.0
        self._env = {"BENCH_PATH": server.path, "LOADGEN_KEY": KEY}
        self._load = ["-u", str(USERS), "-r", str(USERS), "-t", f"{self._run_s:g}s", "-H", server.url]

    def locust(self) -> Window:
        """One run of Locust, in one process."""
        args = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--only-summary", "--json"]
        output = self._folder / "locust.json"

        def recorded() -> int:
            return sum(entry["num_requests"] for entry in json.loads(output.read_text()))

        with output.open("wb") as stdout, self._log() as log, on_core(self._core):
            locust = start_child([*args, *self._load], env=self._env, stdout=stdout, stderr=log)
        return self._watched(locust, locust.pid, recorded)

    def loadgen(self) -> Window:
        """One run of loadgen with one worker process."""
        summary = self._folder / "loadgen.json"

        def recorded() -> int:
            return int(json.loads(summary.read_text())["totals"]["requests"])

        with self._log() as log, _cluster(self._core, self._env, log) as (redis_url, worker):
            command = loadgen_command("run", str(LOCUSTFILE), *self._load, "--workers", "1", "--json", str(summary))
            env = {**self._env, "LOADGEN_REDIS": redis_url}
            run = start_child(command, env=env, stdout=log, stderr=log)
            return self._watched(run, worker, recorded)

    def wrk(self) -> float | None:
        """Requests/s of wrk; None where it is not installed."""
        program = shutil.which("wrk")
        if program is None:
            return None
        command = [program, "-t1", f"-c{USERS}", f"-d{self._window_s:g}s", f"{self._server.url}{self._server.path}"]
        with on_core(self._core):
            done = subprocess.run(command, capture_output=True, text=True, timeout=self._window_s + 30, check=True)
        found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
        if found is None:
            raise AssertionError(f"wrk said {done.stdout!r}")
        return float(found[1])

    def _watched(self, run: subprocess.Popen[bytes], generator_pid: int, recorded: Callable[[], int]) -> Window:
        """Watch a generator in its steady state, and let it come to its own end."""
        try:
            first = self._server.answered()
            self._await(lambda: self._server.answered() > first + 10 * USERS, run)
            time.sleep(1.0 + WARM_UP_S)
            generator, server = psutil.Process(generator_pid), psutil.Process(self._server.pid)
            before = _Reading.of(generator, server, self._server)
            time.sleep(self._window_s)
            window = _Reading.of(generator, server, self._server).since(before)
            run.wait(timeout=60)
            served = self._server.answered() - first
            return Window(*window, served=served, recorded=recorded())
        finally:
            stop_child(run, patience_s=15)

    def _await(self, condition: Callable[[], bool], run: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            if time.monotonic() > deadline or run.poll() is not None:
                said = (self._folder / "log").read_text(errors="replace")[-2000:]
                raise AssertionError(f"{run.args} sends nothing (exit code {run.poll()}); it said:\n{said}")
            time.sleep(0.02)

    def _log(self) -> IO[bytes]:
        return (self._folder / "log").open("wb")


@dataclass(frozen=True)
class _Reading:
    """The clocks and counters of one instant."""

    at_s: float
    answered: int
    generator_cpu_s: float
    server_cpu_s: float

    @classmethod
    def of(cls, generator: psutil.Process, server: psutil.Process, counter: WebServer) -> _Reading:
        answered = counter.answered()
        return cls(time.monotonic(), answered, _cpu_s(generator), _cpu_s(server))

    def since(self, before: _Reading) -> tuple[float, float, float, float]:
        wall_s = self.at_s - before.at_s
        cpu_s = self.generator_cpu_s - before.generator_cpu_s
        requests = self.answered - before.answered
        return requests / wall_s, requests / cpu_s, cpu_s / wall_s, (self.server_cpu_s - before.server_cpu_s) / wall_s


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def _cluster(core: int, env: dict[str, str], log: IO[bytes]) -> Iterator[tuple[str, int]]:
    """Valkey, a coordinator, and one worker process on a core of its own: as ``loadgen run`` arranges them, by hand.

    Yields:
        The cluster's Redis, and the worker's process id.
    """
    with EmbeddedServer() as valkey:
        coordinator = start_child(
            loadgen_command("coordinator"), env={**env, "LOADGEN_REDIS": valkey.url}, stdout=log, stderr=log
        )
        settings = WorkerSettings(redis_url=valkey.url, name="alone", node="bench")
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
