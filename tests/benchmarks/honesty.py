"""Whether latencies are measured as they are: loadgen's and wrk's, each against nginx's own times of the same requests.

::

    core a   one worker process with 16 shoppers, and wrk with 16 connections, at the same time; hardly busy
    core b   nginx, which notes the time of every request; behind it a server that takes 20 to 60 ms

The times are short of twice their mean, since wrk adds requests of its own invention for those that took longer (its
correction for coordinated omission).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.cores import on_core, two_cores
from benchmarks.delaying import delaying_server
from benchmarks.generators import HERE, run_plan
from benchmarks.nginx import MISSING, Nginx, nginx, nginx_program
from benchmarks.spread import nearest_rank
from benchmarks.table import Table

from loadgen.children import start_child, stop_child

LEAST_MS, MOST_MS = 20.0, 60.0

CONNECTIONS = 16

QUANTILES = (0.5, 0.95, 0.99)

LIMIT_S = 90.0
"""Beside the load itself: start and report."""

LOCATIONS = """
    location = /slow {{
        access_log {folder}/times.log time;
        proxy_http_version 1.1;
        proxy_pass http://127.0.0.1:{port};
    }}
"""

HEAD = ["milliseconds", "p50", "p95", "p99", "requests"]


class Times(NamedTuple):
    """What one of them says.

    Attributes:
        quantiles_s: those of :data:`QUANTILES`, seconds.
        count: of how many requests.
    """

    quantiles_s: tuple[float, ...]
    count: int


def measure(quick: bool) -> list[Table]:
    """The quantiles that each says, and how far apart they are."""
    cores = two_cores()
    if cores is None or nginx_program() is None:
        lacking = MISSING if cores else "it needs two cores, one for the generators"
        return [Table("honesty", HEAD, notes=[f"Left out: {lacking}."])]
    seconds = 3 if quick else 30
    with tempfile.TemporaryDirectory(prefix="loadgen-bench-") as name, on_core(cores[1]):
        folder = Path(name)
        with delaying_server(LEAST_MS, MOST_MS) as port:
            locations = LOCATIONS.format(folder=folder, port=port)
            with nginx(folder, locations, ["loadgen", "wrk"]) as server:
                said, cpu = _both(server, folder, cores[0], seconds)
        noted = noted_times(folder / "times.log")
        rows = []
        for title, times in said.items():
            own = noted[server.ports[title]]
            rows += [_row(title, times), _row("nginx, of the same requests", own)]
            rows.append(_row(f"**{title}: the difference**", _difference(times, own)))
    note = (
        f"{CONNECTIONS} connections each for {seconds} s, at the same time on one core, of which the worker used "
        f"{cpu:.0%}. nginx notes whole milliseconds, from the first byte of the request to the last one sent."
    )
    if "wrk" not in said:
        note += " wrk was left out: apt-get install wrk."
    return [Table("honesty", HEAD, rows, [note])]


def noted_times(file: Path) -> dict[int, Times]:
    """What nginx noted, by port."""
    found: dict[int, list[float]] = defaultdict(list)
    for line in file.read_text().splitlines():
        port, request_s, _ = line.split()
        found[int(port)].append(float(request_s))
    return {port: Times(tuple(nearest_rank(times, q) for q in QUANTILES), len(times)) for port, times in found.items()}


def _both(server: Nginx, folder: Path, core: int, seconds: int) -> tuple[dict[str, Times], float]:
    """What both say, and the worker's share of CPU; wrk works for as long as the run and its start take."""
    program = shutil.which("wrk")
    plan = {
        "name": "honesty",
        "target": {"base_url": server.url("loadgen")},
        "journeys": [{"file": "shoppers.py", "user": "Patient"}],
        "load": [{"model": "closed", "shape": {"constant": {"at": CONNECTIONS, "for": f"{seconds}s"}}}],
        "graceful_stop": "10s",
    }
    if program is None:
        return _ours(run_plan(folder, core, plan, seconds + LIMIT_S))
    script = str(HERE / "wrk" / "quantiles.lua")
    command = [program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, f"{server.url('wrk')}/slow"]
    with on_core(core):
        child = start_child(command, stdout=subprocess.PIPE)
    try:
        said, cpu = _ours(run_plan(folder, core, plan, seconds + LIMIT_S))
        output, _ = child.communicate(timeout=LIMIT_S)
    finally:
        stop_child(child)
    return {**said, "wrk": _of_wrk(output.decode())}, cpu


def _ours(summary: dict[str, Any]) -> tuple[dict[str, Times], float]:
    (figures,), (worker,) = summary["requests"], summary["workers"]
    if figures["failures"]:
        raise AssertionError(f"{figures['failures']} requests failed")
    latency = figures["latency_s"]
    return {"loadgen": Times((latency["p50"], latency["p95"], latency["p99"]), figures["count"])}, worker["cpu_mean"]


def _of_wrk(said: str) -> Times:
    words = [line.split() for line in said.splitlines()]
    quantiles_s = tuple(int(line[2]) / 1e6 for line in words if line[:1] == ["quantile"])
    count = next(int(line[0]) for line in words if line[1:3] == ["requests", "in"])
    return Times(quantiles_s, count)


def _difference(said: Times, noted: Times) -> Times:
    apart = tuple(ours - theirs for ours, theirs in zip(said.quantiles_s, noted.quantiles_s, strict=True))
    return Times(apart, said.count - noted.count)


def _row(title: str, times: Times) -> list[str]:
    return [title, *(f"{seconds * 1000:.2f}" for seconds in times.quantiles_s), f"{times.count:,}"]
