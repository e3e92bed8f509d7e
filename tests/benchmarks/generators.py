"""The generators of a case, each in a process on a core of its own: loadgen's worker, Locust, k6 and wrk."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from benchmarks.cores import on_core
from benchmarks.turns import Generator, Server, end

from loadgen.bus import ClusterBus, EmbeddedServer, connect
from loadgen.children import loadgen_command, module_command, start_child, stop_child
from loadgen.worker.settings import SETTINGS_VARIABLE, WorkerSettings

HERE = Path(__file__).parent
LOCUSTFILE = HERE / "locustfile.py"
OWN_CLIENT = HERE / "own_client.py"
SHOPPERS = HERE / "shoppers.py"
FAST_HTTP_USERS = HERE / "fast_http_users.py"

_ENV = {"LOADGEN_KEY": "a key for benchmarks"}

LONG = "1h"
"""Longer than any benchmark: the end is asked for."""

LEASE_S = 60.0
"""A worker that is stopped must not be taken for dead."""


@contextmanager
def locust(
    server: Server, folder: Path, core: int, users: int, url: str, page: str, file: Path, name: str = ""
) -> Iterator[Generator]:
    """Locust in one process.

    Args:
        server: who counts.
        folder: for what it writes.
        core: of its own.
        users: at once.
        url: where they go.
        page: what they ask for, if the file leaves that open.
        file: the locustfile.
        name: of the user class; empty takes the file's only one.
    """
    output = folder / "locust.json"

    def recorded() -> int:
        return sum(entry["num_requests"] for entry in json.loads(output.read_text()))

    args = ["-f", str(file), "--headless", "--only-summary", "--json", *_load(users, url), *([name] if name else [])]
    env = {"BENCH_PATH": page}
    with output.open("wb") as stdout, _log(folder, "locust") as log, on_core(core):
        child = start_child([sys.executable, "-m", "locust", *args], env=env, stdout=stdout, stderr=log)
    try:
        yield Generator(server, child.pid, child, signal.SIGTERM, recorded, Path(log.name))
    finally:
        end(child.pid, child)


@contextmanager
def loadgen_file(
    server: Server, folder: Path, core: int, users: int, url: str, page: str, file: Path
) -> Iterator[Generator]:
    """``loadgen run LOCUSTFILE`` with one worker process on a core of its own; arguments as for :func:`locust`."""
    with _loadgen(server, folder, core, file.stem, [str(file), *_load(users, url)], {"BENCH_PATH": page}) as generator:
        yield generator


@contextmanager
def loadgen_plan(server: Server, folder: Path, core: int, plan: dict[str, Any]) -> Iterator[Generator]:
    """``loadgen run PLAN`` with one worker process on a core of its own."""
    file = write_plan(folder, plan)
    with _loadgen(server, folder, core, file.stem, [str(file)]) as generator:
        yield generator


def run_plan(folder: Path, core: int, plan: dict[str, Any], limit_s: float) -> dict[str, Any]:
    """``loadgen run PLAN`` to its end, with one worker process on a core of its own.

    Args:
        folder: for the plan and what is written.
        core: the worker's.
        plan: of one stream.
        limit_s: after which it is broken.

    Returns:
        The run's summary.
    """
    file, summary = write_plan(folder, plan), folder / f"{plan['name']}-summary.json"
    with _log(folder, plan["name"]) as log, worker_alone(core, log) as (redis_url, _):
        command = loadgen_command("run", str(file), "--no-web", "--json", str(summary))
        run = start_child(command, env={**_ENV, "LOADGEN_REDIS": redis_url}, stdout=log, stderr=log)
        try:
            run.wait(timeout=limit_s)
        finally:
            stop_child(run)
    if not summary.exists():
        raise AssertionError(Path(log.name).read_text(errors="replace")[-2000:])
    return json.loads(summary.read_text())


def write_plan(folder: Path, plan: dict[str, Any]) -> Path:
    """A plan whose journeys are beside this module."""
    file = folder / f"{plan['name']}.json"
    journeys = [{**journey, "file": os.path.relpath(HERE / journey["file"], folder)} for journey in plan["journeys"]]
    file.write_text(json.dumps({**plan, "journeys": journeys}))
    return file


@contextmanager
def _loadgen(
    server: Server, folder: Path, core: int, name: str, args: list[str], env: Mapping[str, str] = _ENV
) -> Iterator[Generator]:
    summary = folder / f"{name}-summary.json"

    def recorded() -> int:
        return int(json.loads(summary.read_text())["totals"]["requests"])

    with _log(folder, name) as log, worker_alone(core, log, env) as (redis_url, worker):
        command = loadgen_command("run", *args, "--no-web", "--json", str(summary))
        run = start_child(command, env={**_ENV, **env, "LOADGEN_REDIS": redis_url}, stdout=log, stderr=log)
        try:
            yield Generator(server, worker, run, signal.SIGINT, recorded, Path(log.name))
        finally:
            end(worker, run)


@contextmanager
def worker_alone(core: int, log: IO[bytes], env: Mapping[str, str] = _ENV) -> Iterator[tuple[str, int]]:
    """Valkey, a coordinator, and one worker process: as ``loadgen run`` arranges them, by hand.

    Args:
        core: the worker's own; all other parts are where this process is.
        log: what they write.
        env: variables for what runs the journeys.

    Yields:
        The cluster's Redis, and the worker's process id.
    """
    with EmbeddedServer() as valkey:
        settings = WorkerSettings(redis_url=valkey.url, name="alone", node="bench", lease_s=LEASE_S)
        coordinator = start_child(
            loadgen_command("coordinator"), env={**_ENV, "LOADGEN_REDIS": valkey.url}, stdout=log, stderr=log
        )
        with on_core(core):
            worker = start_child(
                module_command("loadgen.worker"),
                env={**_ENV, **env, SETTINGS_VARIABLE: settings.model_dump_json()},
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


@contextmanager
def k6(server: Server, folder: Path, core: int, users: int, url: str, script: str) -> Iterator[Generator]:
    """k6 with one thread for its own code, as many users, and nothing that it would tell anybody.

    Args:
        server: who counts.
        folder: for what it writes.
        core: of its own.
        users: at once.
        url: where they go.
        script: name of a file in ``k6/``.
    """
    summary = folder / "k6.json"

    def recorded() -> int:
        return int(json.loads(summary.read_text())["metrics"]["http_reqs"]["count"])

    quiet = ["--quiet", "--no-color", "--no-usage-report", "--address", "", "--summary-export", str(summary)]
    command = [_program("k6"), "run", *quiet, "-u", str(users), "-d", LONG, str(HERE / "k6" / script)]
    env = {"BENCH_URL": url, "GOMAXPROCS": "1", "K6_NO_USAGE_REPORT": "true", "HOME": str(folder)}
    with _alone(server, folder, core, command, env, recorded) as generator:
        yield generator


@contextmanager
def wrk(server: Server, folder: Path, core: int, users: int, url: str, args: Sequence[str]) -> Iterator[Generator]:
    """wrk with one thread.

    Args:
        server: who counts.
        folder: for what it writes.
        core: of its own.
        users: connections.
        url: where they go; the page as well, where no script names any.
        args: script and headers.
    """

    def recorded() -> int:
        return int(_found(r"(\d+) requests in", (folder / "wrk.log").read_text()))

    command = [_program("wrk"), "-t1", f"-c{users}", f"-d{LONG}", *args, url]
    with _alone(server, folder, core, command, {}, recorded) as generator:
        yield generator


@contextmanager
def _alone(
    server: Server, folder: Path, core: int, command: list[str], env: dict[str, str], recorded: Callable[[], int]
) -> Iterator[Generator]:
    """One process, ended by Ctrl-C."""
    with _log(folder, Path(command[0]).name) as log, on_core(core):
        child = start_child(command, env=env, stdout=log, stderr=log)
    try:
        yield Generator(server, child.pid, child, signal.SIGINT, recorded, Path(log.name))
    finally:
        end(child.pid, child)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise AssertionError(f"{name} is not on PATH")
    return found


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise AssertionError(f"no {pattern!r} in {text!r}")
    return found[1]


def _load(users: int, url: str) -> list[str]:
    """Options that Locust and ``loadgen run`` both understand."""
    return ["-u", str(users), "-r", str(users), "-t", LONG, "-H", url]


def _log(folder: Path, name: str) -> IO[bytes]:
    return (folder / f"{name}.log").open("wb")
