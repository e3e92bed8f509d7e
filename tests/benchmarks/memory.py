"""Memory of a shopper who waits with an open connection: loadgen's, and Locust's ``FastHttpUser``.

Each kind waits in a process of its own (:mod:`benchmarks.waiting`); nginx holds the other ends in another.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.nginx import MISSING, Nginx, nginx_program
from benchmarks.site import running_site
from benchmarks.table import Table

from loadgen.children import start_child, stop_child

FOUND_HERE = {"PYTHONPATH": f"{Path(__file__).resolve().parents[1]}:{os.environ.get('PYTHONPATH', '')}"}
"""Where a process started from here finds this package, and the loadgen that is measured."""

SHOPPERS = 20_000
QUICK = 1_000

SPARE_FILES = 300
"""Beside its connections a process has files open."""

SPARE_PORTS = 2_000
"""Others need some, too."""

LIMIT_S = 300.0
"""For one kind."""

ROWS = (
    ("loadgen, `Shopper`", "loadgen", "plain", "≤ 15 KB", SHOPPERS),
    ("Locust, `FastHttpUser`", "locust", "plain", "", SHOPPERS),
    ("loadgen, `Shopper`, over TLS", "loadgen", "tls", "", SHOPPERS),
    ("Locust, `FastHttpUser`, over TLS", "locust", "tls", "", 2_000),
)
"""Title, kind, port, goal, and how many: each of Locust's users over TLS takes nearly a megabyte."""

HEAD = ["each of them", "resident (RSS)", "goal", "its own (USS)", "shoppers"]


def measure(quick: bool) -> list[Table]:
    """Bytes of each kind."""
    if nginx_program() is None:
        return [Table("memory", HEAD, notes=[f"Left out: {MISSING}."])]
    files = _raise_limit()
    room = min(QUICK if quick else SHOPPERS, files - SPARE_FILES, _ports() - SPARE_PORTS)
    rows = []
    with running_site(["plain"], ["tls"], connections=room + SPARE_FILES // 2) as (server, _):
        for title, kind, port, goal, wanted in ROWS:
            found = _waiting(kind, server, port, min(wanted, room))
            sizes = [_kb(found["rss_bytes"]), goal, _kb(found["uss_bytes"])]
            rows.append([title, *sizes, f"{min(wanted, room):,}"])
    note = (
        "All in one process, each after one request, thinking, with its connection open; the difference that all but "
        "the first of them made, divided by their number. KB: 1,000 bytes."
    )
    if room < SHOPPERS and not quick:
        note += f" More than {room:,} cannot be: this system allows {files:,} open files and {_ports():,} local ports."
    return [Table("memory", HEAD, rows, [note])]


def _waiting(kind: str, server: Nginx, port: str, wanted: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.waiting", kind, server.url(port), str(wanted)]
    child = start_child(command, env=FOUND_HERE, stdout=subprocess.PIPE)
    try:
        output, _ = child.communicate(timeout=LIMIT_S)
    finally:
        stop_child(child)
    if child.returncode:
        raise AssertionError(f"{kind} on the {port} port ended with {child.returncode}")
    return json.loads(output.splitlines()[-1])


def _raise_limit() -> int:
    """Let this process and its children open as many files as they may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most if most != resource.RLIM_INFINITY else sys.maxsize


def _ports() -> int:
    """Local ports to one address."""
    least, most = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    return int(most) - int(least) + 1


def _kb(size_bytes: float) -> str:
    return f"{size_bytes / 1000:.1f} KB"
