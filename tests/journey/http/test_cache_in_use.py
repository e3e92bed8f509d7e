"""A shopper's second page asks only for what the first has not left with it, and counts what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.utils import formatdate

import pytest
from journey.http.mirror import Received
from journey.http.misbehaving import Visitor
from journey.http.page_shop import CSS, File, PageShop, page_shop

Visit = Callable[..., Visitor]

HOUR = "Cache-Control: max-age=3600"


@pytest.fixture
def shop() -> Iterator[PageShop]:
    with page_shop() as running:
        running.put("/", "<link rel=stylesheet href=/a.css><img src=/b.png>")
        running.put("/a.css", "p { background: url(/c.png) }", HOUR)
        running.put("/b.png", "b", HOUR)
        running.put("/c.png", "c", HOUR)
        yield running


def looks(visitor: Visitor, shop: PageShop, path: str = "/") -> tuple[list[str], dict[str, tuple[int, bool]]]:
    """What a further look at a page asks for, and how its assets came."""
    shop.received.clear()
    page = visitor.client.page(path)
    return shop.paths, {asset.url.removeprefix(shop.url): (asset.status, asset.from_cache) for asset in page.assets}


def validating(body: bytes, kind: str, *headers: str) -> Callable[[Received], File]:
    """A file that is confirmed to those who have it."""

    def answer(request: Received) -> File:
        known = request.by_name.get("if-none-match") == '"1"'
        return File(b"" if known else body, (f"Content-Type: {kind}", 'ETag: "1"', *headers), 304 if known else 200)

    return answer


def test_what_is_fresh_is_not_asked_for_again(visit: Visit, shop: PageShop) -> None:
    visitor = visit(shop.url)
    assert sorted(looks(visitor, shop)[0]) == ["/", "/a.css", "/b.png", "/c.png"]
    asked, assets = looks(visitor, shop)
    assert asked == ["/"]
    assert assets == {"/a.css": (200, True), "/b.png": (200, True), "/c.png": (200, True)}
    assert visitor.counted() == {"": 5}
    assert visitor.recorder.take(0).sent == 0


def test_each_shopper_comes_with_an_empty_cache(visit: Visit, shop: PageShop) -> None:
    looks(visit(shop.url), shop)
    assert len(looks(visit(shop.url), shop)[0]) == 4


def test_what_is_stale_is_confirmed_and_its_own_needs_are_known(visit: Visit, shop: PageShop) -> None:
    shop.files["/a.css"] = validating(b"p { background: url(/c.png) }", CSS, "Cache-Control: no-cache")
    visitor = visit(shop.url)
    looks(visitor, shop)
    for _ in range(2):
        asked, assets = looks(visitor, shop)
        assert asked == ["/", "/a.css"]
        assert assets == {"/a.css": (304, False), "/b.png": (200, True), "/c.png": (200, True)}
    assert shop.received[1].by_name["if-none-match"] == '"1"'
    assert visitor.counted() == {"": 8}


def test_a_confirmation_makes_fresh_again(visit: Visit, shop: PageShop) -> None:
    shop.files["/b.png"] = validating(b"b", "image/png", HOUR, "Age: 3600")
    visitor = visit(shop.url)
    looks(visitor, shop)
    shop.files["/b.png"] = validating(b"b", "image/png", HOUR)
    assert looks(visitor, shop)[1]["/b.png"] == (304, False)
    assert looks(visitor, shop)[1]["/b.png"] == (200, True)


def test_a_date_will_do_where_there_is_no_tag(visit: Visit, shop: PageShop) -> None:
    changed = formatdate(1_700_000_000, usegmt=True)
    shop.put("/b.png", "b", f"Last-Modified: {changed}", "Cache-Control: no-cache")
    visitor = visit(shop.url)
    looks(visitor, shop)
    looks(visitor, shop)
    assert shop.asked("/b.png")["if-modified-since"] == changed
    assert "if-none-match" not in shop.asked("/b.png")


def test_what_has_changed_is_taken_anew(visit: Visit, shop: PageShop) -> None:
    shop.put("/a.css", "p { background: url(/c.png) }", 'ETag: "1"')
    visitor = visit(shop.url)
    looks(visitor, shop)
    shop.put("/a.css", "p { background: url(/d.png) }", 'ETag: "2"')
    assert sorted(looks(visitor, shop)[0]) == ["/", "/a.css", "/d.png"]
    assert sorted(looks(visitor, shop)[0]) == ["/", "/a.css", "/d.png"]
    assert shop.asked("/a.css")["if-none-match"] == '"2"'


@pytest.mark.parametrize("control", ["no-store", "max-age=0", "no-cache", "s-maxage=60"])
def test_what_may_not_be_used_is_asked_for_each_time(visit: Visit, shop: PageShop, control: str) -> None:
    shop.put("/b.png", "b", f"Cache-Control: {control}")
    visitor = visit(shop.url)
    looks(visitor, shop)
    assert looks(visitor, shop) == (["/", "/b.png"], looks(visitor, shop)[1])
    assert not {"if-none-match", "if-modified-since"} & set(shop.asked("/b.png"))


def test_what_varies_with_the_cookie_is_asked_for_when_it_changes(visit: Visit, shop: PageShop) -> None:
    shop.put("/b.png", "b", HOUR, "Vary: Cookie, Accept-Encoding", 'ETag: "1"', "Last-Modified: " + formatdate(0))
    visitor = visit(shop.url)
    looks(visitor, shop)
    assert looks(visitor, shop)[0] == ["/"]
    visitor.client.cookiejar.set("sid", "1", domain="127.0.0.1")
    assert looks(visitor, shop)[0] == ["/", "/b.png"]
    assert shop.asked("/b.png")["if-none-match"] == '"1"'
    assert "if-modified-since" not in shop.asked("/b.png")
    assert looks(visitor, shop)[0] == ["/"]


def test_what_varies_with_all_is_never_used_without_asking(visit: Visit, shop: PageShop) -> None:
    shop.put("/b.png", "b", HOUR, "Vary: *")
    visitor = visit(shop.url)
    looks(visitor, shop)
    assert looks(visitor, shop)[0] == ["/", "/b.png"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_was_written_to_is_asked_for_again(visit: Visit, shop: PageShop, method: str) -> None:
    visitor = visit(shop.url)
    looks(visitor, shop)
    visitor.client.request(method, "/b.png")
    assert looks(visitor, shop)[0] == ["/", "/b.png"]


def test_writing_in_vain_and_reading_make_nothing_forgotten(visit: Visit, shop: PageShop) -> None:
    visitor = visit(shop.url)
    looks(visitor, shop)
    visitor.client.head("/b.png")
    visitor.client.get("/b.png")
    visitor.client.post("/none")
    shop.put("/b.png", "b", status=500)
    visitor.client.post("/b.png")
    assert looks(visitor, shop)[0] == ["/"]


def test_pages_and_plain_requests_are_always_asked_for(visit: Visit, shop: PageShop) -> None:
    shop.put("/", "<img src=/b.png>", HOUR, 'ETag: "1"')
    visitor = visit(shop.url)
    looks(visitor, shop)
    assert looks(visitor, shop)[0] == ["/"]
    assert "if-none-match" not in shop.received[0].by_name
    visitor.client.get("/b.png")
    visitor.client.batch(["/b.png"])
    assert shop.paths == ["/", "/b.png", "/b.png"]


def test_what_came_by_a_redirect_is_not_kept(visit: Visit, shop: PageShop) -> None:
    shop.put("/", "<link rel=stylesheet href=/old.css>")
    shop.files["/old.css"] = File(b"", ("Location: /new/a.css", HOUR), 302)
    shop.put("/new/a.css", "@import 'b.css';", HOUR)
    shop.put("/new/b.css", "", HOUR)
    visitor = visit(shop.url)
    assert looks(visitor, shop)[0] == ["/", "/old.css", "/new/a.css", "/new/b.css"]
    assert looks(visitor, shop)[0] == ["/", "/old.css", "/new/a.css"]


def test_failures_are_kept_where_the_shop_says_so(visit: Visit, shop: PageShop) -> None:
    shop.put("/b.png", "gone", HOUR, status=404)
    visitor = visit(shop.url)
    looks(visitor, shop)
    assert looks(visitor, shop) == (
        ["/"],
        {"/a.css": (200, True), "/b.png": (404, True), "/c.png": (200, True)},
    )
    assert visitor.client.page("/").failed == 1
    assert visitor.counted() == {"": 5, "status_4xx": 1}


def test_a_confirmation_that_nobody_asked_for_is_no_harm(visit: Visit, shop: PageShop) -> None:
    shop.put("/a.css", b"", status=304)
    visitor = visit(shop.url)
    assert looks(visitor, shop)[1]["/a.css"] == (304, False)
    assert looks(visitor, shop)[1]["/a.css"] == (304, False)


def test_the_same_asset_on_two_pages_is_asked_for_once(visit: Visit, shop: PageShop) -> None:
    shop.put("/other", f"<img src='{shop.url.replace('http', 'HTTP')}/b.png#x'>")
    visitor = visit(shop.url)
    looks(visitor, shop)
    assert looks(visitor, shop, "/other")[0] == ["/other"]
