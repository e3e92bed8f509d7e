"""How late shoppers start: one worker process, one stream of the open model, a request for each shopper.

::

    core a   the worker process, which has all arrivals
    core b   nginx, Valkey, the coordinator, ``loadgen run``

The figures are those of the run's own report: what every user sees of every run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.cores import on_core, two_cores
from benchmarks.generators import run_plan
from benchmarks.nginx import MISSING, nginx_program
from benchmarks.site import running_site
from benchmarks.table import Table

RATES = (500, 1000, 2000)

GOALS = {2000: "≤ 5 ms"}

LIMIT_S = 90.0
"""Beside the load itself: start, last shoppers, report."""

HEAD = ["arrivals", "lag p50", "p99", "goal", "max", "started", "late", "dropped or missed", "CPU mean", "CPU max"]


def measure(quick: bool) -> list[Table]:
    """The lag at each rate."""
    cores = two_cores()
    if cores is None or nginx_program() is None:
        lacking = MISSING if cores else "it needs two cores, one for the worker alone"
        return [Table("arrivals", HEAD, notes=[f"Left out: {lacking}."])]
    seconds = 3 if quick else 30
    with on_core(cores[1]), running_site(["shop"]) as (server, folder):
        rows = [_row(rate, _run(rate, seconds, server.url("shop"), folder, cores[0])) for rate in RATES]
    note = (
        f"One worker process on a core of its own, evenly spaced arrivals for {seconds} s, a new shopper with a new "
        "connection and one GET of 1 KB for each; all of the run, its first second too. Late: started more than 50 ms "
        "after it was due. CPU: of the worker, as it reports it."
    )
    return [Table("arrivals", HEAD, rows, [note])]


def _run(rate: int, seconds: int, url: str, folder: Path, core: int) -> dict[str, Any]:
    plan = {
        "name": f"arrivals-{rate}",
        "target": {"base_url": url},
        "journeys": [{"file": "shoppers.py", "user": "Page"}],
        "load": [{"shape": {"constant": {"at": f"{rate}/s", "for": f"{seconds}s"}}}],
        "graceful_stop": "10s",
    }
    return run_plan(folder, core, plan, seconds + LIMIT_S)


def _row(rate: int, summary: dict[str, Any]) -> list[str]:
    arrivals, (worker,) = summary["arrivals"], summary["workers"]
    if summary["totals"]["failures"]:
        raise AssertionError(f"{summary['totals']['failures']} requests failed at {rate}/s")
    lag = {name: _ms(arrivals["lag_s"][name]) for name in ("p50", "p99", "max")}
    not_started = arrivals["dropped"] + arrivals["missed"]
    counts = [f"{count:,}" for count in (arrivals["started"], arrivals["late"], not_started)]
    cpu = [f"{worker[name]:.0%}" for name in ("cpu_mean", "cpu_max")]
    return [f"{rate:,}/s", lag["p50"], lag["p99"], GOALS.get(rate, ""), lag["max"], *counts, *cpu]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"
