"""What Prometheus would see: the metrics of several coordinators, scraped through a whole run."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping

import requests
from cluster.harness import Cluster
from prometheus_client.parser import text_string_to_metric_families

EVERY_S = 0.1
COUNTED = ("_total", "_bucket", "_count", "_sum")

Page = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]
"""One scrape: values by name and labels."""


def coordinator(cluster: Cluster, *args: str) -> tuple[subprocess.Popen, str]:
    """Start a coordinator that serves metrics; where it does."""
    child = cluster.start("coordinator", "--metrics-port", "0", *args, stdout=subprocess.PIPE)
    return child, child.stdout.readline().decode().split(" on ")[1].strip()


def scrape(url: str) -> Page:
    """One page; empty when nobody answers."""
    try:
        text = requests.get(url, timeout=0.5).text
    except requests.RequestException:
        return {}
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}


def leads(page: Page) -> bool:
    """Whether it is the page of one that leads."""
    return any(name == "loadgen_leader" and value == 1 for (name, _), value in page.items())


def shows_a_run(page: Page) -> bool:
    """Whether there is anything of a run on it."""
    return any("run" in dict(labels) for _, labels in page)


class Scraping:
    """Scrapes some coordinators again and again, each in a thread of its own, until the end of the block.

    Attributes:
        pages: of each, those that it answered, in order.
        leading: of all, those of whoever led, in order.
    """

    def __init__(self, *urls: str) -> None:
        self.pages: dict[str, list[Page]] = {url: [] for url in urls}
        self.leading: list[Page] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._scrape, args=(url,), daemon=True) for url in urls]

    def __enter__(self) -> Scraping:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _scrape(self, url: str) -> None:
        while not self._over.wait(EVERY_S):
            page = scrape(url)
            if page:
                self.pages[url].append(page)
            if leads(page):
                self.leading.append(page)

    def assert_counters_never_fell(self) -> None:
        """No counter of a run went back or away, whoever led."""
        latest: dict = {}
        for page in self.leading:
            counters = {key: value for key, value in page.items() if key[0].endswith(COUNTED)}
            for key, value in latest.items():
                assert counters.get(key, -1) >= value, f"{key} fell from {value} to {counters.get(key)}"
            latest = counters
        assert any(name == "loadgen_requests_total" for name, _ in latest)

    def assert_only_leaders_showed_runs(self) -> None:
        """Those who stood by showed that and nothing of a run."""
        standing_by = [page for pages in self.pages.values() for page in pages if not leads(page)]
        assert standing_by
        assert not any(shows_a_run(page) for page in standing_by)
