"""Stock, money and order numbers."""

from __future__ import annotations

import pytest

from loadgen.demoshop.catalogue import Catalogue
from loadgen.demoshop.orders import DECLINED_CARD, DELIVERY_CENTS, OrderBook
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.sessions import Delivery

CARD = "4111111111111111"
DELIVERY = Delivery("guest@example.test", "A Guest", "2 Example Street", "express")


@pytest.fixture
def book() -> OrderBook:
    return OrderBook(Catalogue.generate(10, seed=1, stock=5))


def test_an_order_takes_the_goods_and_the_money(book: OrderBook) -> None:
    first, second = list(book.stock)[:2]
    order = book.place(b"t", {first: 2, second: 1}, DELIVERY, CARD)
    goods = sum(line.product.price_cents * line.quantity for line in order.lines)
    assert order.total_cents == book.revenue_cents == goods + DELIVERY_CENTS["express"]
    assert (book.stock[first], book.stock[second]) == (3, 4)
    assert sum(line["total_cents"] for line in order.as_json()["lines"]) == goods


def test_what_is_out_of_stock_stops_the_whole_order(book: OrderBook) -> None:
    first, second = list(book.stock)[:2]
    with pytest.raises(Refusal, match="Out of stock") as refusal:
        book.place(b"t", {first: 1, second: 6}, DELIVERY, CARD)
    assert refusal.value.status == 409
    assert (book.stock[first], book.revenue_cents, len(book.orders)) == (5, 0, 0)


def test_a_declined_card_leaves_everything_as_it_was(book: OrderBook) -> None:
    slug = next(iter(book.stock))
    with pytest.raises(Refusal, match="declined") as refusal:
        book.place(b"t", {slug: 1}, DELIVERY, DECLINED_CARD)
    assert refusal.value.status == 402
    assert book.stock[slug] == 5


def test_order_numbers_stay_unique_across_a_reset(book: OrderBook) -> None:
    slug = next(iter(book.stock))
    numbers = [book.place(b"t", {slug: 1}, DELIVERY, CARD).number for _ in range(5)]
    book.reset()
    assert (book.stock[slug], book.revenue_cents, book.orders) == (5, 0, {})
    numbers.append(book.place(b"t", {slug: 1}, DELIVERY, CARD).number)
    assert len(set(numbers)) == 6
