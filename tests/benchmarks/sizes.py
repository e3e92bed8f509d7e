"""What travels and what stays: bytes of a frame, and memory of a finished run in Redis."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

from benchmarks.sample_frames import SERIES, STEPS, frame_of
from benchmarks.standing import await_idle, standing_cluster
from benchmarks.table import Table
from cluster.harness import Cluster, finish

from loadgen.bus.keys import run_key
from loadgen.units import format_bytes

JOURNEYS = Path(__file__).parents[2] / "journeys"
WORKERS = 2


def measure(quick: bool) -> list[Table]:
    """Both."""
    seconds = 5 if quick else 60
    rows = []
    for requests in (500, 5_000):
        size = len(frame_of(0, 0, requests, random.Random(7)).encode())
        what = f"one frame of {requests:,} requests in {SERIES} series, {2 * len(STEPS)} steps of the funnel"
        rows.append([what, format_bytes(size)])
    with standing_cluster(WORKERS) as cluster:
        shop = cluster.shop()
        await_idle(cluster, WORKERS)
        follower = finish(cluster.submit(_plan(cluster, shop.url, seconds)), seconds + 60)
        memory = _memory(cluster, follower.record.run)
        total = follower.stats.total
    for part, size in sorted(memory.items(), key=lambda item: -item[1]):
        rows.append([f"finished run of {seconds} s: `{part}`", format_bytes(size)])
    rows.append([f"**finished run of {seconds} s: all keys**", f"**{format_bytes(sum(memory.values()))}**"])
    note = (
        f"The run: {WORKERS} workers, {total.arrivals_total().started:,} shoppers, {total.requests:,} requests in "
        f"{len(total.series)} series. `MEMORY USAGE` with every element sampled. Frames are gone when they are sealed, "
        f"and a finished run expires after a week."
    )
    return [Table("sizes", ["what", "size"], rows, [note])]


def _plan(cluster: Cluster, url: str, seconds: int) -> Path:
    path = cluster.folder / "minute.json"
    journeys = [("browse.py", "Browser", 70), ("buy.py", "GuestBuyer", 30)]
    plan: dict[str, Any] = {
        "name": "minute",
        "target": {"base_url": url},
        "journeys": [
            {"file": os.path.relpath(JOURNEYS / file, cluster.folder), "user": user, "weight": weight}
            for file, user, weight in journeys
        ],
        "load": [{"shape": {"constant": {"at": "10/s", "for": f"{seconds}s"}}}],
    }
    path.write_text(json.dumps(plan))
    return path


def _memory(cluster: Cluster, run: str) -> dict[str, int]:
    """Bytes of each of a run's keys, by part."""
    redis: Any = cluster.bus.client
    begin = run_key(run, "").removesuffix("}:")
    keys = [key.decode() for key in redis.scan_iter(match="*") if key.decode().startswith(begin)]
    return {key.rpartition(":")[2]: int(redis.memory_usage(key, samples=0)) for key in keys}
