"""Dashboards, and what Kubernetes itself does not know, held against JSON schemas of their makers' own types."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from deploy.debian import DEPLOY
from npm import workshop

DASHBOARD = ("dashboard.ts", "DashboardFile")
MONITOR = ("monitor.ts", "ServiceMonitorFile")
COMMITTED = sorted((DEPLOY / "grafana" / "json").glob("*.json"))


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that makes the schemas and checks by them."""
    return workshop(Path(__file__).parent / "schemas", tmp_path_factory.mktemp("node") / "schemas")


def faults(checker: Path, kind: tuple[str, str], *files: Path) -> list[str]:
    """What does not fit, a line for each fault."""
    command = ["node", "check.mjs", *kind, *map(str, files)]
    told = subprocess.run(command, cwd=checker, capture_output=True, text=True, timeout=120, check=False)
    found = told.stderr.splitlines()
    assert told.returncode == bool(found), told.stderr
    return found


def test_dashboards_are_what_grafana_says_a_dashboard_is(checker: Path) -> None:
    assert len(COMMITTED) == 3
    assert faults(checker, DASHBOARD, *COMMITTED) == []


def test_the_schema_finds_misspelt_keys_and_wrong_values(checker: Path, tmp_path: Path) -> None:
    right = (DEPLOY / "grafana" / "json" / "overview.json").read_text()
    spoilt = {
        "/refersh": ('"refresh": "', '"refersh": "'),
        "/panels/1/targets/0/legend_format": ('"legendFormat"', '"legend_format"'),
        "/panels/1/fieldConfig/defaults/units": ('"unit"', '"units"'),
        "/panels/1/options/colorMode": ('"colorMode": "value"', '"colorMode": "values"'),
        "/panels/1/gridPos/w": ('"w": 4', '"w": "4"'),
        "/panels/1/type": ('"type": "stat"', '"type": "singlestat"'),
        "/panels/25/options/cellgap": ('"cellGap"', '"cellgap"'),
        "/panels/14/fieldConfig/defaults/custom/lineWidth": ('"lineWidth": 2', '"lineWidth": "2"'),
        "/annotations/list/0/iconcolor": ('"iconColor"', '"iconcolor"'),
    }
    files = {}
    for place, (before, after) in spoilt.items():
        assert before in right
        files[place] = tmp_path / f"{len(files)}.json"
        files[place].write_text(right.replace(before, after, 1 if before.startswith('"refresh') else -1))
        json.loads(files[place].read_text())
    found = faults(checker, DASHBOARD, *files.values())
    for place, path in files.items():
        assert [line for line in found if line.startswith(f"{path}: {place} ")], place


def test_the_operator_takes_the_monitor(checker: Path, tmp_path: Path) -> None:
    manifests = yaml.safe_load_all(
        (DEPLOY / "kubernetes" / "components" / "monitoring" / "monitoring.yaml").read_text()
    )
    (monitor,) = [each for each in manifests if each["kind"] == "ServiceMonitor"]
    right = json.dumps(monitor)
    written = {
        "": right,
        "/spec/endpoints/0/scrapeTimeOut": right.replace("scrapeTimeout", "scrapeTimeOut"),
        "/spec/endpoints/0/port": right.replace('"port": "metrics"', '"port": 9646'),
        "/spec": right.replace('"selector"', '"selectors"'),
        "/apiVersion": right.replace("/v1", "/v2"),
    }
    files = {place: tmp_path / f"{number}.json" for number, place in enumerate(written)}
    for place, path in files.items():
        path.write_text(written[place])
    found = faults(checker, MONITOR, *files.values())
    for place, path in files.items():
        assert bool([line for line in found if line.startswith(f"{path}: {place} ")]) == bool(place), place
    assert not [line for line in found if line.startswith(f"{files['']}:")]
