"""A plan is shown before it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from loadgen.plan import Plan
from loadgen.plan.estimate import REQUESTS_PER_SESSION, REQUESTS_PER_WORKER, SESSION_S, estimate
from loadgen.plan.preview import preview, summary
from loadgen.plan.read import load_plan


@pytest.fixture
def plan(winter_sales: str, write: Callable[..., Path]) -> Plan:
    return load_plan(write(winter_sales)).plan


@pytest.fixture
def three_streams(winter_sales: str) -> Plan:
    written: dict[str, Any] = yaml.safe_load(winter_sales)
    written["load"] += [
        {
            "name": "tv-spot",
            "start": "5m",
            "shape": {"spike": {"to": "900/s", "for": "20s"}},
            "journeys": {"Browser": 1},
        },
        {"model": "closed", "shape": {"constant": {"at": 60, "for": "10m"}}},
    ]
    return Plan.model_validate(written)


def test_a_plan_is_summed_up_in_a_line(plan: Plan, three_streams: Plan) -> None:
    assert summary(plan) == "winter-sales-rehearsal (1 stream, 2 journeys, 16m, peak 600/s)"
    assert summary(three_streams) == "winter-sales-rehearsal (3 streams, 2 journeys, 16m, peak 1100/s and 60 shoppers)"


def test_the_preview_shows_load_mix_totals_and_what_is_only_an_estimate(plan: Plan) -> None:
    lines = preview(plan, 60).splitlines()

    assert lines[0] == "winter-sales-rehearsal: https://shop.example"
    assert "open (open, poisson arrivals, 16m)" in lines
    assert "Browser      70%    130.2k" in lines
    assert "arrivals          186k  give or take, as they are random" in lines
    assert "requests         ~1.5M  at 8 requests a session" in lines
    assert "workers             ~5  at 1000/s a worker process" in lines


def test_no_line_of_the_drawing_is_wider_than_asked_for(three_streams: Plan) -> None:
    drawn = preview(three_streams, 50).partition("journey ")[0]

    assert max(map(len, drawn.splitlines())) <= 56


def test_streams_of_one_model_are_also_drawn_together(three_streams: Plan) -> None:
    text = preview(three_streams)

    assert "all open streams together" in text
    assert "all closed streams together" not in text
    assert "tv-spot (open, uniform arrivals, 20s, from 5m)" in text
    assert "GuestBuyer   30%        -     30%" in text


def test_a_preview_can_do_without_block_characters(plan: Plan) -> None:
    assert preview(plan, 80, ascii_only=True).isascii()


def test_a_plan_says_how_many_workers_it_waits_for(winter_sales: str) -> None:
    plan = Plan.model_validate(yaml.safe_load(winter_sales) | {"workers": {"count": 8}})

    assert "waits for      8 workers" in preview(plan)


def test_the_estimate_follows_what_is_known_of_the_journeys(three_streams: Plan) -> None:
    guess = estimate(three_streams)
    told = estimate(three_streams, {"Browser": 2, "GuestBuyer": 10, "Stranger": 99})

    closed = 60 * 600 / SESSION_S
    assert guess.sessions["GuestBuyer"] == pytest.approx(0.3 * (186_000 + closed))
    assert guess.requests == pytest.approx((186_000 + 18_000 + closed) * REQUESTS_PER_SESSION)
    assert told.requests == pytest.approx((186_000 + closed) * (0.7 * 2 + 0.3 * 10) + 18_000 * 2)
    assert told.peak_requests == pytest.approx(max(600 * 4.4, 200 * 4.4 + 900 * 2 + 60 * 4.4 / SESSION_S))
    assert told.workers == -(-told.peak_requests // REQUESTS_PER_WORKER)


def test_every_task_of_a_session_counts(winter_sales: str) -> None:
    written: dict[str, Any] = yaml.safe_load(winter_sales)
    once = estimate(Plan.model_validate(written))
    written["load"][0]["session"] = 3

    assert estimate(Plan.model_validate(written)).requests == pytest.approx(3 * once.requests)


def test_even_the_smallest_plan_takes_a_worker(winter_sales: str) -> None:
    written: dict[str, Any] = yaml.safe_load(winter_sales)
    written["load"] = [{"shape": {"constant": {"at": "1/h", "for": "1h"}}}]

    assert estimate(Plan.model_validate(written)).workers == 1
