"""Business figures: what follows from the counters, and where people find it."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from loadgen.report.breakdown import counters
from loadgen.report.business import business, figures_of
from loadgen.report.html import render_html
from loadgen.report.now import Now
from loadgen.report.summary import Summary
from loadgen.report.terminal import print_summary
from loadgen.report.visitors import Business
from loadgen.stats import RunStats, SecondRow, Tally


def sold(summary: Summary) -> Business:
    assert summary.business is not None
    return summary.business


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**9))
def test_revenue_is_visits_times_conversion_times_basket(visits: int, orders: int, cents: int) -> None:
    figures = figures_of({"visits": visits, "orders": orders, "revenue_cents": cents})
    assert figures.conversion is not None
    assert figures.basket_cents is not None
    revenue = visits * figures.conversion * figures.basket_cents
    assert revenue == pytest.approx(cents, abs=1e-6 * visits * figures.basket_cents + 1e-3 * orders)


def test_what_would_divide_by_nothing_is_not_known() -> None:
    figures = figures_of({})
    assert (figures.visits, figures.orders, figures.revenue_cents) == (0, 0, 0)
    assert (figures.basket_cents, figures.conversion, figures.cart_abandonment) == (None, None, None)


def test_carts_that_were_not_ordered_were_abandoned() -> None:
    assert figures_of({"carts": 8, "orders": 2}).cart_abandonment == 0.75
    assert figures_of({"carts": 8}).cart_abandonment == 1
    assert figures_of({"carts": 8, "orders": 9}).cart_abandonment is None, "these orders came without carts"


def test_the_run_is_the_sum_of_its_journeys(summary: Summary) -> None:
    figures = sold(summary)
    for name in ("visits", "product_views", "carts", "checkouts", "orders", "revenue_cents"):
        assert getattr(figures.total, name) == sum(getattr(of, name) for of in figures.by_journey.values())
    assert figures.by_journey["Browser"].conversion == 0
    assert figures.by_journey["AbandonedCart"].cart_abandonment == 1


def test_a_run_whose_journeys_count_nothing_has_no_business_figures(summary: Summary) -> None:
    counted = Tally()
    counted.counters["Browser", "reloads"] = 3
    assert business(counters(counted), {}) is None
    page = render_html(summary.model_copy(update={"business": None}))
    assert 'id="business"' not in page


def test_the_page_begins_with_what_a_merchant_asks_for(summary: Summary) -> None:
    page = render_html(summary)
    cards = page.partition('id="business"')[2].partition("</dl>")[0]
    assert re.findall(r"<dt>(.*?)</dt>", cards) == [
        *("Visits", "Product views", "Filled carts", "Checkouts", "Orders", "Conversion", "Basket", "Revenue")
    ]
    assert "19.4%" in cards
    assert page.index('id="business"') < page.index("Peak requests/s")


def test_the_terminal_has_a_row_for_each_journey_and_one_for_all(summary: Summary) -> None:
    written = StringIO()
    print_summary(summary, Console(file=written, width=100))
    (line,) = re.findall(r"^In all  .*$", written.getvalue(), re.MULTILINE)
    assert line.split()[2:] == ["4,200", "1,284", "36.7%", "813", "19.4%", "50.58", "41,123.07"]


def orders_of(*orders: int) -> RunStats:
    stats = RunStats()
    for second, number in enumerate(orders):
        tally = Tally()
        tally.counters["Buyer", "orders"] = number
        tally.counters["Buyer", "visits"] = 2 * number
        stats.add(SecondRow(second, tally=tally))
    return stats


def test_orders_a_minute_are_those_of_the_last_minute() -> None:
    assert Now.of(orders_of(*[9] * 30, *[1] * 60)).orders_per_min == 60


def test_orders_a_minute_of_a_run_of_seconds_are_of_these_seconds() -> None:
    now = Now.of(orders_of(1, 3))
    assert now.orders_per_min == 120
    assert now.business is not None
    assert now.business.conversion == 0.5
