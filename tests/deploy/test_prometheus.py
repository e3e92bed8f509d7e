from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from deploy.debian import DEPLOY, promtool

from loadgen.metrics import families
from loadgen.metrics.buckets import BOUNDS_LE
from loadgen.verdict import REASONS

FOLDER = DEPLOY / "prometheus"
CONFIGURATIONS = sorted(FOLDER.glob("*.yml"))
RULES = sorted((FOLDER / "rules").glob("*.yml"))
TESTS = sorted((FOLDER / "tests").glob("*.yml"))


def rules() -> list[dict]:
    """All rules there are."""
    return [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.stem)
def test_promtool_accepts_the_configuration(path: Path, tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "rules", tmp_path / "rules")
    configuration = yaml.safe_load(path.read_text())
    for job in configuration["scrape_configs"]:
        if job.pop("kubernetes_sd_configs", None):  # Debian's promtool is built without it
            job["static_configs"] = [{"targets": ["127.0.0.1:9646"]}]
    copy = tmp_path / path.name
    copy.write_text(yaml.safe_dump(configuration))
    promtool("check", "config", copy)


def test_what_debian_cannot_check_of_kubernetes_is_what_prometheus_documents() -> None:
    (job,) = yaml.safe_load((FOLDER / "prometheus-kubernetes.yml").read_text())["scrape_configs"]
    (discovery,) = job["kubernetes_sd_configs"]
    assert discovery["role"] == "pod"
    assert [set(selector) for selector in discovery["selectors"]] == [{"role", "label"}]
    meta = [label for rule in job["relabel_configs"] for label in rule["source_labels"]]
    assert all(label.startswith("__meta_kubernetes_") for label in meta)


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.stem)
def test_every_configuration_evaluates_all_rules(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["rule_files"] == ["rules/*.yml"]


def test_promtool_finds_nothing_to_say_of_the_rules() -> None:
    promtool("check", "rules", "--lint-fatal", *RULES)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(path: Path) -> None:
    promtool("test", "rules", path)


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_seen_to_fire_and_not_to_fire(alert: str) -> None:
    tests = [test for path in TESTS for test in yaml.safe_load(path.read_text())["tests"]]
    cases = [case for test in tests for case in test.get("alert_rule_test", []) if case["alertname"] == alert]
    assert {bool(case["exp_alerts"]) for case in cases} == {True, False}


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_says_what_it_is_and_what_to_do(alert: str) -> None:
    rule = ALERTS[alert]
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert all(text.strip() for text in rule["annotations"].values())
    assert rule["labels"]["severity"] in {"warning", "critical"}


def test_rules_ask_for_what_is_exported() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    exported = {family.name for family in families.ALL} | recorded
    for rule in rules():
        asked = set(re.findall(r"[\w:]*loadgen_[\w:]+", rule["expr"]))
        assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked} <= exported, rule
        assert set(re.findall(r'le="([^"]+)"', rule["expr"])) <= set(BOUNDS_LE)


@pytest.mark.parametrize("record", [rule["record"] for rule in rules() if "record" in rule])
def test_every_recording_is_held_against_a_number(record: str) -> None:
    tests = [test for path in TESTS for test in yaml.safe_load(path.read_text())["tests"]]
    cases = [case for test in tests for case in test.get("promql_expr_test", [])]
    assert [case for case in cases if record in case["expr"] and case["exp_samples"]]


def test_reasons_for_saturation_are_among_those_that_there_are() -> None:
    (named,) = re.findall(r'reason=~"([^"]+)"', ALERTS["LoadgenGeneratorSaturated"]["expr"])
    assert set(named.split("|")) <= set(REASONS)


def test_the_guide_names_every_alert_with_its_severity() -> None:
    guide = (DEPLOY.parent / "docs" / "grafana.md").read_text()
    told = re.findall(r"^\| `(Loadgen\w+)` \| (\w+) \|", guide, re.MULTILINE)
    assert dict(told) == {name: rule["labels"]["severity"] for name, rule in ALERTS.items()}
