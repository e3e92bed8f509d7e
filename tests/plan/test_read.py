"""A plan's file becomes a plan and the files around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from loadgen.plan import LoadModel, Plan, Spacing
from loadgen.plan.checks import Finding
from loadgen.plan.read import load_plan
from loadgen.shapes import Constant, Ramp, Sequence, Spike


def test_the_plan_of_a_perf_team_is_read_as_it_stands(winter_sales: str, write: Callable[..., Path]) -> None:
    plan = load_plan(write(winter_sales)).plan

    assert plan.name == "winter-sales-rehearsal"
    assert plan.target.base_url == "https://shop.example"
    assert [(journey.user, journey.weight) for journey in plan.journeys] == [("Browser", 70), ("GuestBuyer", 30)]
    (stream,) = plan.load
    assert (stream.name, stream.model, stream.arrivals) == ("open", LoadModel.OPEN, Spacing.POISSON)
    assert isinstance(stream.shape, Sequence)
    assert [type(shape) for shape in stream.shape.shapes] == [Ramp, Constant, Spike]
    assert [str(threshold) for threshold in plan.thresholds] == [
        "p(95) < 800ms",
        "error_rate < 1%",
        "p(99){step:payment} < 2s",
    ]
    assert [str(guard) for guard in plan.guards] == ["unavailable for 5s: stop", "error_rate > 20% for 10s: stop"]
    assert (plan.seed, plan.duration, plan.peak_rate, plan.arrivals) == (7, 960, 600, 186_000)


def test_journey_files_are_found_relative_to_the_plan(
    winter_sales: str, write: Callable[..., Path], folder: Path
) -> None:
    loaded = load_plan(write(winter_sales))

    assert loaded.path == folder / "plans" / "plan.yaml"
    assert [(journey.path, journey.user) for journey in loaded.journeys] == [
        (folder / "browse.py", "Browser"),
        (folder / "buy.py", "GuestBuyer"),
    ]
    assert loaded.journey_root == folder


def test_the_same_plan_in_json_is_the_same_plan(winter_sales: str, write: Callable[..., Path]) -> None:
    plan = load_plan(write(winter_sales)).plan
    written = {
        "name": "winter-sales-rehearsal",
        "target": {"base_url": "https://shop.example"},
        "journeys": [
            {"file": "../browse.py", "user": "Browser", "weight": 70},
            {"file": "../buy.py", "user": "GuestBuyer", "weight": 30},
        ],
        "load": [
            {
                "model": "open",
                "arrivals": "poisson",
                "shape": [
                    {"ramp": {"from": "0/s", "to": "200/s", "over": "5m"}},
                    {"constant": {"at": "200/s", "for": "10m"}},
                    {"spike": {"to": "600/s", "for": "60s"}},
                ],
            }
        ],
        "thresholds": ["p(95) < 800ms", "error_rate < 1%", "p(99){step:payment} < 2s"],
        "guards": ["unavailable for 5s: stop", "error_rate > 20% for 10s: stop"],
        "seed": 7,
    }

    for indent in (None, 2, "\t"):
        assert load_plan(write(json.dumps(written, indent=indent), "plan.json")).plan == plan


def test_json_may_escape_a_character_in_two_halves(good: str, write: Callable[..., Path]) -> None:
    written = yaml.safe_load(good) | {"description": "the \U0001f6d2 of winter"}

    assert load_plan(write(json.dumps(written), "plan.json")).plan.description == "the \U0001f6d2 of winter"


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem(good: str, write: Callable[..., Path]) -> None:
    plain = load_plan(write(good)).plan

    assert load_plan(write(b"\xef\xbb\xbf" + good.replace("\n", "\r\n").encode())).plan == plain


def test_an_anchor_may_be_used_again(good: str, write: Callable[..., Path]) -> None:
    text = good.replace("shape:\n", "shape: &rise\n") + "seed: 5\n"
    text = text.replace("thresholds:", "  - {shape: *rise, start: 1m}\nthresholds:")

    plan = load_plan(write(text)).plan

    assert plan.load[0].shape == plan.load[1].shape
    assert [stream.name for stream in plan.load] == ["open", "load-2"]


def test_a_curve_is_read_from_its_file_into_the_plan(good: str, write: Callable[..., Path]) -> None:
    path = write(good.replace("ramp: {to: 200/s, over: 5m}", "curve: {file: ../year.csv}"))
    (path.parent.parent / "year.csv").write_text("t,rate\n0s,10/s\n1m,30/s\n", encoding="utf-8")

    plan = load_plan(path).plan

    assert plan.load[0].shape.total == pytest.approx(1200)
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_data_files_are_found_relative_to_the_plan(good: str, write: Callable[..., Path]) -> None:
    text = good + 'data:\n  - {name: shoppers, file: shoppers.csv}\n  - {name: secret, file: "${env:DIR}/x.jsonl"}\n'
    path = write(text)
    path.with_name("shoppers.csv").write_text("name\nAda\n", encoding="utf-8")

    assert load_plan(path).data_files == {"shoppers": path.with_name("shoppers.csv")}


def test_what_is_found_out_later_is_put_at_its_place_too(good: str, write: Callable[..., Path]) -> None:
    path = write(good)

    problem = load_plan(path).problem(Finding(("journeys", 1, "user"), "there is no class GuestBuyer"))

    assert str(problem) == f"{path}:6:26 journeys[1].user: there is no class GuestBuyer"


def test_a_bare_zero_needs_no_unit(good: str, write: Callable[..., Path]) -> None:
    path = write(good.replace("{to: 200/s, over: 5m}", "{from: 0, to: 200/s, over: 5m}"))

    assert load_plan(path).plan.load[0].shape.rate_at(0) == 0
