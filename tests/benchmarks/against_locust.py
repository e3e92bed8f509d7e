"""Requests per second of one worker process, against Locust with the same locustfile.

::

    core a   the generators, in turns: Locust, or one loadgen worker process
    core b   the web server; Valkey, the coordinator and ``loadgen run`` for loadgen

    Locust                   ▐██▌        ▐██▌           a turn is half a second; the others are stopped meanwhile
    loadgen, same file          ▐██▌        ▐██▌        a round is twelve turns of each: six seconds against six
    loadgen, own client            ▐██▌        ▐██▌

Turns are short because a machine changes its speed by the second, and all must have the same share of that. The server
counts. Beside requests per second stand requests per second of CPU that the generator got: where another process took
part of its core, the first suffers and the second hardly.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.cores import on_core, two_cores
from benchmarks.generators import LOCUSTFILE, OWN_CLIENT, Generator, Turn, loadgen, locust
from benchmarks.spread import Spread, as_count, as_ratio
from benchmarks.table import Table
from benchmarks.web_server import WebServer, web_server

USERS = 32
TURN_S = 0.5

TITLES = ["Locust", "loadgen, the same file", "loadgen, its own client"]

HEAD = ["", "requests/s", "least to most", "per second of CPU", "least to most", "recorded / served"]


def measure(quick: bool) -> list[Table]:
    """Requests/s of each, and the ratio to Locust of each round."""
    rounds, turns = (3, 2) if quick else (9, 12)
    cores = two_cores()
    if cores is None:
        return [Table("against-locust", HEAD, notes=["Left out: it needs two cores, one for the generator alone."])]
    with tempfile.TemporaryDirectory(prefix="loadgen-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # nginx may read its page as another user
        stack.enter_context(on_core(cores[1]))
        server = stack.enter_context(web_server(folder))
        ceiling = _wrk(server, cores[0], 1 if quick else 10)
        generators = [
            stack.enter_context(locust(server, folder, cores[0], USERS)),
            stack.enter_context(loadgen(server, folder, cores[0], USERS, LOCUSTFILE)),
            stack.enter_context(loadgen(server, folder, cores[0], USERS, OWN_CLIENT)),
        ]
        found = [_round(generators, turns) for _ in range(rounds)]
        counts = [f"{one.finish():,} / {one.served:,}" for one in generators]
        return [_table(found, counts, ceiling, server.name, turns)]


def _round(generators: list[Generator], turns: int) -> list[Turn]:
    """One sum of turns for each generator."""
    taken = [[generator.turn(TURN_S) for generator in generators] for _ in range(turns)]
    return [Turn.sum(list(of_one)) for of_one in zip(*taken, strict=True)]


def _wrk(server: WebServer, core: int, seconds: int) -> float | None:
    """Requests/s of wrk; None where it is not installed."""
    program = shutil.which("wrk")
    if program is None:
        return None
    command = [program, "-t1", f"-c{USERS}", f"-d{seconds}s", f"{server.url}{server.path}"]
    with on_core(core):
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None:
        raise AssertionError(f"wrk said {done.stdout!r}")
    return float(found[1])


def _table(found: list[list[Turn]], counts: list[str], ceiling: float | None, server: str, turns: int) -> Table:
    rows = []
    for number, title in enumerate(TITLES):
        own = [of_round[number] for of_round in found]
        speeds = (Spread.of([turn.rate for turn in own]), Spread.of([turn.per_cpu for turn in own]))
        rows.append([title, *speeds[0].cells(as_count), *speeds[1].cells(as_count), counts[number]])
    for number, title in list(enumerate(TITLES))[1:]:
        pairs = [(of_round[number], of_round[0]) for of_round in found]
        rates = Spread.of([ours.rate / theirs.rate for ours, theirs in pairs])
        per_cpu = Spread.of([ours.per_cpu / theirs.per_cpu for ours, theirs in pairs])
        rows.append([f"**{title} ÷ Locust**", *rates.cells(as_ratio), *per_cpu.cells(as_ratio), ""])
    if ceiling is not None:
        rows.append(["wrk, the ceiling of this server", as_count(ceiling), "", "", "", ""])
    busy, server_busy = ([getattr(turn, name) for one in found for turn in one] for name in ("busy", "server_busy"))
    note = (
        f"Server: {server}. {USERS} users, no wait; median of {len(found)} rounds of {turns * TURN_S:g} s each, in "
        f"turns of {TURN_S:g} s, counted by the server, which used {max(server_busy):.0%} of its core at most. "
        f"The generators got {min(busy):.0%} to {max(busy):.0%} of theirs."
    )
    if ceiling is None:
        note += " wrk was left out: it is not on PATH (apt-get install wrk)."
    return Table("against-locust", HEAD, rows, [note])
