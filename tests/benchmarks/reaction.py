"""How fast a standing cluster of two workers obeys: submit, stop, join.

The demo shop's own clock says when the first and the last request came. Everything runs on one machine, so that clock,
ours and that of the cluster are the same.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from benchmarks.spread import as_ms, nearest_rank
from benchmarks.standing import await_idle, standing_cluster
from benchmarks.table import Table
from cluster.harness import KEY, Cluster, Shop, finish, reach, wait_until

from loadgen.bus import Agreement, ClusterBus, RunBus
from loadgen.bus.following import Follower
from loadgen.bus.keys import frames_key
from loadgen.cli.submission import read_plan, submit
from loadgen.messages import ControlMessage, Frame, StopMode, unpack_tally

WORKERS = 2
RATE = 200
"""Requests per second: a stop is seen to within 5 ms."""

Found = dict[str, list[float]]

SUBMIT = "`submit` called → first request at the shop"
SUBMIT_COMMAND = "`loadgen submit` typed → first request at the shop"
STOP = "`stop --now` said → last request at the shop"
STOP_COMMAND = "`loadgen stop --now` typed → last request at the shop"
START = "`loadgen worker` typed → registered"
JOIN = "worker registered → its share holds"
FRAME = "worker registered → its first frame with arrivals is in Redis"


def measure(quick: bool) -> list[Table]:
    """Milliseconds of each reaction."""
    times, typed = (3, 1) if quick else (20, 10)
    found: Found = {what: [] for what in (SUBMIT, SUBMIT_COMMAND, STOP, STOP_COMMAND, START, JOIN, FRAME)}
    with standing_cluster(WORKERS) as cluster:
        shop = cluster.shop()
        plan = _plan(cluster, shop)
        for number in range(times + typed):
            _start_and_stop(cluster, shop, plan, found, typed=number >= times)
        _joins(cluster, plan, found, times)
    rows = [[what, *_cells(seconds), str(len(seconds))] for what, seconds in found.items()]
    note = (
        f"{WORKERS} workers, {RATE} requests/s, one request a shopper. A run starts "
        "0.6 s after its workers are ready, so that all start together; a new share holds 0.7 s after it is announced; "
        "a frame is closed at the end of its second. 0 ms: no request came after the stop was said."
    )
    return [Table("reaction", ["what", "median", "p99", "max", "times"], rows, [note])]


def _cells(seconds: list[float]) -> list[str]:
    return [as_ms(nearest_rank(seconds, q)) for q in (0.5, 0.99, 1.0)]


def _plan(cluster: Cluster, shop: Shop) -> Path:
    return cluster.plan(
        {
            "name": "reaction",
            "target": {"base_url": shop.url},
            "journeys": [{"file": "looking.py", "user": "OnePage"}],
            "load": [{"shape": {"constant": {"at": f"{RATE}/s", "for": "10m"}}}],
            "graceful_stop": "5s",
        }
    )


# -- start and stop


def _start_and_stop(cluster: Cluster, shop: Shop, plan: Path, found: Found, *, typed: bool) -> None:
    loaded = read_plan(plan)
    await_idle(cluster, WORKERS)
    requests.post(f"{shop.url}/_shop/reset", timeout=5).raise_for_status()
    before_s = time.time()
    if typed:
        run = cluster.call("submit", str(plan)).stdout.split()[0]
    else:
        run = submit(cluster.bus, loaded, KEY.encode()).run
    first_s: float = wait_until(lambda: shop.stats()["first_request_at"], "the first request")
    found[SUBMIT_COMMAND if typed else SUBMIT].append(first_s - before_s)
    wait_until(lambda: shop.stats()["requests_total"] > RATE // 2, "the load is there")
    before_s = time.time()
    if typed:
        cluster.call("stop", run, "--now")
    else:
        ClusterBus(cluster.bus).say(ControlMessage(kind="stop", run=run, mode=StopMode.NOW, reason="benchmark"))
    finish(Follower(cluster.bus, run))
    last_s: float = shop.stats()["last_request_at"]
    found[STOP_COMMAND if typed else STOP].append(max(0.0, last_s - before_s))


# -- join


def _joins(cluster: Cluster, plan: Path, found: Found, times: int) -> None:
    """In one long run a third worker comes and goes."""
    await_idle(cluster, WORKERS)
    follower = cluster.submit(plan)
    reach(follower, 1)
    frames = _Frames(cluster, follower.record.run)
    for _ in range(times):
        _join(cluster, follower, frames, found)
    cluster.call("stop", follower.record.run, "--now")
    finish(follower)


def _join(cluster: Cluster, follower: Follower, frames: _Frames, found: Found) -> None:
    bus = RunBus(cluster.bus, follower.record.run)
    before = set(cluster.members())
    started_s = time.time()
    child = cluster.start("worker", "--processes", "1")
    (name,) = _soon(lambda: set(cluster.members()) - before)
    registered_s = time.time()
    seat = _soon(lambda: next((s for s in [bus.seat(name)] if s is not None and (s.offer or s.pieces)), None))
    _soon(lambda: bus.hear(seat.epoch, "", 0.0) is Agreement.SURE)
    framed_s = frames.first_with_arrivals(name)
    found[START].append(registered_s - started_s)
    found[JOIN].append(seat.start_s + seat.latest_s - registered_s)
    found[FRAME].append(framed_s - registered_s)
    child.send_signal(signal.SIGTERM)
    wait_until(lambda: name not in cluster.members(), "the worker leaves", seconds=30)
    child.wait(timeout=30)


class _Frames:
    """The run's stream of frames, read as it grows: a sealed frame is taken away soon after."""

    def __init__(self, cluster: Cluster, run: str) -> None:
        self._redis: Any = cluster.bus.client
        self._key = frames_key(run, 0)
        self._position = "$"

    def first_with_arrivals(self, worker: str) -> float:
        """When the first frame of a worker in which shoppers arrived came to Redis, by Redis' clock, seconds."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            answer = self._redis.xread({self._key: self._position}, block=200)
            for entry_id, fields in _entries(answer):
                self._position = entry_id
                frame = Frame.decode(fields[b"f"])
                if frame.worker == worker and unpack_tally(frame.tally).arrivals_total().started:
                    return int(entry_id.partition("-")[0]) / 1000
        raise AssertionError(f"no frame of {worker} with arrivals within 20 s")


def _entries(answer: Any) -> list[tuple[str, dict[bytes, bytes]]]:
    streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer or []]
    return [(entry_id.decode(), fields) for entries in streams for entry_id, fields in entries]


def _soon(condition: Callable[[], Any]) -> Any:
    """The first true value, looked for every few milliseconds."""
    deadline = time.monotonic() + 20
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError("did not happen within 20 s")
        time.sleep(0.003)
    return value
