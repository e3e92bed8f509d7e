"""The shop as JSON, from the cart on."""

from __future__ import annotations

from typing import Any

import pytest

CARD = "4111111111111111"
CHALLENGED = "4000000000003220"
TO = {"email": "guest@example.test", "name": "A Guest", "address": "2 Example Street"}
KNOWN = {"email": "customer0007@example.test", "password": "demo"}


@pytest.fixture
def slug(shop: Any) -> str:
    return str(shop.shop.catalogue.products[0].slug)


def to_the_payment(visitor: Any, slug: str, **delivery: str) -> dict[str, Any]:
    visitor.post("/api/cart/add", json={"slug": slug, "quantity": 2})
    cart: dict[str, Any] = visitor.post("/api/checkout/delivery", json=TO | delivery).json()
    return cart


def pay(visitor: Any, **fields: str) -> Any:
    return visitor.post("/api/checkout/payment", json=fields)


def test_home_has_the_categories_and_what_everybody_wants(visitor: Any) -> None:
    home = visitor.get("/api/home").json()
    assert len(home["categories"]) == len(home["products"]) == 8
    assert all(product["hot"] for product in home["products"])


def test_the_totals_of_a_cart_add_up(visitor: Any, slug: str) -> None:
    methods = visitor.get("/api/checkout/methods").json()
    prices = {method["key"]: method["price_cents"] for method in methods["deliveries"]}
    assert prices == {"standard": 490, "express": 990, "pickup": 0, "shop": 0}
    visitor.post("/api/cart/add", json={"slug": slug})
    cart = visitor.post("/api/cart/coupon", json={"coupon": "WELCOME10"}).json()
    assert (cart["coupon"], cart["delivery_cents"]) == ("WELCOME10", None)
    assert cart["total_cents"] == cart["goods_cents"] - cart["discount_cents"] > 0
    for key, price_cents in prices.items():
        cart = visitor.post("/api/checkout/delivery", json=TO | {"delivery": key}).json()
        assert cart["total_cents"] == cart["goods_cents"] - cart["discount_cents"] + price_cents


def test_an_invoice_needs_no_card(shop: Any, visitor: Any, slug: str) -> None:
    cart = to_the_payment(visitor, slug)
    order = pay(visitor, payment="invoice").json()
    assert (order["payment"], order["total_cents"], order["state"]) == ("invoice", cart["total_cents"], "confirmed")
    assert pay(visitor, payment="cheque").status_code == 409  # the cart is empty by now
    to_the_payment(visitor, slug)
    assert pay(visitor, payment="cheque").json()["error"]["code"] == "payment_invalid"
    assert shop.stats()["orders"] == 1


def test_a_challenge_is_proved_once(shop: Any, visitor: Any, slug: str) -> None:
    cart = to_the_payment(visitor, slug)
    asked = pay(visitor, card_number=CHALLENGED)
    assert (asked.status_code, shop.stats()["orders"]) == (202, 0)
    answer = {"challenge": asked.json()["challenge"], "answer": "prove"}
    assert shop.visitor().post("/api/checkout/challenge", json=answer).status_code == 404
    assert visitor.post("/api/checkout/challenge", json=answer | {"answer": "shrug"}).status_code == 400
    proved = visitor.post("/api/checkout/challenge", json=answer)
    assert (proved.status_code, proved.json()["total_cents"]) == (201, cart["total_cents"])
    assert visitor.post("/api/checkout/challenge", json=answer).status_code == 404
    assert shop.stats()["orders"] == 1


def test_a_challenge_that_is_cancelled_leaves_the_cart(visitor: Any, slug: str) -> None:
    cart = to_the_payment(visitor, slug)
    answer = {"challenge": pay(visitor, card_number=CHALLENGED).json()["challenge"], "answer": "cancel"}
    assert visitor.post("/api/checkout/challenge", json=answer).json() == cart
    assert visitor.post("/api/checkout/challenge", json=answer | {"answer": "prove"}).status_code == 404
    assert pay(visitor, card_number=CARD).status_code == 201


def test_a_challenge_is_for_the_cart_that_it_was_made_for(visitor: Any, slug: str) -> None:
    to_the_payment(visitor, slug)
    challenge = pay(visitor, card_number=CHALLENGED).json()["challenge"]
    visitor.post("/api/cart/update", json={"slug": slug, "quantity": 1})
    answer = visitor.post("/api/checkout/challenge", json={"challenge": challenge, "answer": "prove"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "cart_changed")
    assert visitor.get(f"/checkout/challenge/{challenge}").status_code == 409


def test_the_last_piece_may_go_while_the_bank_asks(shop: Any, visitor: Any, slug: str) -> None:
    to_the_payment(visitor, slug)
    challenge = pay(visitor, card_number=CHALLENGED).json()["challenge"]
    shop.shop.order_book.stock[slug] = 1
    answer = visitor.post("/api/checkout/challenge", json={"challenge": challenge, "answer": "prove"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "out_of_stock")
    assert len(visitor.get("/api/cart").json()["lines"]) == 1


def test_an_order_is_found_by_its_email_or_account_and_cancelled_once(shop: Any, visitor: Any, slug: str) -> None:
    visitor.post("/api/login", json=KNOWN)
    to_the_payment(visitor, slug)
    order = pay(visitor, card_number=CARD).json()
    path, other = f"/api/orders/{order['number']}", shop.visitor()
    assert visitor.get(path).json() == order
    assert other.get(path).status_code == 404
    assert other.get(f"{path}?email=guest%40example.test").json() == order
    other.post("/api/login", json=KNOWN)
    assert other.get(path).json() == order
    cancelled = other.post("/api/orders/cancel", json={"number": order["number"]})
    assert cancelled.json() == order | {"state": "cancelled"}
    again = visitor.post("/api/orders/cancel", json={"number": order["number"]})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "order_cancelled")


def test_an_account_lists_its_latest_orders(visitor: Any, slug: str) -> None:
    visitor.post("/api/login", json=KNOWN)
    numbers = []
    for _ in range(2):
        to_the_payment(visitor, slug)
        numbers.append(pay(visitor, card_number=CARD).json()["number"])
    page = visitor.get("/orders").text
    assert page.index(numbers[1]) < page.index(numbers[0])
    found = visitor.get(f"/orders?number={numbers[0]}&email=guest%40example.test")
    assert found.url.endswith(f"/orders/{numbers[0]}?email=guest%40example.test")
    assert visitor.get("/orders?number=DS-1").status_code == 404


def test_sizes_have_a_stock_of_their_own(shop: Any, visitor: Any) -> None:
    shoe = shop.shop.catalogue.by_category["shoes"][0]
    sizes = visitor.get(f"/api/products/{shoe.slug}").json()["sizes"]
    assert [size["sku"] for size in sizes] == list(shoe.skus)
    shop.shop.order_book.stock[shoe.skus[0]] = 0
    none = visitor.post("/api/cart/add", json={"slug": shoe.slug})
    assert (none.status_code, none.json()["error"]["code"]) == (409, "out_of_stock")
    for fields in ({"slug": shoe.slug, "size": shoe.sizes[1]}, {"slug": shoe.skus[1]}):
        assert visitor.post("/api/cart/add", json=fields).status_code == 200
    (line,) = visitor.get("/api/cart").json()["lines"]
    assert (line["sku"], line["quantity"], line["name"]) == (shoe.skus[1], 2, f"{shoe.name}, size {shoe.sizes[1]}")
    assert visitor.post("/api/cart/add", json={"slug": shoe.slug, "size": "99"}).status_code == 404
    page = visitor.get(f"/product/{shoe.slug}").text
    assert f'<option value="{shoe.sizes[0]}" data-left="0" disabled>' in page


def test_the_private_sale_is_for_members(shop: Any, visitor: Any) -> None:
    assert visitor.get("/api/private-sale").status_code == 401
    assert visitor.get("/private-sale").url.endswith("/login")
    secret = shop.shop.catalogue.for_members[0].slug
    for path in (f"/product/{secret}", f"/api/products/{secret}", f"/branches/{secret}"):
        assert visitor.get(path).status_code == 404
    assert visitor.post("/api/cart/add", json={"slug": secret}).status_code == 404
    visitor.post("/api/login", json=KNOWN)
    assert visitor.get("/api/private-sale").json()["products"][0]["slug"] == secret
    assert f'href="/product/{secret}"' in visitor.get("/private-sale").text
    assert visitor.get(f"/product/{secret}").status_code == 200
    assert visitor.post("/api/cart/add", json={"slug": secret}).status_code == 200


def test_wishes_come_and_go(shop: Any, visitor: Any, slug: str) -> None:
    page = visitor.get(f"/product/{slug}")
    assert 'formaction="/wishlist/add"' in page.text
    visitor.post("/api/wishlist/add", json={"slug": slug})
    assert [wish["slug"] for wish in visitor.get("/api/wishlist").json()["products"]] == [slug]
    assert visitor.send_form(visitor.get("/wishlist"), "/wishlist/remove").text.count("data-slug") == 0
    for product in [*shop.shop.catalogue.products, *shop.shop.catalogue.products]:
        visitor.post("/api/wishlist/add", json={"slug": product.slug})
    assert len(visitor.get("/api/wishlist").json()["products"]) == len(shop.shop.catalogue.products)
    assert visitor.post("/api/wishlist/remove", json={"slug": slug}).json()["products"][0]["slug"] != slug


def test_the_last_piece_of_a_branch_is_reserved_once(shop: Any, visitor: Any, slug: str) -> None:
    pieces = {branch["branch"]: branch["pieces"] for branch in visitor.get(f"/api/branches/{slug}").json()}
    assert 0 in pieces.values()
    branch = next(key for key, left in pieces.items() if left == 1)
    wanted = {"slug": slug, "branch": branch, "email": "guest@example.test", "name": "A Guest"}
    reserved = visitor.post("/api/branches/reserve", json=wanted)
    assert (reserved.status_code, reserved.json()["state"]) == (201, "reserved")
    assert visitor.post("/api/branches/reserve", json=wanted).json()["error"]["code"] == "out_of_stock"
    assert visitor.post("/api/branches/reserve", json=wanted | {"branch": "atlantis"}).status_code == 404
    number = {"number": reserved.json()["number"]}
    assert shop.visitor().post("/api/reservations/cancel", json=number).status_code == 404
    assert visitor.post("/api/reservations/cancel", json=number).json()["state"] == "cancelled"
    assert visitor.post("/api/reservations/cancel", json=number).status_code == 409
    assert visitor.post("/api/branches/reserve", json=wanted).status_code == 201
