"""A real Prometheus for a test: it scrapes coordinators every second and answers PromQL."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

import pytest
import requests
import yaml
from cluster.harness import wait_until
from cluster.servers import free_port

from loadgen.children import start_child, stop_child

JOB = "loadgen"
RULES = str(Path(__file__).parents[2] / "deploy" / "prometheus" / "rules" / "*.yml")
NATIVE = "--enable-feature=native-histograms"


class Prometheus:
    """One Prometheus.

    Args:
        folder: for what it keeps; made here.
        targets: what it scrapes, as URLs.
        flags: more of its command line.
        every: time between scrapes.
    """

    def __init__(self, folder: Path, targets: list[str], *flags: str, every: str = "1s") -> None:
        program = shutil.which("prometheus")
        if program is None:
            missing = "prometheus is missing: apt-get install prometheus"
            if os.environ.get("CI"):
                pytest.fail(missing)
            pytest.skip(missing)
        folder.mkdir()
        hosts = [target.removeprefix("http://").partition("/")[0] for target in targets]
        scraped = {"job_name": JOB, "static_configs": [{"targets": hosts}]}
        configuration = {"global": {"scrape_interval": every}, "scrape_configs": [scraped], "rule_files": [RULES]}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
        self.url = f"http://127.0.0.1:{free_port()}"
        command = [
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
            *flags,
        ]
        with (folder / "prometheus.log").open("wb") as log:
            self._process = start_child(command, stdout=log, stderr=log)

    def wait(self) -> None:
        """Wait until it has scraped every target."""
        wait_until(lambda: self.value("min(up)") == 1, "Prometheus has scraped every target", 30)

    def stop(self) -> None:
        """End it."""
        stop_child(self._process)

    def value(self, query: str) -> float | None:
        """What a query that asks for one number answers now; None while it answers nothing."""
        found = self.values(query)
        assert len(found) <= 1, f"{query}: {found}"
        return next(iter(found.values()), None)

    def values(self, query: str) -> dict[tuple, float]:
        """What a query answers now, by the labels of its series; nothing while nobody answers."""
        try:
            found = self._ask("query", query=query)
        except requests.ConnectionError:
            return {}
        return {tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in found}

    def seen(self, query: str, since: float, until: float) -> dict[tuple, list[float]]:
        """The numbers of a query second by second, by the labels of their series; what is no number is left out."""
        return {labels: list(numbers.values()) for labels, numbers in self.drawn(query, since, until).items()}

    def drawn(self, query: str, since: float, until: float) -> dict[tuple, dict[float, float]]:
        """The same by the second, since the Unix epoch; where a chart has a hole there is none."""
        series = {}
        for one in self._ask("query_range", query=query, start=since, end=until, step=1):
            numbers = [(at_s, float(value)) for at_s, value in one.get("values", ())]
            numbers += [(at_s, float(value["count"])) for at_s, value in one.get("histograms", ())]
            if finite := {at_s: number for at_s, number in numbers if math.isfinite(number)}:
                series[tuple(sorted(one["metric"].items()))] = finite
        return series

    def rules(self) -> list[dict]:
        """All rules, as they fared when they were last evaluated."""
        groups = requests.get(f"{self.url}/api/v1/rules", timeout=20).json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def _ask(self, how: str, **what: object) -> list[dict]:
        answer = requests.post(f"{self.url}/api/v1/{how}", data=what, timeout=20)
        if answer.status_code == 503:  # it is still starting
            raise requests.ConnectionError
        told = answer.json()
        assert told["status"] == "success", f"{what}: {told}"
        return told["data"]["result"]
