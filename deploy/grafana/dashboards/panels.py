"""Panels of the few kinds that the dashboards need, each with its title, description, unit and queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    DataTransformerConfig,
    DynamicConfigValue,
    SpecialValueMap,
    SpecialValueMatch,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE: Final = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
WIDE: Final = 24
HALF: Final = 12
THIRD: Final = 8

GOOD, WARN, BAD, CALM = "green", "orange", "red", "blue"
NARROW_PX: Final = 90
"""How narrow a column may get before a table scrolls; ten of Grafana's own 150 do not fit a laptop."""

SECONDS, SHARE, COUNT, EXACT, BYTES = "s", "percentunit", "short", "locale", "bytes"
REQUESTS_PER_SECOND, PER_SECOND, PER_MINUTE = "reqps", "suffix:/s", "suffix:/min"


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel.

    Attributes:
        expr: the PromQL.
        legend: how its series are called; ``{{label}}`` stands for a label's value.
        column: what its column is called in a table.
    """

    expr: str
    legend: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How some fields of a panel differ from the others.

    Attributes:
        unit: their unit.
        colour: their colour.
        dashed: whether they are drawn dashed.
        right: whether they have the axis on the right.
        link: where a click leads.
    """

    unit: str = ""
    colour: str = ""
    dashed: bool = False
    right: bool = False
    link: dict[str, str] | None = None

    def properties(self) -> list[DynamicConfigValue]:
        """The same in Grafana's words."""
        found: list[tuple[str, object]] = []
        if self.unit:
            found.append(("unit", self.unit))
        if self.colour:
            found.append(("color", {"mode": "fixed", "fixedColor": self.colour}))
        if self.dashed:
            found += [("custom.lineStyle", {"fill": "dash", "dash": [8, 6]}), ("custom.fillOpacity", 0)]
        if self.right:
            found.append(("custom.axisPlacement", "right"))
        if self.link:
            found.append(("links", [self.link]))
        return [DynamicConfigValue(id_val=name, value=value) for name, value in found]


def lines(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    span: int = HALF,
    looks: Mapping[str, Look] | None = None,
    to: dict[str, str] | None = None,
    stacked: bool = False,
) -> timeseries.Panel:
    """Values against time.

    Args:
        title: of the panel.
        description: what it tells, in a sentence or two.
        unit: Grafana's name of the unit.
        queries: one for each kind of line.
        span: width, in 24ths.
        looks: by the name of a line, as a regular expression.
        to: where a click on a line leads.
        stacked: whether lines add up.
    """
    legend = common_builders.VizLegendOptions().display_mode(common.LegendDisplayMode.LIST)
    legend = legend.placement(common.LegendPlacement.BOTTOM).show_legend(True).calcs(["lastNotNull", "max"])
    tooltip = common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    panel = timeseries.Panel().title(title).description(description).unit(unit).min(0).height(8).span(span)
    panel = panel.datasource(SOURCE).legend(legend).tooltip(tooltip.sort(common.SortOrder.DESCENDING))
    panel = panel.line_width(2).fill_opacity(30 if stacked else 5).show_points(common.VisibilityMode.NEVER)
    if stacked:
        panel = panel.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
    for ref, query in _numbered(queries):
        panel = panel.with_target(_target(ref, query).range())
    for name, look in (looks or {}).items():
        panel = panel.override_by_regexp(f"/{name}/", look.properties())
    return panel.override_by_regexp("/.*/", Look(link=to).properties()) if to else panel


def figure(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    span: int = 4,
    steps: Mapping[float, str] | None = None,
    looks: Mapping[str, Look] | None = None,
    by_name: bool = False,
) -> stat.Panel:
    """One figure as it is now.

    Args:
        title: of the panel.
        description: what it tells.
        unit: Grafana's name of the unit.
        query: asks for the figure.
        span: width, in 24ths.
        steps: colours from a value on.
        looks: by the name of a series, as a regular expression.
        by_name: whether the series' name is what is shown, not its value.
    """
    panel = stat.Panel().title(title).description(description).unit(unit).height(4).span(span).datasource(SOURCE)
    panel = panel.reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
    panel = panel.graph_mode(common.BigValueGraphMode.NONE).color_mode(common.BigValueColorMode.VALUE)
    panel = panel.text_mode(common.BigValueTextMode.NAME if by_name else common.BigValueTextMode.VALUE)
    panel = panel.thresholds(_steps(steps or {})).no_value("–")
    for name, look in (looks or {}).items():
        panel = panel.override_by_regexp(f"/{name}/", look.properties())
    return panel.with_target(_target("A", query).instant())


def rows(
    title: str,
    description: str,
    key: str,
    *queries: Query,
    key_title: str,
    span: int = WIDE,
    height: int = 9,
    looks: Mapping[str, Look] | None = None,
    words: Mapping[str, tuple[str, str]] | None = None,
    sort_by: str = "",
) -> table.Panel:
    """A table, a column for each query, a row for each value of a label.

    Args:
        title: of the panel.
        description: what it tells.
        key: the label.
        queries: one for each column.
        key_title: heading of the first column.
        span: width, in 24ths.
        height: in Grafana's units of 30 pixels.
        looks: by the heading of a column.
        words: what values are called, with a colour; ``NaN`` is one.
        sort_by: heading of the column to sort by, largest first.
    """
    panel = table.Panel().title(title).description(description).unit(EXACT).height(height).span(span)
    panel = panel.datasource(SOURCE).min_width(NARROW_PX).filterable(True).thresholds(_steps({}))
    for ref, query in _numbered(queries):
        panel = panel.with_target(_target(ref, query).instant().format(PromQueryFormat.TABLE))
    names = {key: key_title}
    for ref, query in _numbered(queries):
        names["Value" if len(queries) == 1 else f"Value #{ref}"] = query.column
    panel = panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    tidy = {"renameByName": names, "excludeByName": {"Time": True}, "indexByName": {}}
    panel = panel.with_transformation(DataTransformerConfig(id_val="organize", options=tidy))
    for heading, look in (looks or {}).items():
        panel = panel.override_by_name(heading, look.properties())
    if words:
        panel = panel.mappings(_words(words))
        for query in queries:
            coloured = DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"})
            panel = panel.override_by_name(query.column, [coloured])
    if sort_by:
        panel = panel.sort_by([common_builders.TableSortByFieldState().display_name(sort_by).desc(True)])
    return panel


def heat_map(title: str, description: str, query: Query, *, span: int = HALF) -> heatmap.Panel:
    """How many values were how large, against time.

    Args:
        title: of the panel.
        description: what it tells.
        query: asks for buckets.
        span: width, in 24ths.
    """
    colours = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Turbo").exponent(0.5).steps(64)
    panel = heatmap.Panel().title(title).description(description).unit(COUNT).height(8).span(span).datasource(SOURCE)
    panel = panel.calculate(False).color(colours).y_axis(heatmap.YAxisConfig().unit(SECONDS)).cell_gap(1)
    return panel.with_target(_target("A", query).range().format(PromQueryFormat.HEATMAP))


def _target(ref: str, query: Query) -> prometheus.Dataquery:
    asked = prometheus.Dataquery().ref_id(ref).expr(query.expr).datasource(SOURCE)
    return asked.legend_format(query.legend or "__auto")


def _numbered(queries: tuple[Query, ...]) -> list[tuple[str, Query]]:
    return [(chr(ord("A") + place), query) for place, query in enumerate(queries)]


def _steps(steps: Mapping[float, str]) -> ThresholdsConfig:
    found = [Threshold(value=None, color=CALM), *(Threshold(value=value, color=to) for value, to in steps.items())]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)


def _words(words: Mapping[str, tuple[str, str]]) -> list[ValueMapping]:
    said = {value: ValueMappingResult(text=text, color=colour) for value, (text, colour) in words.items()}
    mappings: list[ValueMapping] = []
    if "NaN" in said:
        nothing = DashboardSpecialValueMapOptions(match=SpecialValueMatch.NULL_AND_NAN, result=said.pop("NaN"))
        mappings.append(SpecialValueMap(options=nothing))
    return [*mappings, ValueMap(options=said)]
