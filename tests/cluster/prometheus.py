"""Debian's Prometheus, scraping what a test runs."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
import requests
from cluster.harness import wait_until

from loadgen.children import start_child, stop_child


def program(name: str) -> str:
    """Where a program of Debian's package is; without it the test skips on a laptop, and fails in CI."""
    found = shutil.which(name)
    if found is None:
        missing = f"{name} is missing: apt-get install prometheus"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


class Prometheus:
    """A Prometheus of its own, from its start to :meth:`stop`.

    Args:
        folder: for its data, configuration and log.
        targets: ``host:port`` of what it scrapes, every second.
        native: whether it asks for native histograms.
    """

    def __init__(self, folder: Path, *targets: str, native: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config, self.log = folder / "prometheus.yml", folder / "prometheus.log"
        scrape = {"job_name": "loadgen", "static_configs": [{"targets": list(targets)}]}
        every = {"scrape_interval": "1s", "scrape_timeout": "1s"}
        config.write_text(json.dumps({"global": every, "scrape_configs": [scrape]}))
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        args = [
            program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            *(["--enable-feature=native-histograms"] if native else []),
        ]
        with self.log.open("wb") as log:
            self._child = start_child(args, stdout=log, stderr=subprocess.STDOUT)
        try:  # the first scrape may come some seconds after the start
            wait_until(lambda: self.vector("up == 1"), "Prometheus scrapes", 30)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        stop_child(self._child, patience_s=15)

    def vector(self, query: str) -> dict[tuple[tuple[str, str], ...], float]:
        """What a query gives now: values by labels."""
        try:
            answer = requests.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=5)
        except requests.ConnectionError:  # it is not there yet
            return {}
        if answer.status_code == requests.codes.unavailable:
            return {}
        answer.raise_for_status()
        found = answer.json()["data"]["result"]
        return {tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in found if "value" in one}

    def value(self, query: str) -> float | None:
        """What a query for one value gives; None when there is none."""
        found = self.vector(query)
        assert len(found) <= 1, f"{query} gives {len(found)} values"
        return next(iter(found.values()), None)


def _free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])
