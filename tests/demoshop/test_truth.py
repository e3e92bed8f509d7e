"""What the shop tells of what really happened, and the faults that it is planted with."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

CARD = "4111111111111111"
TO = {"email": "guest@example.test", "name": "A Guest", "address": "2 Example Street"}


def told(shop: Any, what: str) -> Any:
    return requests.get(f"{shop.url}/_shop/{what}", timeout=5).json()


def buy(shop: Any, slug: str, card: str = CARD, **delivery: str) -> requests.Response:
    visitor = shop.visitor()
    visitor.post("/api/cart/add", json={"slug": slug})
    visitor.post("/api/checkout/delivery", json=TO | delivery)
    return visitor.post("/api/checkout/payment", json={"card_number": card})


def buy_alike(shop: Any, buyers: int, coupon: str = "") -> list[requests.Response]:
    """Of one article, all with full carts before the first pays."""
    slug = shop.shop.catalogue.products[0].slug
    visitors = [shop.visitor() for _ in range(buyers)]
    for visitor in visitors:
        visitor.post("/api/cart/add", json={"slug": slug})
        if coupon:
            visitor.post("/api/cart/coupon", json={"coupon": coupon})
        visitor.post("/api/checkout/delivery", json=TO)
    return [visitor.post("/api/checkout/payment", json={"card_number": CARD}) for visitor in visitors]


def test_orders_and_stock_come_in_pieces(shop: Any) -> None:
    slugs = [product.slug for product in shop.shop.catalogue.products[:3]]
    numbers = [buy(shop, slug).json()["number"] for slug in slugs]
    assert [order["number"] for order in told(shop, "orders")] == numbers
    assert [order["number"] for order in told(shop, "orders?start=1&limit=1")] == numbers[1:2]
    assert told(shop, "orders?start=3") == []
    everything = told(shop, "stock")
    assert [sku["sku"] for sku in everything] == list(shop.shop.catalogue.skus)
    assert told(shop, "stock?start=5&limit=2") == everything[5:7]
    assert sum(sku["sold"] for sku in everything) == 3
    assert all(sku["initial"] == sku["left"] + sku["sold"] for sku in everything)


@pytest.mark.parametrize("query", ["start=-1", "limit=0", "limit=many"])
def test_a_piece_that_makes_no_sense_is_refused(shop: Any, query: str) -> None:
    assert requests.get(f"{shop.url}/_shop/orders?{query}", timeout=5).status_code == 400


@pytest.mark.parametrize(("share", "sold"), [(0.0, 2), (0.5, 3), (1.0, 4)])
def test_an_oversell_shows_at_its_share(open_shop: Callable[..., Any], share: float, sold: int) -> None:
    shop = open_shop(stock=2, faults=[{"kind": "oversell", "share": share}])
    assert sum(answer.status_code == 201 for answer in buy_alike(shop, 4)) == sold
    assert told(shop, "stock?limit=1")[0]["sold"] == sold


@pytest.mark.parametrize(("fault", "used"), [([], 1), ([{"kind": "coupon-overuse"}], 3)])
def test_a_coupon_is_used_as_often_as_it_may_unless_planted(
    open_shop: Callable[..., Any], fault: list[dict[str, Any]], used: int
) -> None:
    shop = open_shop(coupons=[{"code": "ONCE", "percent": 50, "limit": 1}], faults=fault)
    answers = buy_alike(shop, 3, coupon="once")
    assert [answer.status_code for answer in answers] == [201] * used + [409] * (3 - used)
    assert [coupon["used"] for coupon in told(shop, "coupons") if coupon["code"] == "ONCE"] == [used]


def test_who_comes_too_late_with_a_coupon_buys_without(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(coupons=[{"code": "ONCE", "cents": 500, "limit": 1}])
    late = shop.visitor()
    late.put_in_cart(shop.shop.catalogue.products[0].slug)
    assert (
        'data-coupon="ONCE" data-cents="500"' in late.send_form(late.get("/cart"), "/cart/coupon", coupon="ONCE").text
    )
    buy_alike(shop, 1, coupon="ONCE")
    payment = late.go_to_payment()
    assert late.send_form(payment, "/checkout/payment", card_number=CARD).status_code == 409
    assert "Thank you" in late.send_form(payment, "/checkout/payment", card_number=CARD).text
    assert [order["discount_cents"] for order in told(shop, "orders")] == [500, 0]


def test_every_second_order_is_charged_twice(shop: Any) -> None:
    shop.fault(kind="double-charge", share=0.5)
    buy_alike(shop, 4)
    assert [order["charges"] for order in told(shop, "orders")] == [1, 2, 1, 2]


def test_two_orders_have_one_number_and_their_buyers_see_their_own(shop: Any) -> None:
    slugs = [product.slug for product in shop.shop.catalogue.products[:2]]
    shop.fault(kind="duplicate-order-number")
    buyers = [shop.visitor(), shop.visitor()]
    thanks = []
    for buyer, slug in zip(buyers, slugs, strict=True):
        buyer.put_in_cart(slug)
        thanks.append(buyer.send_form(buyer.go_to_payment(), "/checkout/payment", card_number=CARD))
    assert len({order["number"] for order in told(shop, "orders")}) == 1
    for page, slug in zip(thanks, slugs, strict=True):
        assert f'data-sku="{slug}"' in page.text


def test_a_cart_is_lost_after_a_declined_card(shop: Any) -> None:
    shop.fault(kind="lost-cart-after-decline")
    visitor = shop.visitor()
    visitor.put_in_cart(shop.shop.catalogue.products[0].slug)
    assert (
        visitor.send_form(visitor.go_to_payment(), "/checkout/payment", card_number="4000000000000002").status_code
        == 402
    )
    assert "Your cart is empty" in visitor.get("/cart").text


def test_totals_and_prices_are_wrong_where_they_are_shown_only(shop: Any) -> None:
    product = shop.shop.catalogue.products[0]
    shop.fault(kind="wrong-price")
    shop.fault(kind="wrong-total")
    visitor = shop.visitor()
    page = visitor.get(f"/product/{product.slug}").text
    assert re.findall(r'<p class="price" data-cents="(\d+)"', page) == [str(product.price_cents - 100)]
    assert visitor.get(f"/api/products/{product.slug}").json()["price_cents"] == product.price_cents - 100
    cart = visitor.put_in_cart(product.slug).text
    assert f'class="goods" data-cents="{product.price_cents}"' in cart
    assert f'class="total" data-cents="{product.price_cents + 100}"' in cart
    visitor.send_form(visitor.go_to_payment(delivery="pickup"), "/checkout/payment", card_number=CARD)
    assert told(shop, "orders")[0]["total_cents"] == product.price_cents


def test_a_checkout_may_offer_no_way_of_delivery(shop: Any) -> None:
    visitor = shop.visitor()
    visitor.put_in_cart(shop.shop.catalogue.products[0].slug)
    assert visitor.get("/checkout").text.count('name="delivery"') == 4
    shop.fault(kind="no-delivery-method", share=0.5)
    assert [visitor.get("/checkout").text.count('name="delivery"') for _ in range(2)] == [4, 0]
    assert visitor.get("/api/checkout/methods").json()["deliveries"]


def test_planted_faults_come_and_go_like_the_others(shop: Any) -> None:
    assert shop.fault(kind="oversell", step="cart").status_code == 400
    shop.fault(kind="oversell", share=0.1)
    assert [(fault["kind"], fault["share"]) for fault in told(shop, "faults")] == [("oversell", 0.1)]
    assert requests.delete(f"{shop.url}/_shop/faults", timeout=5).json() == []
    buy_alike(shop, 1)
    assert told(shop, "stock?limit=1")[0]["sold"] == 1
