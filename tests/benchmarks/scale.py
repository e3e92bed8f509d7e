"""How many workers a coordinator and a Redis take: ``loadgen simulate``, once for each number of workers."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.table import Table

from loadgen.children import loadgen_command, start_child, stop_child
from loadgen.units import format_bytes

WORKERS = (100, 1_000, 3_000, 6_000)
QUICK = (10, 50)

REQUESTS = 500
"""Of each worker, a second."""

LIMIT_S = 240.0
"""No simulation takes longer; on a machine that is busy with other things it may be late with everything."""

HEAD = [
    "workers",
    "frames/s",
    "coordinator, a frame",
    "its core",
    "sealed after, p50",
    "p99",
    "goal",
    "longest",
    "Redis, of a core",
    "memory",
    "MB/s in",
    "MB/s out",
    "simulated workers, cores",
    "sent after, p99",
    "counted / sent",
    "kept pace",
]


def measure(quick: bool) -> list[Table]:
    """A row for each number of workers."""
    seconds = 2 if quick else 20
    found = [_simulated(workers, seconds) for workers in (QUICK if quick else WORKERS)]
    size = format_bytes(found[-1]["frame_bytes"])
    how = (
        f"Simulated workers, each with {REQUESTS} requests/s in 20 series, one frame of {size} a second, for {seconds} "
        "s; real coordinator, real Redis on the same machine, metrics read every 5 s. A second counts as sealed when "
        "its last frame is; *sent after* is when the simulated workers had sent it. CPU of the coordinator: all of it, "
        "leases and metrics too, divided by the frames; the loop that turns ten times a second costs 2 to 3 % of a "
        "core by itself, which is most of it where workers are few."
    )
    limits = (
        "Not simulated: four connections of each worker, and the network between machines. Where the simulated workers "
        "sent late, this machine had not enough cores for them: what was sealed late says nothing of the coordinator."
    )
    return [Table("scale", HEAD, [_row(told) for told in found], [how, limits])]


def _simulated(workers: int, seconds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="loadgen-bench-") as folder:
        told = Path(folder) / "told.json"
        words = ["--workers", str(workers), "--requests", str(REQUESTS), "--for", f"{seconds}s", "--json", str(told)]
        child = start_child(loadgen_command("simulate", *words), stdout=subprocess.DEVNULL)
        try:
            child.wait(LIMIT_S)
        finally:
            stop_child(child, patience_s=20)
        found: dict[str, Any] = json.loads(told.read_text())  # not there if it failed, and that is said on stderr
    if found["outcome"] not in {"passed", "invalid"}:
        raise AssertionError(f"the run of {workers} simulated workers: {found['reason']}")
    if found["differences"]:
        raise AssertionError(f"the run of {workers} simulated workers: {'; '.join(found['differences'])}")
    return found


def _row(told: dict[str, Any]) -> list[str]:
    return [
        f"{told['workers']:,}",
        f"{told['frames_per_s']:,.0f}",
        f"{told['frame_us']:,.0f} µs",
        f"{told['coordinator']:.0%}",
        f"{told['seal_p50_s']:.2f} s",
        f"{told['seal_p99_s']:.2f} s",
        "≤ 1.5 s",
        f"{told['seal_max_s']:.2f} s",
        f"{told['redis']:.0%}",
        format_bytes(told["redis_bytes"]),
        f"{told['in_bytes_per_s'] / 1e6:.1f}",
        f"{told['out_bytes_per_s'] / 1e6:.1f}",
        f"{told['simulators']:.2f}",
        f"{told['sent_p99_s']:.2f} s",
        f"{told['requests_counted']:,} / {told['requests_sent']:,}",
        "yes" if told["kept_pace"] else "senders were late" if told["sent_p99_s"] > 0.6 else "no",
    ]
