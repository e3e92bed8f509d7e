"""``make soak``: one machine under full load for 20 minutes; fails when memory, files or greenlets grow.

::

    .venv/bin/python tests/benchmarks/soak.py               20 minutes; prints its table
    .venv/bin/python tests/benchmarks/soak.py --for 2m      shorter
    .venv/bin/python tests/benchmarks/soak.py --write       writes docs/soak.md

One worker process has a core to itself and is loaded to :data:`FULL` of it; coordinator, Redis and nginx share
another. Every 10 s (shorter for short ones) it is looked at what each of them holds. What the first third shows is
warming up: a coordinator keeps the latest 300 s in full.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
sys.path[0] = str(TESTS)  # as pytest has it: modules are named benchmarks.x and cluster.x

import psutil  # noqa: E402 -- after the path
from benchmarks.cores import on_core, two_cores  # noqa: E402
from benchmarks.growth import Course, Limit  # noqa: E402
from benchmarks.nginx import MISSING, Nginx, nginx, nginx_program  # noqa: E402
from benchmarks.standing import await_idle  # noqa: E402
from benchmarks.table import Circumstances, Table  # noqa: E402
from cluster.harness import Cluster, finish, look, reach  # noqa: E402

from loadgen.bus import EmbeddedServer  # noqa: E402
from loadgen.bus.following import Follower  # noqa: E402
from loadgen.bus.keys import run_key  # noqa: E402
from loadgen.children import stop_child  # noqa: E402
from loadgen.coordinator.accounts import KEEP_S  # noqa: E402
from loadgen.units import format_duration, parse_duration  # noqa: E402

PAGE = TESTS.parent / "docs" / "soak.md"

FULL = 0.8
"""Share of its core that the worker is loaded to: near saturation, with room for the machine's own hiccups."""

TRIED_AT = 400
TRIED_S = 10
"""Arrivals a second, and for how long, from which is reckoned how many make the worker's core full."""

ROOM_S = 3.0
"""A shopper is done in 0.3 s; when the machine is short of time, those who would wait for longer are dropped."""

EVERY_S = 10.0
SAMPLES_LEAST = 30
WARMING = 1 / 3

MB = 1e6
MEMORY, FILES, NUMBERS = Limit(0.03, 3 * MB), Limit(0.0, 2.5), Limit(0.05, 5)

HEAD = ["what", "its course", "after warming up", "at the end", "growth", "none is up to", "grows"]


def main() -> int:
    """Soak.

    Returns:
        1 when something grew, or was not counted; 0 otherwise.
    """
    parser = argparse.ArgumentParser(description="Load one machine fully and see whether anything grows.")
    parser.add_argument("--for", dest="for_s", default="20m", type=parse_duration, help="how long  [default: 20m]")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = parser.parse_args()
    if nginx_program() is None:
        _say(f"left out: {MISSING}")
        return 1
    under = Circumstances()
    with _Soak(options.for_s) as soak:
        try:
            rate = soak.full_rate()
            soak.run(rate)
        except (psutil.NoSuchProcess, AssertionError) as error:
            _say(f"the run did not last: {error}\n{soak.logs()}")
            return 1
    courses = soak.courses()
    table = Table("soak", HEAD, [course.cells() for course in courses], soak.notes(rate))
    _say(table.as_markdown(str(under)))
    if options.write:
        PAGE.write_text(f"# Soak\n\n{_PROSE}\n{table.as_markdown(str(under))}", encoding="utf-8")
    return int(any(course.grows for course in courses) or soak.uncounted != 0)


_PROSE = """\
`make soak` loads one machine fully and looks at what each process holds, for 20 minutes. A slope is the median of those
between all pairs of samples (Theil–Sen), from the end of warming up, which takes a third of the time; growth is that
slope times the time judged. The exit code is 1 when anything grows.
"""


class _Soak:
    """One cluster, one target, one long run."""

    def __init__(self, for_s: float) -> None:
        self._for_s = for_s
        self._stack = ExitStack()
        self._samples: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._requests = 0
        self._seconds = 0
        self._sealed_bytes = 0
        self._cpu: list[float] = []
        self.uncounted = 0

    def __enter__(self) -> _Soak:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="loadgen-soak-")))
        (folder / "nginx").mkdir()
        self._greenlets = folder / "greenlets"
        cores = two_cores() or (0, 0)
        self._stack.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        with on_core(cores[0]):
            location = 'location / { access_log off; return 200 "ok"; }'
            self._target: Nginx = self._stack.enter_context(
                nginx(folder / "nginx", location, ["all"], connections=8192)
            )
            server = self._stack.enter_context(EmbeddedServer())
            self._cluster = Cluster(folder, server.url)
            self._stack.callback(self._end)
            self._coordinator = psutil.Process(self._cluster.start("coordinator").pid)
        os.environ["SOAK_GREENLETS"] = str(self._greenlets)
        with on_core(cores[1]):
            self._cluster.workers(1)
        os.sched_setaffinity(0, {cores[0]})
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _end(self) -> None:
        for child in reversed(self._cluster.children):
            stop_child(child, patience_s=15)
        self._cluster.bus.close()

    def logs(self) -> str:
        """What all processes said."""
        return self._cluster.logs()

    def _submit(self, rate: float, for_s: float) -> Follower:
        await_idle(self._cluster, 1)
        plan = {
            "name": "soak",
            "target": {"base_url": self._target.url("all")},
            "journeys": [{"file": "soaking.py", "user": "Soaking"}],
            "load": [
                {
                    "shape": {"constant": {"at": f"{rate:g}/s", "for": f"{for_s:g}s"}},
                    "max_shoppers": round(ROOM_S * rate),
                }
            ],
            "graceful_stop": "5s",
        }
        return self._cluster.submit(self._cluster.plan(plan))

    def full_rate(self) -> float:
        """How many arrivals a second make the worker's core full."""
        follower = finish(self._submit(TRIED_AT, TRIED_S))
        verdict = follower.record.verdict
        assert verdict is not None
        assert verdict.outcome == "passed", f"this machine has other things to do: {verdict.reason}"
        rows = [row for row in follower.stats.timeline() if 3 <= row.second < TRIED_S - 1]
        idle_share = 0.02
        share = sum(row.cpu_max for row in rows) / len(rows)
        return round(TRIED_AT * (FULL - idle_share) / max(share - idle_share, 0.02))

    def run(self, rate: float) -> None:
        """Load, and look."""
        before = self._target.answered()
        follower = self._submit(rate, self._for_s)
        reach(follower, 1)
        (member,) = self._cluster.members().values()
        worker, began_s = psutil.Process(member.info.pid), time.monotonic()
        every_s = min(EVERY_S, self._for_s / SAMPLES_LEAST)
        while (at_s := time.monotonic() - began_s) < self._for_s - 3:
            self._look(at_s, follower, worker)
            time.sleep(max(0.0, began_s + at_s + every_s - time.monotonic()))
        self._sealed_bytes = self._sealed(follower)
        finish(follower)
        self._requests, self._seconds = follower.stats.total.requests, len(follower.stats.timeline())
        self._cpu = [row.cpu_max for row in follower.stats.timeline()]
        self.uncounted = self._target.answered() - before - self._requests

    def _look(self, at_s: float, follower: Follower, worker: psutil.Process) -> None:
        look(follower)
        redis: Any = self._cluster.bus.client
        info = redis.info()
        latest = follower.stats.window(1)
        found = {
            "worker: resident memory": worker.memory_info().rss,
            "worker: open files": worker.num_fds(),
            "worker: greenlets": int(self._greenlets.read_text() or 0) if self._greenlets.exists() else 0,
            "worker: shoppers": latest[0].tally.shoppers.total() if latest else 0,
            "coordinator: resident memory": self._coordinator.memory_info().rss,
            "coordinator: open files": self._coordinator.num_fds(),
            "Redis: memory beside sealed seconds": info["used_memory"] - self._sealed(follower),
            "Redis: clients": info["connected_clients"],
        }
        for what, value in found.items():
            self._samples[what].append((at_s, float(value)))

    def _sealed(self, follower: Follower) -> int:
        redis: Any = self._cluster.bus.client
        return int(redis.memory_usage(run_key(follower.record.run, "sealed"), samples=0) or 0)

    def courses(self) -> list[Course]:
        """What was seen. A coordinator whose window is not full yet grows as it should."""
        warm_s = self._for_s * WARMING
        return [
            _course(what, samples, warm_s)
            for what, samples in self._samples.items()
            if what != "coordinator: resident memory" or warm_s >= KEEP_S
        ]

    def notes(self, rate: float) -> list[str]:
        """What a reader must know."""
        cpu = sum(self._cpu) / max(len(self._cpu), 1)
        per_second = self._sealed_bytes / max(self._seconds, 1)
        short = "" if self._for_s * WARMING >= KEEP_S else " The coordinator's memory is not judged: its window fills."
        note = (
            f"{format_duration(self._for_s)} at {rate:,.0f} shoppers/s, {self._requests:,} requests; the worker used "
            f"{cpu:.0%} of its core. Requests that nginx answered and nobody counted, or the other way round: "
            f"{self.uncounted}. A sealed second takes {per_second:,.0f} bytes in Redis until the run expires.{short}"
        )
        return [note]


def _course(what: str, samples: list[tuple[float, float]], warm_s: float) -> Course:
    if "memory" in what:
        return Course(what, samples, MEMORY, warm_s, " MB", MB)
    return Course(what, samples, NUMBERS if what.startswith("worker") else FILES, warm_s)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 -- a command


if __name__ == "__main__":
    sys.exit(main())
