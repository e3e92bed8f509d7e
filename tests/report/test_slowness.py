"""What slowness cost: small runs whose answer is known, and many whose truth is."""

from __future__ import annotations

import math
import re
from collections import Counter
from io import StringIO
from random import Random

import pytest
from rich.console import Console

from loadgen.latency import Histogram
from loadgen.report.html import render_html
from loadgen.report.part import Latency
from loadgen.report.slowness import slowness
from loadgen.report.story import cost_of_slowness, story
from loadgen.report.summary import Summary
from loadgen.report.terminal import print_summary
from loadgen.report.visitors import Slowness, StepFigures
from loadgen.stats import JourneyCounts, Tally


def step(name: str, entered: int, completed: int, journey: str = "Buyer", **abandoned: int) -> StepFigures:
    return StepFigures(
        journey=journey,
        step=name,
        entered=entered,
        completed=completed,
        abandoned=abandoned,
        time_s=Latency(),
        apdex=None,
        requests=0,
        failures=0,
        error_rate=None,
        latency_s=Latency(),
    )


def tally(started: int, orders: int, cents: int = 0, journey: str = "Buyer") -> Tally:
    counters = Counter({(journey, "orders"): orders, (journey, "revenue_cents"): cents}) if orders else Counter()
    return Tally(journeys={journey: JourneyCounts(started=started)}, counters=counters)


def cost(total: Tally, *steps: StepFigures) -> Slowness:
    found = slowness(total, steps)
    assert found is not None
    return found


def test_nobody_left_for_slowness_so_there_is_no_cost() -> None:
    assert slowness(tally(10, 5), [step("home", 10, 5, will=5)]) is None


def test_one_slow_step() -> None:
    # 100 enter the payment, 20 of them leave for slowness, 80 pay: each of the 20 would have been one order of 50.00.
    found = cost(tally(100, 80, 80 * 5000), step("payment", 100, 80, slow=20))
    assert (found.left, found.orders, found.orders_lost, found.revenue_cents_lost) == (20, 80, 20, 100_000)
    margin = 1.96 * math.sqrt(20**2 / 80 + 20)
    assert found.orders_lost_low == pytest.approx(20 - margin, abs=0.001)
    assert found.orders_lost_high == pytest.approx(20 + margin, abs=0.001)
    assert (found.conversion, found.conversion_without, found.is_complete) == (0.8, 1.0, True)


def test_who_left_early_might_have_left_later_and_is_worth_what_they_were() -> None:
    # home: 100 come, 20 leave for slowness. product: 80 come, 40 leave for slowness, 40 go on and make 10 orders.
    # product: 10 / 40 = 0.25 each, so 10 lost. home: (10 + 10) / 80 = 0.25 each, so 5 lost. Without: 25 = 100 · 0.25.
    found = cost(tally(100, 10), step("home", 100, 80, slow=20), step("product", 80, 40, slow=40))
    assert [(at.step, at.orders_each, at.orders_lost) for at in found.steps] == [
        ("home", 0.25, 5),
        ("product", 0.25, 10),
    ]
    assert found.conversion_without == 0.25


def test_a_step_that_each_shopper_does_twice_counts_shoppers() -> None:
    found = cost(tally(100, 60), step("product", 190, 180, slow=10))
    assert found.steps[0].passed == 100
    assert found.orders_lost == 6


def test_journeys_are_estimated_apart() -> None:
    total = tally(100, 50, 50 * 2000)
    total.journeys["Browser"] = JourneyCounts(started=900)
    browser = step("home", 900, 600, journey="Browser", slow=300)
    found = cost(total, browser, step("payment", 100, 50, slow=50))
    assert (found.left, found.orders_lost, found.revenue_cents_lost) == (350, 50, 100_000)
    assert [at.orders_lost for at in found.steps] == [0, 50]


def test_where_nobody_went_on_the_cost_is_not_known_and_the_sum_says_so() -> None:
    found = cost(tally(100, 10), step("home", 100, 100), step("coupon", 5, 0, slow=5), step("pay", 20, 10, slow=10))
    assert not found.is_complete
    assert [(at.step, at.orders_lost) for at in found.steps] == [("coupon", None), ("pay", 10)]
    assert cost_of_slowness(found) == (
        "15 visitors left because the shop was too slow, which cost at least 10 orders (1 to 18)."
    )


def test_the_cost_in_words() -> None:
    found = cost(tally(100, 80, 80 * 5000), step("payment", 100, 80, slow=20))
    assert cost_of_slowness(found) == (
        "20 visitors left because the shop was too slow, which cost about 20 orders (10 to 29) and 1,000.00 of revenue."
    )
    nothing = cost(tally(10, 0), step("home", 10, 0, slow=10))
    assert "cannot be told" in cost_of_slowness(nothing)


def test_the_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    """Shoppers who would buy with probability 0.3, and leave two slow steps whether they would or not."""
    dice, holds = Random(7), 0
    for _ in range(400):
        at = {"home": Counter[str](), "cart": Counter[str]()}
        orders = lost = 0
        for _ in range(500):
            buys, gone = dice.random() < 0.3, False
            for name, share in (("home", 0.2), ("cart", 0.3)):
                at[name]["entered"] += 1
                gone = dice.random() < share
                at[name]["slow" if gone else "completed"] += 1
                if gone:
                    break
            orders += buys and not gone
            lost += buys and gone
        steps = [step(name, n["entered"], n["completed"], slow=n["slow"]) for name, n in at.items()]
        found = cost(tally(500, orders), *steps)
        holds += found.orders_lost_low <= lost <= found.orders_lost_high
    assert holds / 400 >= 0.95


def test_the_page_shows_where_visitors_left_and_what_it_cost(summary: Summary) -> None:
    found = cost(tally(100, 80, 80 * 5000), step("payment", 100, 80, slow=20))
    steps = (step("payment", 100, 80, slow=15, will=5), *summary.steps[1:])
    page = render_html(summary.model_copy(update={"slowness": found, "steps": steps}))
    assert "What slowness cost" in page
    assert "which cost about 20 orders (10 to 29) and 1,000.00 of revenue." in page
    assert "80.0% of visitors ordered; had all of them waited, it would have been 100%." in page
    assert "too slow 15.0%, left 5.0%" in page
    assert "What slowness cost" not in render_html(summary)


def test_the_terminal_shows_why_visitors_left_a_step(summary: Summary) -> None:
    times = Latency.of(Histogram.of([200_000] * 80))
    steps = (step("payment", 100, 80, slow=15, will=5).model_copy(update={"time_s": times}),)
    written = StringIO()
    print_summary(summary.model_copy(update={"steps": steps}), Console(file=written, width=80))
    (line,) = re.findall(r"^  payment +100 +5.*$", written.getvalue(), re.MULTILINE)
    assert line.split() == ["payment", "100", "5.0%", "15.0%", "0%", "200", "ms", "200", "ms", "–"]


def test_a_story_ends_with_what_slowness_cost(summary: Summary) -> None:
    found = cost(tally(100, 80), step("payment", 100, 80, slow=20))
    assert story(None, None, summary.arrivals, summary.totals, {}, (), found)[-1] == cost_of_slowness(found)
