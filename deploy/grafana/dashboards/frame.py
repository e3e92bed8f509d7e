"""What all dashboards have in common: the variables, the annotations, the links between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, DashboardCursorSync, DashboardLinkType, Panel, RowPanel

from dashboards.events import events
from dashboards.variables import variables

TAG: Final = "loadgen"
OVERVIEW, STEP, GENERATOR = "loadgen-overview", "loadgen-step-detail", "loadgen-generator-health"
"""The uids, which addresses and links are made of. They never change."""

Rows: TypeAlias = Mapping[str, Sequence[Builder[Panel]]]


def to_step(title: str, step: str) -> dict[str, str]:
    """A link to the detail of one step, of the same run and span of time.

    Args:
        title: what it says.
        step: Grafana's variable that holds the step's name.
    """
    kept = "&".join(f"${{{name}:queryparam}}" for name in ("datasource", "job", "run", "quantile"))
    return {"title": title, "url": f"/d/{STEP}?{kept}&var-step={step}&${{__url_time_range}}"}


def framed(uid: str, title: str, description: str, rows: Rows) -> Dashboard:
    """A whole dashboard.

    Args:
        uid: one of those above.
        title: what it is called.
        description: what it is for.
        rows: the panels below each heading.
    """
    link = builders.DashboardLink("loadgen").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    made = builders.Dashboard(title).uid(uid).description(description).tags([TAG, "load test"]).editable()
    made = made.timezone("browser").tooltip(DashboardCursorSync.CROSSHAIR).time("now-15m", "now").refresh("5s")
    made = made.link(link.include_vars(True).keep_time(True).as_dropdown(False).icon("external link"))
    made = made.variables([*variables(with_step=uid == STEP)]).annotations([*events()])
    for heading, panels in rows.items():
        made = made.with_row(builders.Row(heading))
        for panel in panels:
            made = made.with_panel(panel)
    return _numbered(made.build())


def _numbered(made: Dashboard) -> Dashboard:
    """Number the panels, by which links to one of them go."""
    panels: list[Panel | RowPanel] = made.panels or []
    for number, panel in enumerate(panels, 1):
        panel.id_val = number
    return made
