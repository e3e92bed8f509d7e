"""A cluster of real processes for one test, the demo shop, and waiting for conditions."""

import contextlib
import itertools
import json
import os
import subprocess
import time
from pathlib import Path

import requests

from loadgen.bus import Bus, connect
from loadgen.bus.following import Follower
from loadgen.children import loadgen_command, start_child, stop_child
from loadgen.cli.submission import read_plan, submit
from loadgen.errors import BusError
from loadgen.messages import RunState

KEY = "a key for tests"
JOURNEYS = Path(__file__).parent / "journeys"


def wait_until(condition, what: str, seconds: float = 20.0):
    """Wait for a condition; its first true value is returned."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"did not happen within {seconds} s: {what}")


class Cluster:
    """Processes of one test. Everything is stopped by its pid at the end."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder, self.redis_url = folder, redis_url
        self.bus: Bus = connect(redis_url)
        self.children: list[subprocess.Popen] = []

    def start(self, *args: str, key: str = KEY, stdout=subprocess.DEVNULL) -> subprocess.Popen:
        """Start a loadgen command against this cluster's Redis."""
        log = (self.folder / f"{args[0]}-{len(self.children)}.log").open("wb")
        with log:
            env = {"LOADGEN_REDIS": self.redis_url, "LOADGEN_KEY": key}
            child = start_child(loadgen_command(*args), env=env, stdout=stdout, stderr=log)
        self.children.append(child)
        return child

    def call(self, *args: str, key: str = KEY, timeout: float = 60) -> subprocess.CompletedProcess:
        """Run a loadgen command to its end."""
        env = {**os.environ, "LOADGEN_REDIS": self.redis_url, "LOADGEN_KEY": key}
        return subprocess.run(
            loadgen_command(*args), env=env, capture_output=True, text=True, timeout=timeout, check=False
        )

    def shop(self, *args: str) -> "Shop":
        """Open a demo shop."""
        child = self.start("demo-shop", "--port", "0", *args, stdout=subprocess.PIPE)
        with child.stdout as output:
            line = output.readline().decode()
        return Shop(line.split(" on ")[1].split()[0])

    def workers(self, processes: int, *args: str, key: str = KEY) -> subprocess.Popen:
        """Start worker processes and wait until they have joined."""
        before = len(self.members())
        child = self.start("worker", "--processes", str(processes), *args, key=key)
        wait_until(lambda: len(self.members()) >= before + processes, "workers join")
        return child

    def nodes(self, count: int, *args: str) -> list[subprocess.Popen]:
        """Start machines of one worker process each, all at once, and wait until they have joined."""
        before = len(self.members())
        children = [self.start("worker", "--processes", "1", *args) for _ in range(count)]
        wait_until(lambda: len(self.members()) >= before + count, "the machines join")
        return children

    def members(self) -> dict:
        """Workers on the list."""
        from loadgen.bus import ClusterBus

        return ClusterBus(self.bus).members()

    def plan(self, text: dict) -> Path:
        """Write a plan whose journeys are those beside these tests."""
        path = self.folder / f"{text['name']}.json"
        for journey in text["journeys"]:
            journey["file"] = os.path.relpath(JOURNEYS / journey["file"], self.folder)
        path.write_text(json.dumps(text))
        return path

    def submit(self, plan: Path, key: str = KEY) -> Follower:
        """Put a run into the queue, from this process."""
        return Follower(self.bus, submit(self.bus, read_plan(plan), key.encode()).run)

    def stop(self) -> None:
        """Stop all that was started, the latest first."""
        for child in reversed(self.children):
            stop_child(child, patience_s=15)
            if child.stdout:
                child.stdout.close()
        self.bus.close()

    def logs(self) -> str:
        """What all processes said, for a failing test."""
        return "\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in sorted(self.folder.glob("*.log")))


class Shop:
    """The demo shop's own counters: the independent truth."""

    def __init__(self, url: str) -> None:
        self.url = url

    def stats(self) -> dict:
        return requests.get(f"{self.url}/_shop/stats", timeout=5).json()

    def fault(self, **fault) -> None:
        requests.post(f"{self.url}/_shop/faults", json=fault, timeout=5).raise_for_status()


def look(follower: Follower) -> None:
    """Take in what is new of a run; a Redis that does not answer has nothing new."""
    with contextlib.suppress(BusError):
        follower.look()


def finish(follower: Follower, seconds: float = 60.0) -> Follower:
    """Follow a run to its end."""

    def ended() -> bool:
        look(follower)
        return follower.finished

    wait_until(ended, f"run {follower.record.run} ends", seconds)
    return follower


def reach(follower: Follower, second: int, seconds: float = 30.0) -> None:
    """Follow a run until a second of it is sealed."""

    def sealed() -> bool:
        look(follower)
        assert follower.record.state is not RunState.FINISHED, follower.record.detail
        return follower.stats.last_second >= second

    wait_until(sealed, f"second {second} is sealed", seconds)


def assert_all_expire(cluster: Cluster) -> None:
    """No run has ended that leaves a key in Redis for ever."""
    client = cluster.bus.client

    def for_ever() -> list[bytes]:
        return [key for key in client.scan_iter(match="{run:*") if client.ttl(key) < 0]

    wait_until(lambda: not for_ever(), "all keys of runs expire", 5)


def ended_by_itself(follower: Follower) -> bool:
    """Whether nothing cut a run short. (On a starved machine its generator may rightly call itself invalid.)"""
    return follower.record.verdict.outcome in {"passed", "invalid"}


def one_page(shop: Shop, seconds: float, rate: int = 40, **more) -> dict:
    """A plan in which each shopper sends one request: what the shop counts is what arrived."""
    return {
        "name": "one-page",
        "target": {"base_url": shop.url},
        "journeys": [{"file": "looking.py", "user": "OnePage"}],
        "load": [{"shape": {"constant": {"at": f"{rate}/s", "for": f"{seconds:g}s"}}}],
        "graceful_stop": "5s",
        **more,
    }


def assert_exact(follower: Follower, shop: Shop, *, missed: bool = False) -> None:
    """Every arrival of a finished run of :func:`one_page` is accounted for, and each request counted once.

    Args:
        follower: the run.
        shop: its independent count.
        missed: whether some arrivals may have been missed.
    """
    total, served = follower.stats.total, shop.stats()["requests_total"]
    arrivals = total.arrivals_total()
    assert (total.requests, total.sent, total.in_flight) == (served, served, 0)
    assert arrivals.started == served
    assert arrivals.started + arrivals.missed + arrivals.dropped == follower.stats.planned
    assert arrivals.dropped == 0
    assert (arrivals.missed > 0) == missed, arrivals
    assert sum(worker.requests for worker in follower.record.workers.values()) == served
    assert follower.record.silences == []
    assert_never_above_plan(follower)


def assert_accounted_for(follower: Follower, shop: Shop) -> None:
    """Worker processes of a run of :func:`one_page` were killed: what they counted is there, to the last request.

    What was on the wire when a process died has been answered by the shop or not: nobody can know.
    """
    total, served = follower.stats.total, shop.stats()["requests_total"]
    arrivals = total.arrivals_total()
    assert arrivals.started + arrivals.missed + arrivals.dropped == follower.stats.planned
    in_flight = sum(worker.in_flight for worker in follower.record.workers.values())  # of killed ones for good
    assert total.sent == total.requests + in_flight
    assert total.requests <= served <= total.sent <= arrivals.started
    assert not [worker.balance for worker in follower.record.workers.values() if worker.balance.gap]
    assert follower.record.silences == [], "their supervisors told what they had counted"
    assert_never_above_plan(follower)


def assert_never_above_plan(follower: Follower) -> None:
    """By no second of a run more shoppers had been started than the plan asked for by then."""
    rows = follower.stats.timeline()
    by_now = itertools.accumulate(row.tally.arrivals_total().started for row in rows)
    planned = [*itertools.accumulate(row.planned for row in rows), follower.stats.planned]
    for row, started, soon in zip(rows, by_now, planned[1:], strict=True):  # a starved worker closes a second late
        assert started <= soon, f"by second {row.second}: {started}, and {soon} a second later"
