"""From the cart to the confirmation, with forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

CARD = "4111 1111 1111 1111"


@pytest.fixture
def slug(shop: Any) -> str:
    return str(shop.shop.catalogue.products[0].slug)


def test_a_guest_buys(shop: Any, visitor: Any, slug: str) -> None:
    cart = visitor.put_in_cart(slug, 2)
    assert [step.status_code for step in cart.history] == [303]
    assert cart.url.endswith("/cart")
    payment = visitor.go_to_payment(delivery="express")
    thanks = visitor.send_form(payment, "/checkout/payment", card_number=CARD)
    number = re.search(r'id="order-number">([^<]+)<', thanks.text)
    assert number
    assert thanks.url.endswith(f"/checkout/confirmation/{number[1]}")
    product = shop.shop.catalogue.by_slug[slug]
    (order,) = visitor.get("/_shop/orders").json()
    assert order["number"] == number[1]
    assert order["email"] == "guest@example.test"
    assert order["total_cents"] == 2 * product.price_cents + 990
    assert [(line["slug"], line["quantity"]) for line in order["lines"]] == [(slug, 2)]
    stats = shop.stats()
    assert (stats["orders"], stats["revenue_cents"]) == (1, order["total_cents"])
    assert shop.shop.order_book.stock[slug] == product.stock - 2
    assert "Your cart is empty" in visitor.get("/cart").text


def test_a_customer_logs_in_and_need_not_say_the_address_again(visitor: Any, slug: str) -> None:
    visitor.put_in_cart(slug)
    form = visitor.send_form(visitor.get("/login"), "/login", email="customer0042@example.test", password="demo")
    assert form.url.endswith("/checkout")
    assert 'value="customer0042@example.test"' in form.text
    payment = visitor.send_form(form, "/checkout/delivery", delivery="pickup")
    assert "Thank you" in visitor.send_form(payment, "/checkout/payment", card_number=CARD).text
    assert visitor.get("/_shop/orders").json()[0]["email"] == "customer0042@example.test"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("customer0000@example.test", "demo"),
        ("customer0001@example.test", "wrong"),
        ("nobody@example.test", "demo"),
    ],
)
def test_a_wrong_login_is_refused(visitor: Any, email: str, password: str) -> None:
    assert visitor.send_form(visitor.get("/login"), "/login", email=email, password=password).status_code == 401


def test_whoever_registers_can_log_in_and_nobody_else_with_that_address(shop: Any, visitor: Any) -> None:
    account = {"email": "New@example.test", "password": "secret"}
    assert visitor.send_form(visitor.get("/register"), "/register", **account).status_code == 200
    other = shop.visitor()
    assert other.send_form(other.get("/register"), "/register", **account).status_code == 409
    assert other.send_form(other.get("/login"), "/login", **account).status_code == 200
    assert "new@example.test" in other.get("/cart").text
    assert other.send_form(other.get("/register"), "/register", email="none", password="x").status_code == 400


def test_every_form_that_is_posted_carries_the_visitors_token(visitor: Any, slug: str) -> None:
    visitor.put_in_cart(slug)
    for path in (f"/product/{slug}", "/cart", "/login", "/register", "/checkout"):
        page = visitor.get(path).text
        posted = re.findall(r'<form [^>]*method="post".*?</form>', page, re.DOTALL)
        assert posted
        assert all('name="csrf"' in form for form in posted), path


@pytest.mark.parametrize("token", [None, "", "wrong", "0" * 32, "ä" * 32])
def test_a_form_without_the_right_token_is_forbidden(visitor: Any, slug: str, token: str | None) -> None:
    visitor.get("/")
    fields = {"slug": slug} if token is None else {"slug": slug, "csrf": token}
    assert visitor.post("/cart/add", data=fields).status_code == 403


def test_a_form_of_another_visitor_is_forbidden(shop: Any, visitor: Any, slug: str) -> None:
    page = shop.visitor().get(f"/product/{slug}")
    visitor.get("/")
    assert visitor.send_form(page, "/cart/add", quantity="1").status_code == 403


def test_the_cart_changes_as_asked(visitor: Any, slug: str) -> None:
    visitor.put_in_cart(slug)
    cart = visitor.put_in_cart(slug, 2)
    assert 'name="quantity" type="number" min="0" max="99" value="3"' in cart.text
    cart = visitor.send_form(cart, "/cart/update", quantity="7")
    assert 'value="7"' in cart.text
    assert "Your cart is empty" in visitor.send_form(cart, "/cart/remove").text
    assert visitor.send_form(cart, "/cart/remove").status_code == 404
    cart = visitor.put_in_cart(slug)
    assert "Your cart is empty" in visitor.send_form(cart, "/cart/update", quantity="0").text


@pytest.mark.parametrize("quantity", ["0", "100", "-1", "many", ""])
def test_a_strange_quantity_is_refused(visitor: Any, slug: str, quantity: str) -> None:
    page = visitor.get(f"/product/{slug}")
    assert visitor.send_form(page, "/cart/add", quantity=quantity).status_code == 400


def test_a_product_that_does_not_exist_cannot_be_put_into_the_cart(visitor: Any, slug: str) -> None:
    page = visitor.get(f"/product/{slug}")
    assert visitor.send_form(page, "/cart/add", slug="none").status_code == 404


def test_the_cart_has_room_for_fifty_products(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(products=51)
    visitor = shop.visitor()
    statuses = [visitor.put_in_cart(product.slug).status_code for product in shop.shop.catalogue.products]
    assert statuses == [200] * 50 + [409]


@pytest.mark.parametrize("step", ["/checkout", "/checkout/payment"])
def test_without_goods_the_checkout_leads_back_to_the_cart(visitor: Any, step: str) -> None:
    assert visitor.get(step).url.endswith("/cart")


def test_without_delivery_the_payment_leads_back_to_the_delivery(visitor: Any, slug: str) -> None:
    visitor.put_in_cart(slug)
    assert visitor.get("/checkout/payment").url.endswith("/checkout")


def test_a_payment_sent_twice_is_taken_once(shop: Any, visitor: Any, slug: str) -> None:
    visitor.put_in_cart(slug)
    payment = visitor.go_to_payment()
    visitor.send_form(payment, "/checkout/payment", card_number=CARD)
    assert visitor.send_form(payment, "/checkout/payment", card_number=CARD).url.endswith("/cart")
    assert shop.stats()["orders"] == 1


@pytest.mark.parametrize(
    ("card", "status"), [("4000000000000002", 402), ("12", 400), ("", 400), ("4111x11111111111", 400)]
)
def test_a_card_that_is_not_taken_leaves_the_cart(visitor: Any, slug: str, card: str, status: int) -> None:
    visitor.put_in_cart(slug)
    payment = visitor.go_to_payment()
    assert visitor.send_form(payment, "/checkout/payment", card_number=card).status_code == status
    assert f'data-slug="{slug}"' in visitor.get("/cart").text
    assert "Thank you" in visitor.send_form(payment, "/checkout/payment", card_number=CARD).text


def test_of_the_last_piece_only_the_first_payer_gets_it(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(stock=1)
    slug = shop.shop.catalogue.products[0].slug
    buyers = [shop.visitor(), shop.visitor()]
    for buyer in buyers:
        buyer.put_in_cart(slug)
    answers = [buyer.send_form(buyer.go_to_payment(), "/checkout/payment", card_number=CARD) for buyer in buyers]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert "Out of stock" in answers[1].text
    assert f'data-slug="{slug}"' in buyers[1].get("/cart").text


@pytest.mark.parametrize(
    "wrong", [{"email": "nobody"}, {"email": ""}, {"address": ""}, {"name": "x" * 201}, {"delivery": "drone"}]
)
def test_a_delivery_that_cannot_be_made_is_refused(visitor: Any, slug: str, wrong: dict[str, str]) -> None:
    visitor.put_in_cart(slug)
    assert visitor.go_to_payment(**wrong).status_code == 400


def test_only_the_buyer_sees_the_confirmation(shop: Any, visitor: Any, slug: str) -> None:
    visitor.put_in_cart(slug)
    thanks = visitor.send_form(visitor.go_to_payment(), "/checkout/payment", card_number=CARD)
    assert visitor.get(thanks.url).status_code == 200
    assert shop.visitor().get(thanks.url).status_code == 404


def test_a_body_that_is_no_form_is_refused(visitor: Any) -> None:
    assert visitor.post("/cart/add", json={"slug": "x"}).status_code == 415
    assert (
        visitor.post(
            "/cart/add", data=b"%ff=\xff", headers={"Content-Type": "application/x-www-form-urlencoded"}
        ).status_code
        == 400
    )
