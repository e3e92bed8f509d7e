"""What belongs together is a step, called by the project's word for it, with the pause before it."""

from __future__ import annotations

from typing import Any

import pytest
from recording.taping import entry

from loadgen.recording.vocabulary import step_of_operation, step_of_path

SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("method", "template", "step"),
    [
        ("GET", "/", "home"),
        ("GET", "/index.html", "home"),
        ("GET", "/search", "search"),
        ("GET", "/product/{slug}", "product"),
        ("GET", "/p/{id}", "product"),
        ("GET", "/catalogue/{slug}/", "product"),
        ("GET", "/catalogue/", "category"),
        ("GET", "/catalogue/category/{slug}/", "category"),
        ("GET", "/collections/{slug}", "category"),
        ("GET", "/basket/", "cart"),
        ("POST", "/basket/add/{id}/", "add_to_cart"),
        ("POST", "/checkout/cart/add/uenc/x", "add_to_cart"),
        ("POST", "/api/cart/items", "add_to_cart"),
        ("GET", "/accounts/login/", "login"),
        ("GET", "/checkout/", "checkout"),
        ("POST", "/checkout/shipping-address/", "delivery"),
        ("GET", "/checkout/payment-details/", "payment"),
        ("GET", "/checkout/thank-you/", "confirmation"),
        ("GET", "/checkout/onepage/success", "confirmation"),
        ("GET", "/about-us.html", "about_us_html"),
        ("GET", "/2024/", "page_2024"),
    ],
)
def test_paths_are_told_by_the_words_of_every_shop(method: str, template: str, step: str) -> None:
    assert step_of_path(method, template) == step


@pytest.mark.parametrize(
    ("operation", "step"),
    [
        ("Search", "search"),
        ("AddItem", "add_to_cart"),
        ("addToCart", "add_to_cart"),
        ("cartLinesAdd", "add_to_cart"),
        ("ActiveOrder", "cart"),
        ("SetShippingMethod", "delivery"),
        ("Pay", "payment"),
        ("OrderByCode", "confirmation"),
        ("GetMegaMenu", "get_mega_menu"),
    ],
)
def test_operations_are_told_too(operation: str, step: str) -> None:
    assert step_of_operation(operation) == step


def page(path: str, at: float, **more: Any) -> dict[str, Any]:
    return entry("GET", SHOP + path, at=at, text="<h1>x</h1>", _resourceType="document", **more)


def xhr(path: str, at: float, method: str = "GET", **more: Any) -> dict[str, Any]:
    more = {"mime": "application/json", "text": "{}"} | more
    return entry(method, SHOP + path, at=at, _resourceType="xhr", **more)


def test_each_page_is_a_step_and_its_scripts_are_part_of_it(record) -> None:
    written = record(page("/", 0), xhr("/api/menu", 0.1), page("/cart", 5), xhr("/api/tips", 5.2))
    assert written.steps == ["home", "cart"]
    assert "self.think_time(lognormal(4.9))" in written.text


def test_a_click_without_a_page_is_a_step(record) -> None:
    written = record(page("/product/a-b-c", 0), xhr("/api/cart/add", 6, method="POST", body={"sku": "x"}))
    assert written.steps == ["product", "add_to_cart"]
    assert 'self.count("carts")' in written.text


def test_an_action_at_once_is_a_step_too(record) -> None:
    assert (
        record(page("/product/a-b-c", 0), xhr("/api/cart/add", 0.1, method="POST", body={})).steps[-1] == "add_to_cart"
    )


def test_a_pause_is_where_nothing_is_under_way(record) -> None:
    picture = entry("GET", f"{SHOP}/big.png", at=0.1, took_ms=3000, mime="image/png", _resourceType="image")
    assert "lognormal(1.9)" in record(page("/", 0), picture, page("/cart", 5)).text


def test_who_was_away_has_not_thought_for_so_long(record) -> None:
    assert "lognormal(120)" in record(page("/", 0), page("/cart", 4000)).text


def test_a_recording_without_pauses_says_that_it_guesses(record) -> None:
    written = record(page("/", 0), page("/cart", 0.05))
    assert "think = uniform(1, 3)  # a guess" in written.text
    assert "think is a guess" in written.told


def test_what_was_asked_for_at_once_is_a_batch(record) -> None:
    at_once = [xhr("/api/menu", 0.1, took_ms=200), xhr("/api/stores", 0.15, took_ms=300), xhr("/api/cart", 0.2)]
    later = xhr("/api/tips", 0.6)
    written = record(page("/", 0), *at_once, later)
    assert 'self.batch(["/api/menu", "/api/stores", "/api/cart"])' in written.text
    assert 'self.must(self.client.get("/api/tips"))' in written.text


def test_what_a_batch_gave_is_used_later(record) -> None:
    menu = xhr("/api/products", 0.1, took_ms=200, text='[{"slug": "oak-lamp"}, {"slug": "tin-lamp"}]')
    written = record(page("/", 0), menu, xhr("/api/cart", 0.15), xhr("/api/products/tin-lamp", 3))
    assert 'products, _ = self.batch(["/api/products", "/api/cart"])' in written.text
    assert "products = products.json()" in written.text
    assert "product = self.pick(products)" in written.text
    assert 'f"/api/products/{slug}", name="/api/products/{slug}"' in written.text
