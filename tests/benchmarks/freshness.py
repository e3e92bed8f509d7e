"""How old is what is seen of a run: from a request's end to ``/metrics``, to the page's events, to the painted page.

::

    nginx notes each request's end ──▶ the k-th request ended at e(k)
    every page of metrics, every event of the live page ──▶ by t, n(t) requests are shown
    the k-th request is seen at the first t with n(t) ≥ k: it was s(k) − e(k) old

Counters rise by whole seconds, so a request that ends at the begin of its second waits a second longer than one that
ends with it. All clocks are this machine's. Metrics are asked for every 50 ms, which is part of what is found.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import requests
from benchmarks.arriving import arriving
from benchmarks.nginx import MISSING, nginx_program
from benchmarks.spread import nearest_rank
from benchmarks.table import Table
from cluster.harness import Cluster, finish, reach
from cluster.streaming import PageStream

from loadgen.bus import EmbeddedServer
from loadgen.bus.following import Follower

WORKERS = 2
RATE = 200
"""Requests per second, one by each shopper."""

POLL_S = 0.05
HEAD = ["what", "median", "p99", "max", "goal", "requests"]
METRICS, EVENTS, PAINTED = (
    "a request's end → in `/metrics`",
    "a request's end → in the live page's events",
    "a request's end → painted by Chromium",
)
GOALS = {METRICS: "≤ 2.5 s", EVENTS: "≤ 3 s", PAINTED: "≤ 3 s"}
"""Of the 99th percentile."""

WATCH_CLOCK = """
() => {
  const clock = document.getElementById("clock"), seen = window.seen = [];
  new MutationObserver(() => {
    const text = clock.textContent;
    requestAnimationFrame(() => setTimeout(() => seen.push([Date.now() / 1000, text])));
  }).observe(clock, { childList: true, characterData: true, subtree: true });
}
"""
"""Notes what the page's clock says, each time after it was painted: it shows how many seconds are drawn."""

_REQUESTS = re.compile(r"^loadgen_requests_total\{.*\} ([\d.e+]+)$", re.MULTILINE)


class Shown(NamedTuple):
    """Something that could be seen.

    Attributes:
        at_s: since when, since the Unix epoch.
        requests: how many were shown.
    """

    at_s: float
    requests: float


def measure(quick: bool) -> list[Table]:
    """A row for each place in which a run is watched."""
    if nginx_program() is None:
        return [Table("freshness", HEAD, notes=[f"Left out: {MISSING}."])]
    seconds = 10 if quick else 60
    watched = _watched(seconds)
    rows = [_row(what, watched.ages(what), goal) for what, goal in GOALS.items() if what in watched.shown]
    note = (
        f"{WORKERS} workers, {RATE} requests/s, {seconds} s; nginx notes each request's end to the millisecond. A "
        "second is shown once it is over and sealed, so up to a second of each age is the request's place in it. "
        f"Metrics are asked for every {POLL_S * 1000:.0f} ms, which is part of what is found: who scrapes every 5 s "
        "adds up to 5 s."
    )
    missing = [] if PAINTED in watched.shown else ["Painted: left out, there is no Chromium or no Playwright here."]
    return [Table("freshness", HEAD, rows, [note, *missing])]


def _row(what: str, ages_s: list[float], goal: str) -> list[str]:
    return [what, *(f"{nearest_rank(ages_s, q):.2f} s" for q in (0.5, 0.99, 1.0)), goal, f"{len(ages_s):,}"]


class Watched(NamedTuple):
    """One run that was watched.

    Attributes:
        ended_s: when its requests ended, in order.
        since_s: from when on everybody watched.
        shown: what was to be seen, in order of time, by where.
    """

    ended_s: list[float]
    since_s: float
    shown: dict[str, list[Shown]]

    def ages(self, what: str) -> list[float]:
        """How old each request was when it was first shown, seconds.

        Raises:
            AssertionError: some were never shown.
        """
        shown = self.shown[what]
        counts = list(accumulate((one.requests for one in shown), max))
        if not counts or counts[-1] < len(self.ended_s):
            raise AssertionError(f"{what}: {len(self.ended_s)} ended, {counts[-1] if counts else 0:.0f} were shown")
        return [
            shown[bisect_left(counts, number)].at_s - ended_s
            for number, ended_s in enumerate(self.ended_s, 1)
            if ended_s >= self.since_s
        ]


def _watched(seconds: int) -> Watched:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loadgen-bench-")))
        (folder / "nginx").mkdir()
        target = stack.enter_context(arriving(folder / "nginx"))
        cluster = Cluster(folder, stack.enter_context(EmbeddedServer()).url)
        stack.callback(cluster.stop)
        coordinator = cluster.start("coordinator", "--web", "0", "--metrics-port", "0", stdout=subprocess.PIPE)
        assert coordinator.stdout is not None
        page, metrics = (coordinator.stdout.readline().decode().split(" on ")[1].strip() for _ in range(2))
        cluster.workers(WORKERS)
        browser = stack.enter_context(_browser())
        follower = cluster.submit(cluster.plan(_plan(target.url, seconds)))
        with PageStream(page, follower.record.run) as stream, _scraping(metrics) as scraped:
            reach(follower, 1)
            view = browser.new_page() if browser else None
            if view:
                view.goto(page)
                view.get_by_text("running").first.wait_for()
                view.evaluate(WATCH_CLOCK)
            since_s = time.time()
            finish(follower, seconds + 60)
            time.sleep(1.0)  # for who looks less often
            noted = view.evaluate("() => window.seen") if view else []
        shown = {METRICS: scraped, EVENTS: [Shown(*told) for told in stream.told]}
        if view:
            shown[PAINTED] = _drawn(noted, follower)
        return Watched(sorted(instant for instant, _ in target.came()), since_s, shown)


def _plan(url: str, seconds: int) -> dict[str, Any]:
    return {
        "name": "freshness",
        "target": {"base_url": url},
        "journeys": [{"file": "named.py", "user": "Named"}],
        "load": [{"shape": {"constant": {"at": f"{RATE}/s", "for": f"{seconds}s"}}}],
        "graceful_stop": "5s",
    }


@contextmanager
def _scraping(url: str) -> Iterator[list[Shown]]:
    """Asks for whole pages of metrics all the time; what they showed, and when they were there."""
    shown: list[Shown] = []
    over = threading.Event()

    def scrape() -> None:
        with requests.Session() as session:
            while not over.wait(POLL_S):
                text = session.get(url, timeout=10).text
                shown.append(Shown(time.time(), sum(map(float, _REQUESTS.findall(text)))))

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield shown
    finally:
        over.set()
        thread.join()


@contextmanager
def _browser() -> Iterator[Any]:
    """A Chromium; None without one."""
    program = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        yield None
        return
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


def _drawn(noted: list[tuple[float, str]], follower: Follower) -> list[Shown]:
    """What the page had painted whenever its clock changed: ``0:12 of 1:00`` says that 12 seconds are drawn."""
    so_far = [0, *accumulate(row.tally.requests for row in follower.stats.timeline())]
    shown = []
    for at_s, text in noted:
        minutes, seconds = text.split(" of ")[0].split(":")
        shown.append(Shown(at_s, so_far[60 * int(minutes) + int(seconds)]))
    return shown
