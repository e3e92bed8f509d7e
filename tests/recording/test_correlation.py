"""What a request sends and an earlier answer held is taken from the answer."""

from __future__ import annotations

import json
from typing import Any

from recording.taping import entry

SHOP = "https://shop.example"
TOKEN = "kF93jd02mQ8sLp10Zx"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def page(path: str, at: float, text: str = "<h1>x</h1>", **more: Any) -> dict[str, Any]:
    return entry("GET", SHOP + path, at=at, text=text, **more)


def api(path: str, at: float, gives: Any = None, method: str = "GET", **more: Any) -> dict[str, Any]:
    return entry(
        method, SHOP + path, at=at, mime="application/json", text=json.dumps(gives), _resourceType="xhr", **more
    )


def tiles(*slugs: str, before: str = "") -> str:
    return "".join(f'<a href="{before}/product/{slug}">{slug}</a>' for slug in slugs)


def test_a_link_is_followed_to_any_of_its_kind(record) -> None:
    text = record(page("/", 0, tiles("oak-lamp", "tin-lamp")), page("/product/tin-lamp", 3)).text
    assert """PRODUCT_LINK = re.compile(r'href="(/product/[^/"?#]+)[?#"]')""" in text
    assert 'self.page(self.follow(home, PRODUCT_LINK), name="/product/{slug}")' in text


def test_links_of_absolute_addresses_are_followed_on_any_host(record) -> None:
    text = record(page("/", 0, tiles("oak-lamp", before=SHOP)), page("/product/oak-lamp", 3)).text
    assert "https?://" in text
    assert "self.follow(home, PRODUCT_LINK)" in text
    assert "shop.example/product" not in text


def test_an_article_that_nothing_linked_to_is_asked_for_as_recorded_and_told(record) -> None:
    written = record(page("/", 0), page("/product/oak-lamp", 3))
    assert 'self.page("/product/oak-lamp", name="/product/{slug}")' in written.text
    assert "GET /product/{slug} is asked for as it was recorded" in written.told


def test_the_same_page_once_more_is_that_page(record) -> None:
    shelf = tiles("oak-lamp")
    text = record(
        page("/", 0, shelf),
        page("/product/oak-lamp", 3),
        page("/cart", 6),
        page("/product/oak-lamp", 9),
        page("/product/oak-lamp?reviews=2", 12),
    ).text
    assert 'self.page(product.url, name="/product/{slug}")' in text
    assert 'self.page(urljoin(product2.url, "?reviews=2"), name="/product/{slug}")' in text


def test_a_form_keeps_its_hidden_fields_and_sends_what_was_typed(record) -> None:
    fields = f'<input type="hidden" name="csrf" value="{TOKEN}"><input type="hidden" name="id" value="7">'
    form = f'<form method="POST" action="/cart/add/7">{fields}<input name="quantity" value="1"></form>'
    sent = f"csrf={TOKEN}&id=7&quantity=3"
    text = record(page("/", 0, form), entry("POST", f"{SHOP}/cart/add/7", at=2, headers=FORM, body=sent)).text
    assert 'self.fill(home, "/cart/add/", {"quantity": "3"})' in text
    assert TOKEN not in text


def test_of_forms_with_one_action_the_right_one_is_told_by_a_field(record) -> None:
    token = f'<input type="hidden" name="csrf" value="{TOKEN}">'
    forms = (
        f'<form method="post">{token}<input name="search"></form><form method="post">{token}<input name="note"></form>'
    )
    sent = f"csrf={TOKEN}&note=hello"
    text = record(page("/account", 0, forms), entry("POST", f"{SHOP}/account", at=2, headers=FORM, body=sent)).text
    assert 'self.fill(account, "", {"note": "hello"}, having="note")' in text
    assert "form = self.form(page, action, having=having)" in text


def test_a_token_in_a_pages_head_is_found_by_what_stands_before_it(record) -> None:
    head = f'<meta name="csrf-token" content="{TOKEN}">'
    text = record(
        page("/", 0, head, _resourceType="document"),
        api("/api/cart", 2, method="POST", body={"sku": "x"}, headers={"X-CSRF-Token": TOKEN}),
    ).text
    assert """re.compile(r'name="csrf-token" content="([^"]+)')""" in text
    assert 'self.headers["x-csrf-token"] = self.find(home, VALUE)' in text
    assert TOKEN not in text


def test_a_token_of_a_cookie_is_taken_from_the_cookies(record) -> None:
    text = record(
        page("/", 0, answer_headers={"Set-Cookie": f"XSRF-TOKEN={TOKEN}; Path=/"}, _resourceType="document"),
        api("/api/cart", 2, method="POST", body={}, headers={"X-XSRF-TOKEN": TOKEN}),
    ).text
    assert 'self.client.cookiejar.get("XSRF-TOKEN")' in text


def test_a_bearer_token_of_a_login_goes_into_the_headers(record) -> None:
    text = record(
        api("/api/session", 0, {"auth": {"access_token": TOKEN}}, method="POST", body={}),
        api("/api/me", 2, headers={"Authorization": f"Bearer {TOKEN}"}),
    ).text
    assert 'token = session["auth"]["access_token"]' in text
    assert 'self.headers["Authorization"] = f"Bearer {token}"' in text


def test_ids_of_json_are_taken_where_the_names_agree(record) -> None:
    product = {"product": {"id": 12, "variants": [{"id": 34, "stock": 2}]}, "quantity": 2}
    text = record(
        api("/api/product", 0, product),
        api("/api/cart/add", 2, method="POST", body={"variantId": 34, "quantity": 2, "productId": 12}),
    ).text
    assert '"variantId": product["product"]["variants"][0]["id"]' in text
    assert '"productId": product["product"]["id"]' in text
    assert '"quantity": 2' in text


def test_one_of_a_list_is_picked_once_for_all_that_is_taken_from_it(record) -> None:
    found = {"items": [{"slug": "oak-lamp", "sku": "A-100001"}, {"slug": "tin-lamp", "sku": "A-100002"}]}
    text = record(
        api("/api/search?q=lamp", 0, found),
        api("/api/products/tin-lamp", 2),
        api("/api/cart/add", 4, method="POST", body={"sku": "A-100002"}),
    ).text
    assert text.count('item = self.pick(search["items"])') == 1
    assert 'slug = item["slug"]' in text
    assert '"sku": item["sku"]' in text


def test_what_was_not_there_yet_is_no_source(record) -> None:
    slow = api("/api/late", 1, {"token": TOKEN}, took_ms=9000)
    text = record(page("/", 0), slow, api("/api/cart", 3, method="POST", body={"note": TOKEN})).text
    assert '["token"]' not in text


def test_graphql_is_asked_by_operation_and_a_refusal_with_status_200_is_seen(record) -> None:
    document = "mutation Pay($m: String!) { pay(method: $m) { __typename ... on Order { id } } }"
    asked = {"operationName": "Pay", "query": document, "variables": {"m": "card"}}
    text = record(
        api("/graphql", 0, {"data": {"pay": {"__typename": "Order", "id": 1}}}, method="POST", body=asked)
    ).text
    assert 'self.ask("Pay", PAY, {"m": "card"}, expect="Order")' in text
    assert 'endpoint = "/graphql"' in text


def test_variables_are_told_by_the_arguments_they_are_given_to(record) -> None:
    lines = {"data": {"activeOrder": {"id": "9", "lines": [{"id": "77"}]}}}
    document = "mutation A($x: ID!) { adjust(orderLineId: $x) { id } }"
    text = record(
        api("/g", 0, lines, method="POST", body={"query": "query ActiveOrder { activeOrder { id } }"}),
        api("/g", 1, {"data": {}}, method="POST", body={"query": document, "variables": {"x": "77"}}),
    ).text
    assert '{"x": active_order["activeOrder"]["lines"][0]["id"]}' in text


def test_other_requests_are_sent_with_their_bodies(record) -> None:
    multipart = entry(
        "POST", f"{SHOP}/api/note", at=3, headers={"Content-Type": "multipart/form-data; boundary=x"}, body="x"
    )
    multipart["request"]["postData"]["params"] = [{"name": "note", "value": "hello"}]
    text = record(
        api("/api/a", 0, method="PUT", body={"deep": {"list": [1, None, True, 1.5]}}),
        entry("POST", f"{SHOP}/api/b", at=1, headers=FORM, body="a=1&a=2", mime="text/plain"),
        entry("PATCH", f"{SHOP}/api/c", at=2, headers={"Content-Type": "text/csv"}, body="a;b", mime="text/plain"),
        multipart,
        api("/api/d", 4, method="PURGE"),
    ).text
    assert 'self.client.put("/api/a", json={"deep": {"list": [1, None, True, 1.5]}})' in text
    assert 'self.client.post("/api/b", data={"a": ["1", "2"]})' in text
    assert 'self.client.patch("/api/c", data=BODY)' in text
    assert 'self.client.post("/api/note", files={"note": (None, "hello")})' in text
    assert 'self.client.request("PURGE", "/api/d")' in text


def test_headers_of_the_shops_own_are_sent_and_the_browsers_are_not(record) -> None:
    browsers = {"User-Agent": "x", "Cookie": "a=b", "sec-ch-ua": "x", "Accept-Language": "de", "Origin": SHOP}
    text = record(api("/api/menu", 0, headers={**browsers, "X-Channel": "de-shop"})).text
    assert 'self.headers: dict[str, str] = {"x-channel": "de-shop"}' in text
    assert "Cookie" not in text
    assert "sec-ch" not in text


def test_a_header_of_a_page_is_read_from_that_page(record) -> None:
    text = record(
        page("/", 0, tiles("oak-lamp"), answer_headers={"X-Token": TOKEN}, _resourceType="document"),
        api("/api/a", 1, method="POST", body={"key": TOKEN}),
        page("/product/oak-lamp", 3, _resourceType="document"),
    ).text
    assert '{"key": home.headers["X-Token"]}' in text
    assert "self.follow(home, PRODUCT_LINK)" in text


def test_what_a_redirect_or_a_graphql_answer_has_in_its_head_is_not_for_bodies(record) -> None:
    asked = {"operationName": "A", "query": "query A { a }"}
    written = record(
        page("/", 0, _resourceType="document"),
        api("/g", 1, {"data": {}}, method="POST", body=asked, answer_headers={"X-Token": TOKEN}),
        api("/api/a", 2, method="POST", body={"key": TOKEN}),
        entry("POST", f"{SHOP}/b", at=3, status=302, answer_headers={"X-Other": TOKEN[::-1], "Location": "/"}),
        api("/api/c", 4, method="POST", body={"key": TOKEN[::-1]}),
    )
    assert TOKEN not in written.text
    assert "headers[" not in written.text
