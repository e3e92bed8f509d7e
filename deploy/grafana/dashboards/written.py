"""All dashboards by the name of their file, and how they are written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.generator_health import generator_health
from dashboards.overview import overview
from dashboards.step_detail import step_detail

DASHBOARDS: Final[Mapping[str, Callable[[], Dashboard]]] = {
    "overview": overview,
    "step-detail": step_detail,
    "generator-health": generator_health,
}


def plain(dashboard: Dashboard) -> dict[str, Any]:
    """A dashboard as Grafana reads it: numbers, texts, lists and mappings."""
    written: dict[str, Any] = json.loads(json.dumps(dashboard, cls=JSONEncoder))
    # The SDK can only hide links and annotations in a menu; without the key they stand above the panels.
    for shown in (*written["links"], *written["annotations"]["list"]):
        del shown["placement"]
    return written


def text_of(dashboard: Dashboard) -> str:
    """The text of its file."""
    return json.dumps(plain(dashboard), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
