"""Requests per second of one worker process, against Locust with the same locustfile.

::

    core a   the generators, in turns: Locust, or one loadgen worker process
    core b   the web server; Valkey, the coordinator and ``loadgen run`` for loadgen

    Locust    ▐██▌  ▐██▌  ▐██▌           a turn is half a second; the other one is stopped meanwhile (SIGSTOP)
    loadgen      ▐██▌  ▐██▌  ▐██▌        a pair is twelve turns of each: six seconds against six

Turns are short because a machine changes its speed by the second, and both must have the same share of that. The server
counts. Beside requests per second stand requests per second of CPU that the generator got: where another process took
part of its core, the first suffers and the second hardly.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cores import on_core, two_cores
from benchmarks.generators import Generator, Turn, loadgen, locust
from benchmarks.spread import Spread, as_count, as_ratio
from benchmarks.table import Table
from benchmarks.web_server import WebServer, web_server

USERS = 32
TURN_S = 0.5

HEAD = ["", "requests/s", "least to most", "per second of CPU", "least to most", "recorded / served"]


@dataclass(frozen=True)
class Pair:
    """Some turns of each, added up."""

    theirs: Turn
    ours: Turn


def measure(quick: bool) -> list[Table]:
    """Requests/s of both, and the ratio of each pair."""
    pairs, turns = (3, 2) if quick else (9, 12)
    cores = two_cores()
    if cores is None:
        return [Table("against-locust", HEAD, notes=["Left out: it needs two cores, one for the generator alone."])]
    with tempfile.TemporaryDirectory(prefix="loadgen-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # nginx may read its page as another user
        stack.enter_context(on_core(cores[1]))
        server = stack.enter_context(web_server(folder))
        ceiling = _wrk(server, cores[0], pairs * turns * TURN_S / 3)
        theirs = stack.enter_context(locust(server, folder, cores[0], USERS))
        ours = stack.enter_context(loadgen(server, folder, cores[0], USERS))
        found = [_pair(theirs, ours, turns) for _ in range(pairs)]
        counts = [f"{one.finish():,} / {one.served:,}" for one in (theirs, ours)]
    return [_table(found, counts, ceiling, server.name, turns)]


def _pair(theirs: Generator, ours: Generator, turns: int) -> Pair:
    taken = [(theirs.turn(TURN_S), ours.turn(TURN_S)) for _ in range(turns)]
    return Pair(Turn.sum([one for one, _ in taken]), Turn.sum([one for _, one in taken]))


def _wrk(server: WebServer, core: int, seconds: float) -> float | None:
    """Requests/s of wrk; None where it is not installed."""
    program = shutil.which("wrk")
    if program is None:
        return None
    command = [program, "-t1", f"-c{USERS}", f"-d{max(1, round(seconds))}s", f"{server.url}{server.path}"]
    with on_core(core):
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None:
        raise AssertionError(f"wrk said {done.stdout!r}")
    return float(found[1])


def _table(found: list[Pair], counts: list[str], ceiling: float | None, server: str, turns: int) -> Table:
    theirs, ours = [pair.theirs for pair in found], [pair.ours for pair in found]
    rows = [
        ["Locust", *_speeds(theirs), counts[0]],
        ["loadgen", *_speeds(ours), counts[1]],
        [
            "**loadgen ÷ Locust, of each pair**",
            *Spread.of([pair.ours.rate / pair.theirs.rate for pair in found]).cells(as_ratio),
            *Spread.of([pair.ours.per_cpu / pair.theirs.per_cpu for pair in found]).cells(as_ratio),
            "",
        ],
    ]
    if ceiling is not None:
        rows.append(["wrk, the ceiling of this server", as_count(ceiling), "", "", "", ""])
    busy, server_busy = ([getattr(turn, name) for turn in (*theirs, *ours)] for name in ("busy", "server_busy"))
    note = (
        f"Server: {server}. {USERS} users, no wait; median of {len(found)} pairs of {turns * TURN_S:g} s each, in "
        f"turns of {TURN_S:g} s, counted by the server, which used {max(server_busy):.0%} of its core at most. "
        f"The generators got {min(busy):.0%} to {max(busy):.0%} of theirs."
    )
    if ceiling is None:
        note += " wrk was left out: it is not on PATH (apt-get install wrk)."
    return Table("against-locust", HEAD, rows, [note])


def _speeds(turns: list[Turn]) -> list[str]:
    rates = Spread.of([turn.rate for turn in turns]).cells(as_count)
    return [*rates, *Spread.of([turn.per_cpu for turn in turns]).cells(as_count)]
