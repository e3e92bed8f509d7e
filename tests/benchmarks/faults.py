"""What a fault does to the load, at the target: nginx notes when each request came, and from which process.

Real processes are killed and cut off, again and again, while a run goes on. On one machine all clocks are the same, and
so is what lies in its memory: what a machine that is lost had counted, the next one that is started here finds.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import accumulate
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from benchmarks.arriving import Arriving, arriving, spread_cells
from benchmarks.nginx import MISSING, nginx_program
from benchmarks.spread import as_ms, nearest_rank
from benchmarks.standing import await_idle
from benchmarks.table import Table
from cluster.cutting import Cutting
from cluster.harness import Cluster, finish, look, reach, wait_until

from loadgen.bus import ClusterBus, EmbeddedServer
from loadgen.bus.following import Follower
from loadgen.children import stop_child
from loadgen.messages import ControlMessage, StopMode

RATE = 200
"""Arrivals a second; 20 in each window of 100 ms."""

LEASE_S = 5.0
WATCHED_S = 4.0
"""So long after the load is back it is still looked at."""

LEAST = 0.75
"""Half of the load is lost with half of the workers: a window with less than this is not on plan."""

MANY = 8
"""Worker processes that are told to stop."""

HEAD = ["what", "median", "from … to", "goal", "times"]


def measure(quick: bool) -> list[Table]:
    """Seconds and shares of each fault."""
    if nginx_program() is None:
        return [Table("faults", HEAD, notes=[f"Left out: {MISSING}."])]
    times = 1 if quick else 7
    rows: list[list[str]] = []
    ended: list[Follower] = []
    served = 0
    for part in (_coordinators_and_processes, _machines):
        with _stage() as (cluster, target):
            follower = part(cluster, target, times, rows)
            _stop(cluster, follower)
            served += len(target.came())
            ended.append(follower)
    with _stage() as (cluster, target):
        _seals_and_stops(cluster, target, times, 10 if quick else 60, rows)
    rows += _account(ended, served)
    note = (
        f"{RATE} arrivals/s of one request each; nginx notes each to the millisecond. A dent: by how much the weakest "
        f"of all windows of 100 ms fell short of the {RATE // 10} arrivals planned for it. Back on plan: after the "
        f"middle of the last half second with less than {LEAST:.0%} of its arrivals; half of the workers are gone. "
        f"Leases are {LEASE_S:g} s. What a process had on the wire when it was killed may be served and not counted."
    )
    return [Table("faults", HEAD, rows, [note])]


@contextmanager
def _stage() -> Iterator[tuple[Cluster, Arriving]]:
    """A cluster without processes, and a target."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loadgen-bench-")))
        (folder / "nginx").mkdir()
        target = stack.enter_context(arriving(folder / "nginx"))
        server = stack.enter_context(EmbeddedServer())
        cluster = Cluster(folder, server.url)
        stack.callback(cluster.bus.close)
        try:
            yield cluster, target
        finally:
            for child in reversed(cluster.children):
                if child.poll() is None:
                    stop_child(child, patience_s=15)


def _begin(cluster: Cluster, target: Arriving) -> Follower:
    plan = {
        "name": "faults",
        "target": {"base_url": target.url},
        "journeys": [{"file": "named.py", "user": "Named"}],
        "load": [{"shape": {"constant": {"at": f"{RATE}/s", "for": "30m"}}}],
        "graceful_stop": "5s",
    }
    follower = cluster.submit(cluster.plan(plan))
    reach(follower, 2)
    return follower


def _stop(cluster: Cluster, follower: Follower) -> float:
    """Stop a run; when that was said, by the clock of this machine."""
    said_s = time.time()
    stop = ControlMessage(kind="stop", run=follower.record.run, mode=StopMode.NOW, reason="benchmark")
    ClusterBus(cluster.bus).say(stop)
    finish(follower)
    return said_s


def _carried_by(target: Arriving, workers: int) -> None:
    wait_until(lambda: len(target.senders(0.5)) == workers, f"{workers} processes carry the load", 60)
    time.sleep(1.0)  # the fault is to come when nothing else happens


def _watched(target: Arriving, since_s: float, for_s: float) -> float:
    """Let so many seconds go by; how long after the first of them the load was back on plan."""
    time.sleep(max(0.0, since_s + for_s - time.time()))
    return target.back_after(RATE, since_s, since_s + for_s, LEAST)


# -- coordinators, processes


def _coordinators_and_processes(cluster: Cluster, target: Arriving, times: int, rows: list[list[str]]) -> Follower:
    cluster.start("coordinator")
    cluster.start("coordinator")
    cluster.workers(2)
    follower = _begin(cluster, target)
    leading: list[float] = []
    dents: list[float] = []
    calm: list[float] = []
    for _ in range(times):
        _carried_by(target, 2)
        leader = ClusterBus(cluster.bus).leader()
        child = next(child for child in cluster.children if f"-{child.pid}-" in leader)
        killed_s = _kill(child)
        wait_until(lambda before=leader: ClusterBus(cluster.bus).leader() not in {"", before}, "another leads", 30)
        leading.append(time.time() - killed_s)
        watched_s = leading[-1] + 2
        _watched(target, killed_s, watched_s)
        dents.append(target.dent(RATE, killed_s, killed_s + watched_s))
        cluster.start("coordinator")
        time.sleep(watched_s)
        now_s = time.time()
        calm.append(target.dent(RATE, now_s - watched_s, now_s))
    backs = []
    for _ in range(times):
        _carried_by(target, 2)
        pid = next(iter(cluster.members().values())).info.pid
        psutil.Process(pid).kill()
        backs.append(_watched(target, time.time(), WATCHED_S))
    rows.append(["leader killed → a standby leads", *spread_cells(leading), "≤ 5 s", str(times)])
    rows.append(["… the load's deepest dent meanwhile", *_percents(dents), "none", str(times)])
    rows.append(["… and as long afterwards, without a fault", *_percents(calm), "", str(times)])
    rows.append(["worker process killed → load back on plan", *spread_cells(backs), "≤ 2 s", str(times)])
    look(follower)
    return follower


def _kill(child: subprocess.Popen[bytes]) -> float:
    child.kill()
    at_s = time.time()
    child.wait()
    return at_s


def _percents(shares: list[float]) -> list[str]:
    return spread_cells([share * 100 for share in shares], 0, " %")


# -- machines


def _machines(cluster: Cluster, target: Arriving, times: int, rows: list[list[str]]) -> Follower:
    cluster.start("coordinator")
    cluster.nodes(1)
    (other,) = cluster.nodes(1)
    follower = _begin(cluster, target)
    lost, cut = [], []
    for _ in range(times):
        _carried_by(target, 2)
        lost.append(_watched(target, _lose(other), LEASE_S + WATCHED_S))
        (other,) = cluster.nodes(1)
    _carried_by(target, 2)
    _leave(other)
    _carried_by(target, 1)
    usual = cluster.redis_url
    place = urlsplit(usual)
    with Cutting(place.port or 6379) as net:
        cluster.redis_url = place._replace(netloc=place.netloc.replace(f":{place.port}", f":{net.port}")).geturl()
        (other,) = cluster.nodes(1)
        for _ in range(times):
            _carried_by(target, 2)
            net.hold()
            cut.append(_watched(target, time.time(), LEASE_S + WATCHED_S))
            net.heal()
        _leave(other)
    cluster.redis_url = usual
    for what, backs in (("lost, its processes killed at once", lost), ("cut off from Redis", cut)):
        rows.append([f"machine {what} → load back on plan", *spread_cells(backs), f"≤ {LEASE_S + 1:g} s", str(times)])
    return follower


def _lose(machine: subprocess.Popen[bytes]) -> float:
    """End a machine at once: nobody of it says a word."""
    supervisor = psutil.Process(machine.pid)
    supervisor.suspend()  # or it might report those who are killed before it
    for process in supervisor.children(recursive=True):
        process.kill()
    return _kill(machine)


def _leave(machine: subprocess.Popen[bytes]) -> None:
    machine.send_signal(signal.SIGTERM)
    machine.wait(timeout=60)


# -- calm


def _seals_and_stops(cluster: Cluster, target: Arriving, times: int, calm_s: int, rows: list[list[str]]) -> None:
    cluster.start("coordinator")
    cluster.workers(MANY)
    lasts: list[float] = []
    lags: list[float] = []
    for number in range(times):
        await_idle(cluster, MANY)
        follower = _begin(cluster, target)
        _carried_by(target, MANY)
        if not number:
            reach(follower, calm_s, calm_s + 30)
        said_s = _stop(cluster, follower)
        lasts += [max(0.0, last_s - said_s) for last_s in target.last_by_worker(said_s).values()]
        lags += [row.sealed_after_s for row in follower.stats.timeline()[:-3]]  # a stop seals the rest at once
    for what, values, goal in (
        ("`stop --now` said → a worker's last request", lasts, "p99 ≤ 1,000 ms"),
        ("end of a second → sealed", lags, "p99 ≤ 1,500 ms"),
    ):
        p50, p99, most = (as_ms(nearest_rank(values, q)) for q in (0.5, 0.99, 1.0))
        rows.append([what, p50, f"p99 {p99}, max {most}", goal, str(len(values))])


# -- the account


def _account(ended: list[Follower], served: int) -> list[list[str]]:
    """What must be 0, over all runs with faults."""
    unknown = 0
    for follower in ended:
        arrivals = follower.stats.total.arrivals_total()
        unknown += abs(follower.stats.planned - arrivals.started - arrivals.missed - arrivals.dropped)
    counted = sum(follower.stats.total.requests for follower in ended)
    wire = sum(worker.in_flight for follower in ended for worker in follower.record.workers.values())
    of_all = f"{counted:,}"
    return [
        ["arrivals started above plan", str(max(map(_above_plan, ended))), "", "0", of_all],
        ["arrivals not known as started, missed or dropped", str(unknown), "", "0", of_all],
        ["requests counted that nginx did not serve", str(max(0, counted - served)), "", "0", of_all],
        ["requests that nginx served and nobody counted", str(max(0, served - counted)), "", f"≤ {wire}", of_all],
    ]


def _above_plan(follower: Follower) -> int:
    """How many arrivals at most had been started at the end of a second beyond those planned a second later.

    A worker that is late to close its second counts into it what it started meanwhile.
    """
    rows = follower.stats.timeline()
    started = accumulate(row.tally.arrivals_total().started for row in rows)
    planned = [*accumulate(row.planned for row in rows), follower.stats.planned]
    return max(0, *(now - soon for now, soon in zip(started, planned[1:], strict=True)))
