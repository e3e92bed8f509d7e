"""Shoppers who made one request and wait, each with its connection open: a process of its own that says what they take.

::

    python -m benchmarks.waiting loadgen|locust URL HOW_MANY      prints one line of JSON

The first thousand or so come before the measurement, so that everything is imported and in its steady state.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Sequence

import gevent
import psutil
from benchmarks.stage import stage
from locust import FastHttpUser, constant, events, task
from locust.env import Environment

from loadgen.journey import Session, Shopper, thinking

FIRST = 1000
TOGETHER = 100
"""So many connect at once: no server's queue of new connections overflows."""

PER_SECOND = 1000
"""Of Locust's users, for the same reason."""

PATIENCE_S = 120.0

_waiting = 0


class Waiter(Shopper):
    """Looks at one page for an hour."""

    think = thinking.constant(3600)

    def journey(self) -> None:
        global _waiting  # noqa: PLW0603 -- the simplest count
        assert self.client.get("/page.html").status_code == 200
        _waiting += 1
        self.think_time()


class LocustWaiter(FastHttpUser):
    """The same in Locust."""

    wait_time = constant(3600)

    @task
    def look(self) -> None:
        global _waiting  # noqa: PLW0603 -- the simplest count
        assert self.client.get("/page.html").status_code == 200
        _waiting += 1


def main(kind: str, url: str, wanted: int) -> None:
    """Let them come, and say what they take."""
    come = {"loadgen": _shoppers, "locust": _users}[kind](url)
    process = psutil.Process()
    first = min(FIRST, wanted // 5)
    come(first)
    before, files = _taken(process), process.num_fds()
    come(wanted)
    after = _taken(process)
    opened, came = process.num_fds() - files, wanted - first
    if opened < came:
        raise AssertionError(f"{came} came, and only {opened} have their connection")
    rss, uss = ((then - now) / came for now, then in zip(before, after, strict=True))
    print(json.dumps({"rss_bytes": rss, "uss_bytes": uss, "shoppers": came}), flush=True)  # noqa: T201 -- a command
    os._exit(0)  # nobody is seen out


def _taken(process: psutil.Process) -> Sequence[int]:
    gc.collect()
    memory = process.memory_full_info()
    return memory.rss, memory.uss


def _shoppers(url: str) -> Callable[[int], None]:
    shoppers, recorder = stage(Waiter, url, insecure=True)

    def come(until: int) -> None:
        while len(shoppers) < until:
            for number in range(len(shoppers), min(until, len(shoppers) + TOGETHER)):
                recorder.arrival_started(0, 350, late=False)
                shoppers.come(Session(recorder, "Waiter", 0, 350, number), 1)
            _await(len(shoppers))
        recorder.take(0)

    return come


def _users(url: str) -> Callable[[int], None]:
    environment = Environment(user_classes=[LocustWaiter], events=events, host=url)
    runner = environment.create_local_runner()

    def come(until: int) -> None:
        runner.start(until, spawn_rate=PER_SECOND)
        _await(until)

    return come


def _await(count: int) -> None:
    with gevent.Timeout(PATIENCE_S):
        while _waiting < count:
            gevent.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
