"""A thousand request series in a run under way: every sealed second reaches the page, and scrapes whole."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import threading
import time
from typing import NamedTuple

import requests
from cluster.harness import finish, wait_until
from cluster.streaming import PageStream

from loadgen.bus import ClusterBus
from loadgen.bus.following import Follower
from loadgen.children import start_child
from loadgen.messages import RunSpec
from loadgen.plan.model import Plan
from loadgen.stats import SecondRow
from loadgen.worker.simulated.figures import JOURNEYS
from loadgen.worker.simulated.settings import CROWD_VARIABLE, CrowdSettings

SERIES = 1000
WORKERS = 2
RATE = 20
"""Shoppers per second; each makes one request in every series of its journey."""

RUN_S = 10

WHOLE_EVERY = 20
"""One page of so many is asked for as a whole, with 1,000 histograms."""

SHOWN_WITHIN_S = 1.0
"""From a second's seal to the page: a turn of the coordinator's loop, with room for a busy machine."""

SAMPLE = re.compile(rb"^loadgen_requests_total\{.*\} ([\d.e+]+)$", re.MULTILINE)


class Scrape(NamedTuple):
    """One page of metrics.

    Attributes:
        asked_s: when it was asked for, since the Unix epoch.
        requests: so far by series, in the page's order.
    """

    asked_s: float
    requests: list[int]


class Scraping(threading.Thread):
    """Asks for the requests again and again, as fast as they come, and every now and then for a whole page.

    Attributes:
        scrapes: pages on which there was a run, in order.
        refused: answers that were no page.
    """

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.scrapes: list[Scrape] = []
        self.refused: list[int] = []
        self._url, self._over = url, threading.Event()

    def run(self) -> None:
        for number in itertools.count(1):
            if self._over.is_set():
                return
            whole = number % WHOLE_EVERY == 0
            asked_s = time.time()
            answer = requests.get(self._url, {} if whole else {"name[]": "loadgen_requests_total"}, timeout=30)
            found = [int(float(value)) for value in SAMPLE.findall(answer.content)]
            if not answer.ok:
                self.refused.append(answer.status_code)
            elif found:
                self.scrapes.append(Scrape(asked_s, found))

    def finish(self) -> None:
        self._over.set()
        self.join(60)


def submitted(cluster) -> Follower:
    plan = Plan.model_validate(
        {
            "name": "thousand",
            "target": {"base_url": "http://127.0.0.1:1"},
            "journeys": [{"file": "simulated.py", "user": journey} for journey in JOURNEYS],
            "max_names": SERIES,
            "load": [{"shape": {"constant": {"at": f"{RATE}/s", "for": f"{RUN_S}s"}}}],
        }
    )
    spec = RunSpec(
        run="thousand-1", plan=plan.model_dump_json(), submitted_at=1.0, files={}, digest="0" * 64, code="installed"
    )
    ClusterBus(cluster.bus).submit(spec, b"")
    return Follower(cluster.bus, spec.run)


def crowd(cluster) -> None:
    """Simulated workers, whose frames have a thousand series."""
    settings = CrowdSettings(
        redis_url=cluster.redis_url, name="simulated", workers=WORKERS, labels={}, series=SERIES, lease_s=10
    )
    command = [sys.executable, "-m", "loadgen.worker.simulated"]
    env = {CROWD_VARIABLE: settings.model_dump_json()}
    cluster.children.append(start_child(command, env=env, stdout=subprocess.DEVNULL))


def test_every_second_of_a_thousand_series_reaches_the_page_and_scrapes(cluster) -> None:
    coordinator = cluster.start("coordinator", "--web", "0", "--metrics-port", "0", stdout=subprocess.PIPE)
    page, metrics = (coordinator.stdout.readline().decode().split(" on ")[1].strip() for _ in range(2))
    crowd(cluster)
    follower = submitted(cluster)
    scraping = Scraping(metrics)
    with PageStream(page, follower.record.run) as stream:
        scraping.start()
        try:
            finish(follower, 90)
            total = follower.stats.total.requests
            wait_until(lambda: sum(scraping.scrapes[-1].requests) == total, "a page shows all of the run", 30)
        finally:
            scraping.finish()

    rows = follower.stats.timeline()
    assert len(follower.stats.total.series) == SERIES
    assert [row.second for row in rows] == list(range(len(rows)))
    assert sum(bool(row.tally.requests) for row in rows) >= RUN_S, "no second without requests"
    assert_the_page_drew_every_second(stream, rows)
    assert scraping.refused == []
    assert_scrapes_show_what_was_sealed(scraping.scrapes, rows, follower.record.started_at)
    by_series = [series.service.count for series in follower.stats.total.series.values()]
    assert sorted(filter(None, scraping.scrapes[-1].requests)) == sorted(by_series)


def assert_the_page_drew_every_second(stream: PageStream, rows: list[SecondRow]) -> None:
    assert stream.ended
    assert stream.seconds == sorted(stream.seconds)
    assert stream.requests == {row.second: row.tally.requests for row in rows}


def assert_scrapes_show_what_was_sealed(scrapes: list[Scrape], rows: list[SecondRow], started_at: float) -> None:
    """Whole seconds, all of those that had been sealed when the page was asked for, and no series falls."""
    so_far = list(itertools.accumulate(row.tally.requests for row in rows))
    sealed_s = [started_at + row.second + 1 + row.sealed_after_s for row in rows]
    for scrape in scrapes:
        assert len(scrape.requests) == 2 * SERIES, "by name, ok and failed"
        shown = sum(scrape.requests)
        assert shown in so_far, "a part of a second"
        due = sum(at_s < scrape.asked_s - SHOWN_WITHIN_S for at_s in sealed_s)
        assert shown >= so_far[due - 1] or not due, f"{due} seconds were sealed, {so_far.index(shown) + 1} are shown"
    for before, after in itertools.pairwise(scrapes):
        assert all(then <= now for then, now in zip(before.requests, after.requests, strict=True)), "a series fell"
