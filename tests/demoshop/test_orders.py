"""Stock, money and order numbers."""

from __future__ import annotations

import pytest

from loadgen.demoshop.catalogue import Catalogue
from loadgen.demoshop.coupons import Coupon, Coupons
from loadgen.demoshop.faults import Fault, FaultKind, Faults
from loadgen.demoshop.methods import DELIVERIES
from loadgen.demoshop.orders import Order, OrderBook
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.sessions import Delivery, Session

DELIVERY = Delivery("guest@example.test", "A Guest", "2 Example Street", "express")


class Till:
    """An order book, and visitors who come to it with a cart."""

    def __init__(self, *faults: FaultKind) -> None:
        self.faults = Faults(Fault(kind=kind) for kind in faults)
        self.coupons = Coupons([Coupon(code="ONCE", cents=500, limit=1)], self.faults)
        self.book = OrderBook(Catalogue.generate(10, seed=1, stock=5), self.coupons, self.faults)
        self.skus = list(self.book.stock)

    def buy(self, *quantities: int, coupon: str | None = None) -> Order:
        session = Session(b"t", b"c")
        session.cart = dict(zip(self.skus, quantities, strict=False))
        session.coupon = self.coupons.known(coupon) if coupon else None
        return self.book.place(session, DELIVERY, "card")


@pytest.fixture
def till() -> Till:
    return Till()


def test_an_order_takes_the_goods_and_the_money(till: Till) -> None:
    first, second = till.skus[:2]
    order = till.buy(2, 1)
    goods = sum(line.product.price_cents * line.quantity for line in order.lines)
    assert order.total_cents == till.book.revenue_cents == goods + DELIVERIES["express"].price_cents
    assert (till.book.stock[first], till.book.stock[second]) == (3, 4)
    assert (till.book.sold[first], till.book.sold[second]) == (2, 1)
    assert sum(line["total_cents"] for line in order.as_json()["lines"]) == goods


def test_what_is_out_of_stock_stops_the_whole_order(till: Till) -> None:
    with pytest.raises(Refusal, match="Out of stock") as refusal:
        till.buy(1, 6)
    assert refusal.value.status == 409
    assert (till.book.stock[till.skus[0]], till.book.revenue_cents, till.book.orders) == (5, 0, [])


def test_order_numbers_stay_unique_across_a_reset(till: Till) -> None:
    numbers = [till.buy(1).number for _ in range(5)]
    till.book.reset()
    assert (till.book.stock[till.skus[0]], till.book.revenue_cents, till.book.orders) == (5, 0, [])
    numbers.append(till.buy(1).number)
    assert len(set(numbers)) == 6


def test_a_coupon_is_used_by_an_order_and_taken_off_its_goods(till: Till) -> None:
    order = till.buy(1, coupon="once")
    goods, delivery = order.totals.goods_cents, order.totals.delivery_cents
    assert (order.coupon, order.totals.discount_cents) == ("ONCE", 500)
    assert order.total_cents == goods - 500 + (delivery or 0)
    with pytest.raises(Refusal, match="too often"):
        till.buy(1, coupon="once")


def test_of_two_carts_with_the_last_use_of_a_coupon_one_is_refused(till: Till) -> None:
    session = Session(b"u", b"c")
    session.cart, session.coupon = {till.skus[0]: 1}, till.coupons.known("ONCE")
    till.buy(1, coupon="ONCE")
    with pytest.raises(Refusal, match="too often"):
        till.book.place(session, DELIVERY, "card")
    assert len(till.book.orders) == 1


def test_a_cancelled_order_gives_its_goods_back_once(till: Till) -> None:
    order = till.buy(2, coupon="ONCE")
    till.book.cancel(order)
    assert (order.state, till.book.stock[till.skus[0]], till.book.sold[till.skus[0]]) == ("cancelled", 5, 0)
    assert (till.book.cancelled, till.book.cancelled_cents) == (1, order.total_cents)
    with pytest.raises(Refusal, match="already"):
        till.book.cancel(order)
    with pytest.raises(Refusal, match="too often"):
        till.coupons.known("ONCE")


def test_an_order_is_shown_to_whom_it_belongs(till: Till) -> None:
    order = till.buy(1)
    stranger, customer = Session(b"x", b"c"), Session(b"y", b"c")
    customer.customer = DELIVERY.email
    assert till.book.find(order.number, Session(b"t", b"c")) is order
    assert till.book.find(order.number, customer) is order
    assert till.book.find(order.number, stranger, "Guest@example.test") is order
    for number, email in ((order.number, ""), (order.number, "other@example.test"), ("DS-9", DELIVERY.email)):
        with pytest.raises(Refusal, match="no such order"):
            till.book.find(number, stranger, email)


def test_an_oversell_sells_what_is_not_there() -> None:
    till = Till(FaultKind.OVERSELL)
    for _ in range(3):
        order = till.buy(4)
    assert (till.book.stock[till.skus[0]], till.book.sold[till.skus[0]]) == (5, 12)
    till.book.cancel(order)
    assert (till.book.stock[till.skus[0]], till.book.sold[till.skus[0]]) == (5, 8)


def test_a_double_charge_takes_the_money_twice_for_one_order() -> None:
    order = Till(FaultKind.DOUBLE_CHARGE).buy(1)
    assert (order.charges, order.paid_cents) == (2, 2 * order.total_cents)


def test_a_duplicate_number_is_that_of_the_order_before() -> None:
    till = Till(FaultKind.DUPLICATE_NUMBER)
    assert till.buy(1).number == till.buy(1).number
    assert len(till.book.orders) == 2


def test_a_coupon_is_used_beyond_its_limit() -> None:
    till = Till(FaultKind.COUPON_OVERUSE)
    for _ in range(3):
        till.buy(1, coupon="ONCE")
    assert [coupon["used"] for coupon in till.coupons.as_json() if coupon["code"] == "ONCE"] == [3]
