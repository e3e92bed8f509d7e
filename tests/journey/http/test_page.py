"""A page is loaded with what belongs to it, as a browser does it, and each of its parts is counted."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from journey.http.far_ends import until
from journey.http.http2_shop import Come, Peer, http2_shop
from journey.http.misbehaving import Visitor, counts
from journey.http.page_shop import HOME, SHEET, File, PageShop, home_shop, page_shop

from loadgen.journey.http.pages import browser
from loadgen.journey.http.settings import PageSettings
from loadgen.stats import Tally

Visit = Callable[..., Visitor]


@pytest.fixture
def shop() -> Iterator[PageShop]:
    with home_shop() as running:
        yield running


def by_name(tally: Tally) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, series in tally.series.items():
        found[key.name] = found.get(key.name, 0) + series.service.count
    return found


ALL = ["/", "/a.woff2", "/app.3f9c.css", "/app.js", "/img/hero.png", "/img/one.png", "/img/two.png", "/more.css"]


def test_a_page_comes_with_all_that_belongs_to_it(visit: Visit, shop: PageShop) -> None:
    visitor = visit(shop.url)
    page = visitor.client.page("/")
    assert sorted(shop.paths) == ALL
    assert (page.status_code, page.ok, page.text, page.url) == (200, True, HOME, f"{shop.url}/")
    assert page.response.headers is page.headers
    assert sorted(asset.url.removeprefix(shop.url) for asset in page.assets) == ALL[1:]
    assert all(asset.ok and asset.status == 200 and not asset.from_cache and asset.time_s > 0 for asset in page.assets)
    assert {asset.kind for asset in page.assets} == {"style", "script", "image", "font"}
    assert (page.failed, page.skipped) == (0, 0)
    assert page.time_s > max(asset.time_s for asset in page.assets)
    assert "7 assets" in repr(page)


def test_each_part_is_counted_once_under_a_name_that_outlives_releases(visit: Visit, shop: PageShop) -> None:
    visitor = visit(shop.url)
    visitor.client.page("/", name="home")
    assert by_name(visitor.recorder.take(0)) == {
        "home": 1,
        "/app.{hash}.css": 1,
        "/more.css": 1,
        "/app.js": 1,
        "/img/{file}.png": 3,
        "/{file}.woff2": 1,
    }


def test_six_at_a_time_are_fetched_from_a_host(visit: Visit, shop: PageShop) -> None:
    shop.put("/", "".join(f"<img src=/img/{n}.png>" for n in range(40)))
    for n in range(40):
        shop.put(f"/img/{n}.png", "x", "Cache-Control: no-store")
    shop.held = {f"/img/{n}.png" for n in range(40)}
    visitor = visit(shop.url)
    loading = gevent.spawn(visitor.client.page, "/")
    until(lambda: len(shop.received) == 7)
    gevent.sleep(0.02)
    assert (len(shop.received), visitor.session.in_flight) == (7, 6)
    shop.gate.set()
    page = loading.get(timeout=10)
    assert len(page.assets) == 40
    assert (shop.most_open, shop.connections) == (6, 6)
    assert counts(visitor.recorder.take(0)) == {"": 41}
    assert visitor.client.page("/").failed == 0
    assert shop.connections == 6


def test_a_client_of_fewer_connections_uses_no_more(visit: Visit, shop: PageShop) -> None:
    visit(shop.url, concurrency=2).client.page("/")
    assert (sorted(shop.paths), shop.connections) == (ALL, 2)


def test_each_host_has_six_places_of_its_own(visit: Visit, shop: PageShop) -> None:
    with page_shop() as other:
        images = "".join(f"<img src=/{n}.png><img src={other.url}/{n}.png>" for n in range(9))
        shop.put("/", images)
        shop.held = other.held = {f"/{n}.png" for n in range(9)}
        loading = gevent.spawn(visit(shop.url).client.page, "/")
        until(lambda: (len(shop.received), len(other.received)) == (7, 6))
        shop.gate.set()
        other.gate.set()
        assert len(loading.get(timeout=10).assets) == 18
        assert (shop.most_open, other.most_open) == (6, 6)


def test_what_holds_up_the_page_is_asked_for_first(visit: Visit, shop: PageShop) -> None:
    html = "<img src=/5.png><script src=/3.js defer></script><script src=/2.js></script><link rel=icon href=/6.ico>"
    html += "<img src=/4.png fetchpriority=high><link rel=stylesheet href=/7.css media=print>"
    shop.put("/", html + "<link rel=stylesheet href=/1.css>")
    visit(shop.url, concurrency=1).client.page("/")
    assert shop.paths == ["/", "/1.css", "/2.js", "/3.js", "/4.png", "/5.png", "/7.css", "/6.ico"]


def test_what_a_stylesheet_needs_is_fetched_beside_what_is_under_way(visit: Visit, shop: PageShop) -> None:
    shop.held = {"/img/one.png", "/img/two.png", "/app.js"}
    loading = gevent.spawn(visit(shop.url).client.page, "/")
    until(lambda: sorted(shop.paths) == ALL)
    shop.gate.set()
    assert loading.get(timeout=10).failed == 0


def test_assets_that_fail_are_counted_and_the_page_goes_on(visit: Visit, shop: PageShop) -> None:
    shop.put("/", "<img src=/none.png><img src=/cut.png><img src=/img/one.png><link rel=stylesheet href=/broken.css>")
    shop.put("/broken.css", "p { background: url(/img/two.png) }", status=500)
    visitor = visit(shop.url)
    page = visitor.client.page("/")
    assert sorted(asset.status for asset in page.assets) == [0, 200, 404, 500]
    assert (page.failed, page.ok) == (3, True)
    assert visitor.counted() == {"": 2, "status_4xx": 1, "status_5xx": 1, "reset": 1}


def test_a_page_that_does_not_come_has_no_assets(visit: Visit, shop: PageShop) -> None:
    shop.put("/cut", HOME)
    visitor = visit(shop.url)
    page = visitor.client.page("/cut")
    assert (page.status_code, page.text, page.assets, page.failed) == (0, None, [], 0)
    assert visitor.counted() == {"reset": 1}


def test_an_error_page_is_a_page_too(visit: Visit, shop: PageShop) -> None:
    shop.put("/gone", "<img src=/img/one.png>", status=404)
    visitor = visit(shop.url)
    page = visitor.client.page("/gone")
    assert (page.status_code, page.ok, len(page.assets)) == (404, False, 1)
    assert visitor.counted() == {"": 1, "status_4xx": 1}


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "image/svg+xml"])
def test_what_is_no_page_has_no_assets(visit: Visit, shop: PageShop, kind: str) -> None:
    shop.files["/"] = File(HOME.encode(), (f"Content-Type: {kind}",))
    assert visit(shop.url).client.page("/").assets == []


def test_a_page_that_cannot_be_unpacked_has_no_assets(visit: Visit, shop: PageShop) -> None:
    shop.put("/", HOME, "Content-Encoding: gzip")
    page = visit(shop.url).client.page("/")
    assert page.assets == []


def test_a_stylesheet_that_is_none_is_not_read(visit: Visit, shop: PageShop) -> None:
    shop.files["/app.3f9c.css"] = File(SHEET.encode(), ("Content-Type: text/html",))
    assert len(visit(shop.url).client.page("/").assets) == 4


def test_assets_belong_to_where_a_redirect_led(visit: Visit, shop: PageShop) -> None:
    shop.files["/old"] = File(b"", ("Location: /new/",), 301)
    shop.put("/new/", "<img src=one.png>")
    shop.put("/new/one.png", "x")
    page = visit(shop.url).client.page("/old")
    assert [asset.url for asset in page.assets] == [f"{shop.url}/new/one.png"]
    assert page.response.history[0].status_code == 301
    assert shop.asked("/new/one.png")["referer"] == f"{shop.url}/new/"


def test_requests_say_what_a_browser_says(visit: Visit, shop: PageShop) -> None:
    visit(shop.url).client.page("/?a=ü#part")
    shop.put("/?a=%C3%BC", HOME)
    visit(shop.url).client.page("/?a=ü#part")
    assert shop.asked("/?a=%C3%BC")["accept"].startswith("text/html,")
    assert shop.asked("/img/one.png")["accept"].startswith("image/avif,image/webp")
    assert shop.asked("/more.css")["accept"].startswith("text/css")
    assert shop.asked("/app.js")["accept"] == "*/*"
    assert {shop.asked(path)["referer"] for path in ALL[1:]} == {f"{shop.url}/?a=%C3%BC"}


def test_authors_say_otherwise(visit: Visit, shop: PageShop) -> None:
    visit(shop.url).client.page("/", headers={"accept": "text/html", "X": "1"}, params={"q": "1"})
    assert shop.received[0].target == "/?q=1"
    assert (shop.received[0].by_name["accept"], shop.received[0].by_name["x"]) == ("text/html", "1")
    visit(shop.url, default_headers=(("Accept", "a/b"), ("Y", "2"))).client.page("/")
    assert (shop.asked("/")["accept"], shop.asked("/")["y"], shop.asked("/app.js")["accept"]) == ("a/b", "2", "a/b")


def test_other_hosts_hear_little_and_get_no_credentials(visit: Visit, shop: PageShop) -> None:
    with page_shop() as other:
        shop.put("/a", f"<img src={other.url}/img/one.png>")
        other.put("/img/one.png", "x")
        visitor = visit(shop.url, default_headers=(("Authorization", "Basic x"), ("Y", "2")))
        visitor.client.page("/a", name="a")
        told = other.asked("/img/one.png")
        assert (told["referer"], told["y"], "authorization" in told) == (f"{shop.url}/", "2", False)
        assert by_name(visitor.recorder.take(0)) == {"a": 1, "127.0.0.1/img/{file}.png": 1}


def test_cookies_of_the_page_go_with_its_assets(visit: Visit, shop: PageShop) -> None:
    shop.put("/", HOME, "Set-Cookie: sid=1")
    visit(shop.url).client.page("/")
    assert {shop.asked(path)["cookie"] for path in ALL[1:]} == {"sid=1"}


def test_other_sites_are_left_alone_unless_they_are_named(visit: Visit, shop: PageShop) -> None:
    with page_shop() as other:
        here, there = shop.url, other.url.replace("127.0.0.1", "localhost")
        shop.put("/", f"<img src={there}/a.png><script src=//tracker.invalid/x.js></script><img src=/img/one.png>")
        other.put("/a.png", "x")
        page = visit(here).client.page("/")
        assert (len(page.assets), page.skipped, other.received) == (1, 2, [])
        page = visit(here, pages=PageSettings(asset_hosts=("*.Localhost", "LOCAL*"))).client.page("/")
        assert (len(page.assets), page.skipped, other.paths) == (2, 1, ["/a.png"])


def test_hosts_that_the_operator_does_not_allow_are_left_alone(visit: Visit, shop: PageShop) -> None:
    with page_shop() as other:
        shop.put("/", f"<img src={other.url}/a.png><img src={other.url}/b.png><img src=/img/one.png>")
        visitor: Any = visit(shop.url)
        asked: list[tuple[str, int]] = []

        class Environment:
            @staticmethod
            def may_reach(host: str, port: int) -> bool:
                asked.append((host, port))
                return f":{port}" in shop.url

        visitor.environment = Environment
        page = visitor.client.page("/")
        assert (len(page.assets), page.skipped, other.received) == (1, 2, [])
        assert len(asked) == 2


def test_limits_hold_for_any_page(visit: Visit, shop: PageShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "MAX_ASSETS", 8)
    shop.put("/", "".join(f"<img src=/img/one.png?{n}>" for n in range(20)))
    page = visit(shop.url).client.page("/")
    assert (len(page.assets), page.skipped) == (8, 12)


def test_fonts_and_imports_have_limits_of_their_own(visit: Visit, shop: PageShop) -> None:
    shop.put("/fonts", "<style>" + "".join(f"@font-face {{ src: url(/{n}.woff2) }}" for n in range(9)) + "</style>")
    page = visit(shop.url).client.page("/fonts")
    assert (len(page.assets), page.skipped) == (6, 3)
    shop.put("/deep", "<link rel=stylesheet href=/0.css>")
    for n in range(9):
        shop.put(f"/{n}.css", f"@import '/{n + 1}.css'; @import '/{n}.css';")
    page = visit(shop.url).client.page("/deep")
    assert (len(page.assets), page.skipped) == (5, 1)


def test_a_page_can_be_read_in_its_own_charset(visit: Visit, shop: PageShop) -> None:
    shop.files["/"] = File("<img src='/ü.png'>".encode("utf-16"), ("Content-Type: text/html; charset=utf-16",))
    visit(shop.url).client.page("/")
    assert shop.paths == ["/", "/%C3%BC.png"]


def test_a_stream_is_no_page(visit: Visit, shop: PageShop) -> None:
    with pytest.raises(ValueError, match="streamed"):
        visit(shop.url).client.page("/", stream=True)
    assert shop.received == []


def test_an_answer_may_be_judged_by_the_journey(visit: Visit, shop: PageShop) -> None:
    visitor = visit(shop.url)
    page = visitor.client.page("/", catch_response=True)
    with page.response as response:
        response.failure("no lamp")
    assert visitor.counted() == {"": 7, "assertion": 1}


def test_listeners_hear_of_each_part(visit: Visit, shop: PageShop) -> None:
    visitor = visit(shop.url)
    heard: list[tuple[str, int]] = []
    visitor.events.request.add_listener(
        lambda name, response, **_: heard.append((name, response.status_code))  # type: ignore[misc]
    )
    visitor.client.page("/", name="home")
    assert len(heard) == 8
    assert heard[0] == ("home", 200)


def test_a_page_leaves_nothing_for_the_garbage_collector(visit: Visit, shop: PageShop) -> None:
    visitor = visit(shop.url)
    visitor.client.page("/")
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            page = visitor.client.page("/")
        del page
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_page_is_read_once_for_all_who_get_the_same(
    visit: Visit, shop: PageShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = browser.PageReader.document.__globals__["read_document"]
    monkeypatch.setitem(
        browser.PageReader.document.__globals__,
        "read_document",
        lambda html, *more: (read.append(html), real(html, *more))[1],
    )
    pages = PageSettings(images_in_view=7)  # a reader of its own
    for token in "abc":
        shop.put("/", f'<form><input name="csrf" value="{token}"><img src=/img/one.png></form>')
        assert len(visit(shop.url, pages=pages).client.page("/").assets) == 1
    assert len(read) == 1
    shop.put("/", '<form><input name="csrf" value="<img src=/img/two.png>"></form>')
    assert visit(shop.url, pages=pages).client.page("/").assets == []
    shop.put("/", "<img src=/img/two.png>")
    assert len(visit(shop.url, pages=pages).client.page("/").assets) == 1
    assert len(read) == 3


def test_pages_over_http2_are_asked_for_all_at_once(come: Come, certificates: Any) -> None:
    def script(peer: Peer) -> None:
        html = "".join(f"<img src=/{n}.png>" for n in range(30))
        peer.answer(peer.hear(), html.encode(), [(b":status", b"200"), (b"content-type", b"text/html")])
        for request in [peer.hear() for _ in range(30)]:
            peer.answer(request)

    with http2_shop(certificates, script) as server:
        page = come(server.url).client.page("/")
        assert (len(page.assets), page.failed, server.connections) == (30, 0, 1)
