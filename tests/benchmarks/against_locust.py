"""Requests per second of one worker process, against Locust with the same locustfile.

::

    core a   the generators, in turns: Locust, or one loadgen worker process
    core b   the web server; Valkey, the coordinator and ``loadgen run`` for loadgen

What is compared is the loop and the counting around one and the same client, and the move to ours by one import. The
client itself has cases of its own (:mod:`benchmarks.http_client`). Beside requests per second stand requests per second
of CPU that the generator got: where another process took part of its core, the first suffers and the second hardly.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.cores import on_core, two_cores
from benchmarks.generators import LOCUSTFILE, OWN_CLIENT, loadgen_file, locust
from benchmarks.spread import Spread, as_count, as_ratio
from benchmarks.table import Table
from benchmarks.turns import TURN_S, Pair, Turn, take_turns
from benchmarks.web_server import web_server

USERS = 32

OURS = {LOCUSTFILE: "loadgen, the same file", OWN_CLIENT: "loadgen, its own client"}

HEAD = ["", "requests/s", "least to most", "per second of CPU", "least to most", "recorded / served"]


def measure(quick: bool) -> list[Table]:
    """Requests/s of each, and the ratio to Locust of each round."""
    rounds, turns = (3, 2) if quick else (9, 8)
    cores = two_cores()
    if cores is None:
        return [Table("against-locust", HEAD, notes=["Left out: it needs two cores, one for the generator alone."])]
    with tempfile.TemporaryDirectory(prefix="loadgen-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # nginx may read its page as another user
        stack.enter_context(on_core(cores[1]))
        server = stack.enter_context(web_server(folder))
        where = (server, folder, cores[0], USERS, server.url, server.path)
        theirs = stack.enter_context(locust(*where, LOCUSTFILE))
        ours = [stack.enter_context(loadgen_file(*where, file)) for file in OURS]
        found = [[take_turns(one, theirs, turns) for one in ours] for _ in range(rounds)]
        counts = [f"{one.finish():,} / {one.served:,}" for one in (theirs, *ours)]
        return [_table([list(pairs) for pairs in zip(*found, strict=True)], counts, server.name, turns)]


def _table(found: list[list[Pair]], counts: list[str], server: str, turns: int) -> Table:
    rows = [_row("Locust", [pair.theirs for pairs in found for pair in pairs], counts[0])]
    for title, pairs, count in zip(OURS.values(), found, counts[1:], strict=True):
        rows.append(_row(title, [pair.ours for pair in pairs], count))
    for title, pairs in zip(OURS.values(), found, strict=True):
        rates = Spread.of([pair.rates for pair in pairs])
        per_cpu = Spread.of([pair.per_cpu for pair in pairs])
        rows.append([f"**{title} ÷ Locust**", *rates.cells(as_ratio), *per_cpu.cells(as_ratio), ""])
    turned = [turn for pairs in found for pair in pairs for turn in pair]
    note = (
        f"Server: {server}. {USERS} users, no wait; medians of {len(found[0])} pairs of {turns * TURN_S:g} s each, in "
        f"turns of {TURN_S:g} s, counted by the server, which used {max(turn.server_busy for turn in turned):.0%} of "
        f"its core at most. The generators got {min(turn.busy for turn in turned):.0%} to "
        f"{max(turn.busy for turn in turned):.0%} of theirs."
    )
    return Table("against-locust", HEAD, rows, [note])


def _row(title: str, turns: list[Turn], count: str) -> list[str]:
    rates, per_cpu = Spread.of([turn.rate for turn in turns]), Spread.of([turn.per_cpu for turn in turns])
    return [title, *rates.cells(as_count), *per_cpu.cells(as_count), count]
