"""The dashboards' queries as Grafana sends them, and a run in which everything happens that they can show."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from cluster.prometheus import JOB

ROOT = Path(__file__).parents[2]
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "deploy/grafana/json").glob("*.json")}
RATE_INTERVAL = "4s"
"""Grafana makes it four scrape intervals."""

CHOICES = re.compile(r"^(?:label_values\((.+), \w+\)|query_result\((.+)\))$")
"""Where a variable's choices come from: Grafana's words around a query."""

QUICK = """
from abandoned import CartAbandoner
from buy import GuestBuyer

from loadgen.journey import constant


class QuickBuyer(GuestBuyer):
    think = constant(0.05)


class QuickAbandoner(CartAbandoner):
    think = constant(0.05)
"""


def plan_in(folder: Path, shop_url: str, seconds: int = 60) -> Path:
    """A plan of buyers in a hurry, in which everything happens that a dashboard can show."""
    shutil.copytree(ROOT / "journeys", folder / "journeys")
    (folder / "journeys" / "quick.py").write_text(QUICK)
    lasts = f"{seconds}s"
    plan = {
        "name": "watched",
        "target": {"base_url": shop_url, "dialect": "journeys/dialects/demo.py"},
        "journeys": [
            {"file": "journeys/quick.py", "user": "QuickBuyer", "weight": 3},
            {"file": "journeys/quick.py", "user": "QuickAbandoner", "weight": 1},
        ],
        "load": [
            {"name": "steady", "shape": {"constant": {"at": "4/s", "for": lasts}}},
            {"name": "always", "model": "closed", "shape": {"constant": {"at": 2, "for": lasts}}},
        ],
        "apdex": "500ms",
        "thresholds": ["p(95) < 10s", "error_rate < 2%"],
        "guards": ["error_rate > 90% for 2s: stop"],
        "graceful_stop": "5s",
    }
    path = folder / "watched.json"
    path.write_text(json.dumps(plan))
    return path


def asked(query: str, run: str) -> str:
    """A query as Grafana sends it."""
    chosen = {
        "job": JOB,
        "run": run,
        "step": "product",
        "quantile": "0.95",
        "__rate_interval": RATE_INTERVAL,
        "__range": "5m",
    }
    return re.sub(r"\$(\w+)", lambda found: chosen[found[1]], query)


def queries() -> Iterator[tuple[str, str]]:
    """Where each query stands, and its text."""
    for name, dashboard in DASHBOARDS.items():
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                yield f"{name}: {panel['title']} ({target['refId']})", target["expr"]
        for event in dashboard["annotations"]["list"]:
            yield f"{name}: {event['name']}", event["expr"]
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                yield (
                    f"{name}: ${variable['name']}",
                    CHOICES.sub(lambda found: found[1] or found[2], variable["definition"]),
                )


def query_of(name: str, title: str, ref: str = "A") -> str:
    """The text of one query."""
    (panel,) = (panel for panel in DASHBOARDS[name]["panels"] if "targets" in panel and panel["title"] == title)
    (target,) = (target for target in panel["targets"] if target["refId"] == ref)
    return target["expr"]
