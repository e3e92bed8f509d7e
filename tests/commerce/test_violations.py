"""Each rule: what breaks it, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.commerce import Cart, Line, Method, Order
from loadgen.commerce.violations import (
    adds_up,
    charged_once,
    costs_what_the_till_said,
    on_offer,
    order_kept,
    oversold,
    overused,
    priced_as_shown,
    still_there,
)

FULL = Cart((Line("lamp", 2, 2000), Line("rug", 1, 500)), 2500, 490, 250, 2740)
ORDER = Order("A1", 2740)


@given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(0, 10**4), st.integers(0, 10**4))
def test_a_cart_that_adds_up_breaks_no_rule(prices, delivery, discount):
    goods = sum(prices)
    lines = tuple(Line(str(number), 1, cents) for number, cents in enumerate(prices))
    cart = Cart(lines, goods, delivery, discount, goods - discount + delivery)
    assert not list(adds_up(cart))
    assert [each.rule for each in adds_up(replace(cart, total_cents=goods - discount + delivery + 1))] == ["cart_total"]
    assert [each.rule for each in adds_up(replace(cart, goods_cents=None))] == []


def test_a_wrong_sum_is_told_with_its_figures():
    (total,) = adds_up(replace(FULL, total_cents=2840))
    assert total.words == "goods 2500 - discount 250 + delivery 490 = 2740 cents, the total is said to be 2840"
    lines, _ = adds_up(replace(FULL, goods_cents=2600))
    assert lines.words == "the lines add up to 2500 cents, the goods are said to be 2600"


def test_a_shop_may_round_as_far_as_its_dialect_says():
    assert not list(adds_up(replace(FULL, total_cents=2741), rounding_cents=1))
    assert list(adds_up(replace(FULL, total_cents=2742), rounding_cents=1))
    assert not list(costs_what_the_till_said(FULL, replace(ORDER, total_cents=2739), rounding_cents=1))


def test_what_is_not_shown_breaks_no_rule():
    quiet = Cart((Line("lamp", 2), Line("rug", 1, 500)), 2000)
    assert not list(adds_up(quiet))
    assert not list(priced_as_shown(quiet, {"lamp": 1000}))
    assert not list(costs_what_the_till_said(quiet, ORDER))


def test_a_line_costs_what_the_page_said():
    assert not list(priced_as_shown(FULL, {"lamp": 1000, "vase": 1}))
    (wrong,) = priced_as_shown(FULL, {"lamp": 900, "rug": 500})
    assert (wrong.rule, wrong.words) == ("price", "2 of lamp cost 2000 cents, its page said 900 each")
    assert not list(priced_as_shown(FULL, {"lamp": 1100}))  # two are cheaper than two times one
    assert list(priced_as_shown(FULL, {"rug": 600}))


def test_a_cart_may_grow_but_not_shrink():
    more = replace(FULL, lines=(*FULL.lines, Line("lamp", 1)))
    assert not list(still_there(FULL, more, "a login"))
    (lost,) = still_there(more, FULL, "a failed payment")
    assert lost.words == "after a failed payment the cart has lost 1 of lamp"
    (lost,) = still_there(FULL, Cart(), "a failed payment")
    assert lost.words == "after a failed payment the cart has lost 2 of lamp, 1 of rug"


@pytest.mark.parametrize("what", ["delivery", "payment"])
def test_something_is_on_offer(what):
    assert [each.rule for each in on_offer((), what)] == [what]
    assert not list(on_offer((Method("a"),), what))


def test_an_order_costs_what_was_said():
    assert not list(costs_what_the_till_said(FULL, ORDER))
    (dear,) = costs_what_the_till_said(FULL, replace(ORDER, total_cents=2840))
    assert (dear.rule, dear.words) == ("order_total", "order A1 costs 2840 cents, the till said 2740")
    assert not list(charged_once(ORDER, ORDER))
    (twice,) = charged_once(ORDER, replace(ORDER, total_cents=5480))
    assert twice.words == "order A1 was confirmed with 2740 cents; charged are 5480"


def test_limits_of_a_run_hold_for_all_its_orders():
    assert not list(oversold({"lamp": 10, "rug": 99}, {"lamp": 10, "vase": 0}))
    (over,) = oversold({"lamp": 12}, {"lamp": 10})
    assert (over.rule, over.words) == ("stock", "12 of lamp were sold, there were 10")
    assert not list(overused({"TEN": 3}, {"TEN": 3}))
    (over,) = overused({"TEN": 4}, {"TEN": 3})
    assert (over.rule, over.words) == ("coupon", "TEN counted in 4 orders, it may in 3")


def test_an_order_that_is_lost_is_named_with_what_it_cost_and_what_the_shop_said():
    lost = order_kept(ORDER, "unknown")
    assert lost.rule == "order_kept"
    words = f"order {ORDER.number} was confirmed with {ORDER.total_cents} cents, and is not to be found: unknown"
    assert lost.words == words
