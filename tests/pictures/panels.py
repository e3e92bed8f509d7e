"""What Prometheus answers to the queries of Grafana's dashboards, kept as JSON to be drawn from.

A dashboard's JSON goes in as Grafana reads it; its variables are put in as Grafana would put them in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from cluster.prometheus import JOB, Prometheus
from pictures.rehearsal import SCRAPED_EVERY_S

DASHBOARDS = Path(__file__).parents[2] / "deploy" / "grafana" / "json"
RATE_INTERVAL = f"{4 * SCRAPED_EVERY_S}s"
"""Grafana makes it four scrape intervals."""


def filled(text: str, chosen: Mapping[str, str]) -> str:
    """A text of a dashboard with the values of its variables; KeyError for one that nobody chose."""
    return re.sub(r"\$(\w+)", lambda found: chosen[found[1]], text)


def asked_of(prometheus: Prometheus, run: str, step: str, since_s: float, until_s: float) -> dict[str, Any]:
    """Every dashboard with the answers to its queries.

    Args:
        prometheus: has scraped the run.
        run: its id.
        step: the step that *Step detail* shows.
        since_s: begin of what is drawn, seconds since the Unix epoch.
        until_s: its end.
    """
    chosen = {"job": JOB, "run": run, "step": step, "quantile": "0.95", "__rate_interval": RATE_INTERVAL}
    chosen["__range"] = f"{until_s - since_s:.0f}s"

    def answers(query: dict[str, Any]) -> list[dict[str, Any]]:
        how: dict[str, object] = {"query": filled(query["expr"], chosen)}
        if query.get("instant"):
            how |= {"time": until_s}
        else:
            how |= {"start": since_s, "end": until_s, "step": SCRAPED_EVERY_S}
        place = f"{prometheus.url}/api/v1/{'query' if query.get('instant') else 'query_range'}"
        told = requests.post(place, data=how, timeout=20).json()
        if told["status"] != "success":
            raise RuntimeError(f"{query['expr']}: {told}")
        return list(told["data"]["result"])

    drawn = {}
    for path in sorted(DASHBOARDS.glob("*.json")):
        dashboard = json.loads(path.read_text())
        for panel in dashboard["panels"]:
            panel["title"] = filled(panel["title"], chosen)
            for query in panel.get("targets", ()):
                query["answers"] = answers(query)
        for event in dashboard["annotations"]["list"]:
            event["answers"] = answers({"expr": event["expr"]})
        drawn[path.stem] = dashboard
    return {"since_s": since_s, "until_s": until_s, "step_s": SCRAPED_EVERY_S, "dashboards": drawn, "chosen": chosen}
