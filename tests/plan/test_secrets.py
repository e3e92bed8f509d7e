"""Secrets stay out of the plan until a worker puts them in."""

from __future__ import annotations

from typing import Any

import pytest

from loadgen.errors import PlanError
from loadgen.plan import Plan
from loadgen.plan.secrets import HIDDEN, names_in, redact, resolve, resolve_target, values_in


def _plan(base_url: str = "https://${env:HOST}", **headers: str) -> Plan:
    written: dict[str, Any] = {
        "name": "demo",
        "target": {"base_url": base_url, "headers": headers},
        "journeys": [{"file": "buy.py", "user": "Buyer"}],
        "load": [{"shape": {"constant": {"at": 1, "for": 1}}}],
        "data": [{"name": "d", "file": "${env:DATA}/d.csv"}],
    }
    return Plan.model_validate(written)


def test_a_plan_names_the_variables_it_needs_and_holds_no_value() -> None:
    plan = _plan(Authorization="Bearer ${env:TOKEN}", Price="$${5}")

    assert names_in(plan) == {"HOST", "TOKEN", "DATA"}
    assert "${env:TOKEN}" in plan.model_dump_json()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("Bearer ${env:A}", "Bearer one"),
        ("${env:A}${env:B}", "one${env:A}"),
        ("$${env:A}", "${env:A}"),
        ("cost $5 {x}", "cost $5 {x}"),
    ],
)
def test_references_are_replaced_once_and_escapes_kept(text: str, value: str) -> None:
    assert resolve(text, {"A": "one", "B": "${env:A}"}) == value


def test_every_missing_variable_is_named() -> None:
    with pytest.raises(PlanError, match="environment variables B, C are not set"):
        resolve("${env:C}${env:A}${env:B}", {"A": ""})
    with pytest.raises(PlanError, match="environment variable HOST is not set"):
        resolve_target(_plan().target, {})


def test_a_target_is_resolved_whole() -> None:
    target = resolve_target(_plan(Authorization="Bearer ${env:T}").target, {"HOST": "shop.example/", "T": "s3cret"})

    assert target.base_url == "https://shop.example"
    assert target.headers == {"Authorization": "Bearer s3cret"}


def test_a_resolved_address_is_checked_without_repeating_it() -> None:
    with pytest.raises(PlanError) as caught:
        resolve_target(_plan().target, {"HOST": "user:s3cret@shop.example"})

    assert "s3cret" not in caught.value.message
    assert caught.value.__suppress_context__


def test_a_secret_with_a_line_end_does_not_become_a_header() -> None:
    with pytest.raises(PlanError, match=r"target\.headers\.Authorization is more than one line") as caught:
        resolve_target(_plan(Authorization="${env:T}").target, {"HOST": "shop", "T": "s3cret\n"})

    assert "s3cret" not in caught.value.message


def test_secrets_are_hidden_in_any_text() -> None:
    values = values_in(_plan(A="${env:T}", B="${env:EMPTY}"), {"HOST": "shop", "T": "shopshop", "EMPTY": ""})

    assert values == ("shop", "shopshop")
    assert redact("at shop with shopshop", values) == f"at {HIDDEN} with {HIDDEN}"
