"""Looking around, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests


def test_the_home_page_leads_to_categories_and_products(visitor: Any) -> None:
    home = visitor.get("/")
    assert home.status_code == 200
    links = set(re.findall(r'href="(/(category|product)/[^"]+)"', home.text))
    assert {kind for _, kind in links} == {"category", "product"}
    for link, _ in links:
        assert visitor.get(link).status_code == 200


def test_pages_are_as_heavy_as_a_real_shops(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(products=200)
    visitor = shop.visitor()
    plain = {"Accept-Encoding": "identity"}
    assert 16_000 < len(visitor.get("/", headers=plain).content) < 24_000
    for product in shop.shop.catalogue.products[:20]:
        assert 6_000 < len(visitor.get(f"/product/{product.slug}", headers=plain).content) < 10_000


def test_a_category_has_pages_that_lead_on(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(products=500)
    visitor = shop.visitor()
    seen: set[str] = set()
    link: str | None = "/category/shoes"
    while link:
        page = visitor.get(link).text
        seen |= set(re.findall(r'data-slug="([^"]+)"', page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        link = following[1] if following else None
    assert seen == {product.slug for product in shop.shop.catalogue.by_category["shoes"]}
    assert len(seen) > 48


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/category/none", 404),
        ("/category/shoes?page=99", 404),
        ("/category/shoes?page=0", 400),
        ("/category/shoes?page=x", 400),
        ("/category/", 404),
        ("/category/shoes/more", 404),
        ("/product/none", 404),
        ("/product/%C3%A9%FF", 404),
        ("/search?q=" + "x" * 101, 400),
        ("/search?page=99", 404),
        ("/nowhere", 404),
        ("/static/none.css", 404),
        ("/static/img/none.svg", 404),
        ("/static/img/none", 404),
        ("//", 404),
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(visitor: Any, path: str, status: int) -> None:
    answer = visitor.get(visitor.url + path)
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_search_shows_what_was_looked_for_without_trusting_it(visitor: Any) -> None:
    page = visitor.get("/search", params={"q": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_search_finds_a_product_by_its_name(shop: Any, visitor: Any) -> None:
    product = shop.shop.catalogue.products[3]
    assert f'href="/product/{product.slug}"' in visitor.get("/search", params={"q": product.name}).text


def test_a_new_visitor_gets_one_session_and_keeps_it(shop: Any, visitor: Any) -> None:
    first = visitor.get("/")
    assert re.fullmatch(r"sid=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Lax", first.headers["Set-Cookie"])
    assert "Set-Cookie" not in visitor.get("/").headers
    assert "Set-Cookie" not in visitor.get("/static/app.css").headers
    assert shop.stats()["sessions"] == 1


def test_the_home_page_is_compressed_for_those_who_can_read_it(visitor: Any) -> None:
    packed = visitor.get("/", headers={"Accept-Encoding": "gzip"})
    plain = visitor.get("/", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.text == plain.text
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert "Content-Encoding" not in visitor.get("/", headers={"Accept-Encoding": "br, gzip;q=0"}).headers


@pytest.mark.parametrize("path", ["/static/app.css", "/static/app.js", "/static/hero.svg", "/static/icon.svg", "image"])
def test_assets_can_be_kept_and_asked_for_again(shop: Any, visitor: Any, path: str) -> None:
    if path == "image":
        path = f"/static/img/{shop.shop.catalogue.products[0].slug}.svg"
    first = visitor.get(path)
    assert first.status_code == 200
    assert "max-age" in first.headers["Cache-Control"]
    again = visitor.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert visitor.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_files_that_pages_name_hold_for_good_and_are_the_plain_ones(visitor: Any) -> None:
    named = re.findall(r'(?:href|src)="(/static/(\w+)\.[0-9a-f]{8}\.(\w+))"', visitor.get("/").text)
    assert {(stem, ending) for _, stem, ending in named} == {("app", "css"), ("app", "js"), ("icon", "svg")}
    for path, stem, ending in named:
        kept, plain = visitor.get(path), visitor.get(f"/static/{stem}.{ending}")
        assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert (kept.content, kept.headers["Content-Type"]) == (plain.content, plain.headers["Content-Type"])
    sheet = next(path for path, _, ending in named if ending == "css")
    ornament = re.search(r"url\((hero\.[0-9a-f]{8}\.svg)\)", visitor.get(sheet).text)
    assert ornament
    assert visitor.get(f"/static/{ornament[1]}").content == visitor.get("/static/hero.svg").content


def test_a_product_page_says_how_many_are_left(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(stock=2)
    slug = shop.shop.catalogue.products[0].slug
    assert "Only 2 left" in requests.get(f"{shop.url}/product/{slug}", timeout=5).text
    shop.shop.order_book.stock[slug] = 0
    assert "Sold out" in requests.get(f"{shop.url}/product/{slug}", timeout=5).text


def test_head_answers_like_get_without_a_body(visitor: Any) -> None:
    head, get = visitor.head("/category/shoes"), visitor.get("/category/shoes")
    assert head.content == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/", "GET, HEAD"),
        ("GET", "/cart/add", "POST"),
        ("HEAD", "/cart/add", "POST"),
        ("PUT", "/cart", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(visitor: Any, method: str, path: str, allow: str) -> None:
    answer = visitor.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
