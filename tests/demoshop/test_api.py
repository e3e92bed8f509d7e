"""The shop as JSON."""

from __future__ import annotations

from typing import Any

import pytest
import requests

CARD = "4111111111111111"
TO = {"email": "guest@example.test", "name": "A Guest", "address": "2 Example Street", "delivery": "standard"}


def test_the_catalogue_comes_in_pages(shop: Any, visitor: Any) -> None:
    listed = []
    for number in (1, 2):
        page = visitor.get(f"/api/products?page={number}").json()
        assert (page["page"], page["pages"], page["total"]) == (number, 2, 40)
        listed += [product["slug"] for product in page["products"]]
    assert listed == [product.slug for product in shop.shop.catalogue.products]
    shoes = visitor.get("/api/products?category=shoes").json()
    assert {product["category"] for product in shoes["products"]} == {"shoes"}


def test_search_and_product_tell_the_same(visitor: Any) -> None:
    product = visitor.get("/api/search?q=").json()["products"][5]
    assert visitor.get(f"/api/products/{product['slug']}").json() == product
    assert product in visitor.get("/api/search", params={"q": product["name"]}).json()["products"]


@pytest.mark.parametrize("by", ["cookie", "bearer"])
def test_a_program_buys_with_either_kind_of_session(shop: Any, by: str) -> None:
    first = requests.get(f"{shop.url}/api/cart", timeout=5)
    token = first.headers["X-Session"]
    assert first.cookies["sid"] == token
    headers = {"Authorization": f"Bearer {token}"} if by == "bearer" else {"Cookie": f"sid={token}"}
    product = shop.shop.catalogue.products[1]

    def call(path: str, body: dict[str, Any]) -> requests.Response:
        answer = requests.post(f"{shop.url}/api/{path}", json=body, headers=headers, timeout=5)
        assert "X-Session" not in answer.headers
        return answer

    assert call("cart/add", {"slug": product.slug, "quantity": 2}).json()["total_cents"] == 2 * product.price_cents
    assert call("cart/update", {"slug": product.slug, "quantity": 3}).json()["lines"][0]["quantity"] == 3
    assert call("login", {"email": "customer0007@example.test", "password": "demo"}).status_code == 200
    assert call("checkout/delivery", {"delivery": "pickup"}).json()["delivery"] == "pickup"
    paid = call("checkout/payment", {"card_number": CARD})
    assert paid.status_code == 201
    assert paid.json()["total_cents"] == 3 * product.price_cents
    assert requests.get(f"{shop.url}/_shop/orders", timeout=5).json() == [paid.json()]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("cart/add", {"slug": "none"}, 404, "product_unknown"),
        ("cart/add", {}, 400, "slug_missing"),
        ("cart/add", {"slug": 3}, 400, "slug_invalid"),
        ("cart/add", [], 400, "malformed"),
        ("login", {"email": "a@b", "password": "\ud800"}, 401, "login_failed"),
        ("register", {"email": "a", "password": "b"}, 400, "email_invalid"),
        ("checkout/delivery", TO, 409, "cart_empty"),
        ("checkout/payment", {"card_number": CARD}, 409, "cart_empty"),
    ],
)
def test_what_cannot_be_done_has_a_code(visitor: Any, path: str, body: Any, status: int, code: str) -> None:
    answer = visitor.post(f"/api/{path}", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/products/none", 404), ("/api/products?category=none", 404), ("/api/products?page=9", 404), ("/api/x", 404)],
)
def test_what_is_not_there_is_said_in_json(visitor: Any, path: str, status: int) -> None:
    answer = visitor.get(path)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_declined_cards_and_sold_out_goods_keep_the_cart(shop: Any, visitor: Any) -> None:
    slug = shop.shop.catalogue.products[0].slug
    visitor.post("/api/cart/add", json={"slug": slug})
    assert (
        visitor.post("/api/checkout/payment", json={"card_number": CARD}).json()["error"]["code"] == "delivery_missing"
    )
    visitor.post("/api/checkout/delivery", json=TO)
    declined = visitor.post("/api/checkout/payment", json={"card_number": "4000000000000002"})
    assert declined.status_code == 402
    shop.shop.order_book.stock[slug] = 0
    sold_out = visitor.post("/api/checkout/payment", json={"card_number": CARD})
    assert (sold_out.status_code, sold_out.json()["error"]["code"]) == (409, "out_of_stock")
    assert [line["slug"] for line in visitor.get("/api/cart").json()["lines"]] == [slug]
    visitor.post("/api/cart/remove", json={"slug": slug})
    assert visitor.get("/api/cart").json()["lines"] == []


def test_registering_logs_in(visitor: Any) -> None:
    account = {"email": "new@example.test", "password": "x"}
    assert visitor.post("/api/register", json=account).status_code == 201
    assert visitor.post("/api/register", json=account).status_code == 409
    assert visitor.post("/api/login", json=account).json() == {"email": "new@example.test"}
