"""docs/demo-shop.md says what the shop does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loadgen.demoshop.catalogue import PAGE_SIZE, Catalogue
from loadgen.demoshop.counters import Counters
from loadgen.demoshop.coupons import WELCOME, Coupon
from loadgen.demoshop.faults import Fault, FaultKind
from loadgen.demoshop.filters import FILTERS
from loadgen.demoshop.methods import CHALLENGED_CARD, DECLINED_CARD, DELIVERIES
from loadgen.demoshop.routes import ROUTES
from loadgen.demoshop.stations import SPECS, Station

MANUAL = (Path(__file__).parents[2] / "docs" / "demo-shop.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    section = MANUAL.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {cells[0].strip("`"): [cell.strip() for cell in cells[1:]] for cells in lines[1:]}


def test_the_stations_are_those_of_the_table() -> None:
    table = rows("Capacity")
    for step, spec in SPECS.items():
        service_ms, visits, headroom, capacity, servers = table.pop(step.value)
        station = Station(spec, knee_per_s=150)
        assert (float(service_ms), float(visits), float(headroom)) == pytest.approx(
            (spec.service_s * 1000, spec.requests_per_visitor, spec.headroom)
        )
        assert float(capacity.removesuffix("/s")) == pytest.approx(station.capacity_per_s)
        assert int(servers) == station.servers
    assert table == {}


def test_every_route_is_in_the_table_of_its_step() -> None:
    table = rows("Routes")
    for route in ROUTES:
        if route.step is not None:
            assert re.search(rf" {re.escape(route.template)}`", " ".join(table[route.step.value])), route.template


def test_the_faults_and_their_examples_are_real() -> None:
    assert set(FaultKind) <= set(rows("Faults"))
    posted, written = re.findall(r"-d '(.*)'", MANUAL), re.findall(r"--fault ([\w:@.-]+)", MANUAL)
    assert posted
    assert written
    assert all(Fault.model_validate_json(example) for example in posted)
    assert all(Fault.parse(example) for example in written)


def test_every_counter_is_explained() -> None:
    explained = re.findall(r"`(\w+)`", " ".join(MANUAL.partition("## Counters")[2].split()))
    assert set(Counters().snapshot()) <= set(explained)


def test_the_categories_and_the_page_size_are_right() -> None:
    named = re.search(r"Categories: ([^.]*)\.", MANUAL)
    assert named
    assert re.findall(r"`(\w+)`", named[1]) == list(Catalogue.generate(1, seed=1).by_category)
    assert f"{PAGE_SIZE} products" in " ".join(MANUAL.split())


def test_what_is_sold_and_how_it_is_paid_is_as_said() -> None:
    for method in DELIVERIES.values():
        assert f"`{method.key}`" in MANUAL
    assert ", ".join(f"`{band}`" for band in FILTERS["price"][0]) in MANUAL
    assert f"- {DECLINED_CARD} is always declined" in MANUAL
    assert f"- {CHALLENGED_CARD} asks for 3-D Secure" in MANUAL
    assert f"`{WELCOME.code}` always {WELCOME.percent} %" in MANUAL
    for example in re.findall(r"--coupon ([^`\s]+)`", MANUAL):
        assert Coupon.parse(example)
