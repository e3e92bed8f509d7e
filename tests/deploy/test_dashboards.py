from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator

import pytest
import yaml
from dashboards.frame import GENERATOR, OVERVIEW, STEP
from dashboards.written import DASHBOARDS, plain, text_of
from deploy.debian import DEPLOY
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from loadgen.metrics import families

FOLDER = DEPLOY / "grafana"
COMMITTED = {path.stem: json.loads(path.read_text()) for path in sorted((FOLDER / "json").glob("*.json"))}
NAMED = pytest.mark.parametrize("name", COMMITTED)


def panels(dashboard: dict) -> list[dict]:
    """The panels but for headings."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries(dashboard: dict) -> Iterator[str]:
    """Every PromQL of panels and annotations."""
    yield from (target["expr"] for panel in panels(dashboard) for target in panel["targets"])
    yield from (event["expr"] for event in dashboard["annotations"]["list"])


def read_and_written(dashboard: dict) -> dict:
    """What the SDK makes of a dashboard; it drops keys that it does not know."""
    register_default_plugins()
    return plain(Dashboard.from_json(copy.deepcopy(dashboard)))


def test_the_committed_dashboards_are_what_the_code_makes() -> None:
    made = {name: text_of(make()) for name, make in DASHBOARDS.items()}
    committed = {name: (FOLDER / "json" / f"{name}.json").read_text() for name in COMMITTED}
    assert made == committed, "cd deploy/grafana && python -m dashboards"


@NAMED
def test_a_typed_round_trip_loses_nothing(name: str) -> None:
    assert read_and_written(COMMITTED[name]) == COMMITTED[name]


@pytest.mark.parametrize(
    ("place", "right", "wrong"),
    [
        ((), "refresh", "refersh"),
        (("panels", 1), "description", "descripton"),
        (("panels", 1, "targets", 0), "legendFormat", "legend_format"),
        (("panels", 1, "fieldConfig", "defaults"), "unit", "units"),
        (("templating", "list", 1), "definition", "defintion"),
        (("annotations", "list", 0), "titleFormat", "title_format"),
    ],
)
def test_a_typed_round_trip_finds_a_misspelt_key(place: tuple, right: str, wrong: str) -> None:
    misspelt = copy.deepcopy(COMMITTED["overview"])
    part = misspelt
    for key in place:
        part = part[key]
    part[wrong] = part.pop(right)
    assert read_and_written(misspelt) != misspelt


@NAMED
def test_every_panel_has_a_title_of_its_own_a_unit_and_a_description(name: str) -> None:
    titles = [panel["title"] for panel in panels(COMMITTED[name])]
    assert len(titles) == len(set(titles))
    for panel in panels(COMMITTED[name]):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]


@NAMED
def test_panels_do_not_overlap_and_fill_their_rows(name: str) -> None:
    cells = [
        (x, y)
        for panel in COMMITTED[name]["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells)), "two panels in one place"
    assert set(cells) == {(x, y) for x in range(24) for y in range(max(y for _, y in cells) + 1)}, "a hole"


@NAMED
def test_queries_ask_for_what_is_exported_and_average_no_quantiles(name: str) -> None:
    exported = {family.name for family in families.ALL}
    for query in queries(COMMITTED[name]):
        assert {re.sub(r"_(bucket|count|sum)$", "", word) for word in re.findall(r"loadgen_\w+", query)} <= exported
        assert "avg" not in query
        if "quantile=" in query:
            assert query.startswith("max by"), query
        if "rate(" in query or "increase(" in query:
            assert "[$__rate_interval]" in query, query


def test_histograms_are_asked_in_both_forms() -> None:
    asked = [query for dashboard in COMMITTED.values() for query in queries(dashboard) if "duration_seconds" in query]
    assert len(asked) >= 5
    for query in asked:
        classic, native = query.split(" or ")
        assert "_bucket" in classic
        assert "_bucket" not in native


@NAMED
def test_dashboards_share_what_ties_them_together(name: str) -> None:
    dashboard = COMMITTED[name]
    assert dashboard["uid"] == {"overview": OVERVIEW, "step-detail": STEP, "generator-health": GENERATOR}[name]
    assert "loadgen" in dashboard["tags"]
    assert dashboard["graphTooltip"] == 1
    assert [link["tags"] for link in dashboard["links"]] == [["loadgen"]]
    variables = [variable["name"] for variable in dashboard["templating"]["list"]]
    assert variables == ["datasource", "job", "run", *(["step"] if name == "step-detail" else []), "quantile"]
    events = [event["name"] for event in dashboard["annotations"]["list"]]
    assert events == ["Run started", "Run stopped", "Guard", "Threshold crossed", "Worker lost"]


def test_a_click_on_a_step_opens_its_detail_of_the_same_run_and_time() -> None:
    (steps,) = (panel for panel in panels(COMMITTED["overview"]) if panel["title"] == "Steps")
    properties = {
        override["matcher"]["options"]: {one["id"]: one["value"] for one in override["properties"]}
        for override in steps["fieldConfig"]["overrides"]
    }
    (link,) = properties["Step"]["links"]
    assert link["url"].startswith(f"/d/{STEP}?")
    assert {"${run:queryparam}", "var-step=${__value.raw}", "${__url_time_range}"} <= set(re.split("[?&]", link["url"]))


def test_provisioning_names_a_source_and_a_folder() -> None:
    (source,) = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    assert (source["type"], source["isDefault"]) == ("prometheus", True)
    (provider,) = yaml.safe_load((FOLDER / "provisioning/dashboards/loadgen.yaml").read_text())["providers"]
    assert (provider["type"], provider["folder"]) == ("file", "loadgen")
