"""Other people's hosts, assets, refusals and the browser's own business are told, but not written."""

from __future__ import annotations

from typing import Any

import pytest
from recording.taping import entry, har_of

from loadgen.errors import UsageError
from loadgen.recording import exchanges_of, sort
from loadgen.recording.sorting import site_of

SHOP = "https://www.shop.example"
HOME = entry("GET", f"{SHOP}/", text="<h1>x</h1>")


def asset(path: str, mime: str, **more: Any) -> dict[str, Any]:
    return entry("GET", SHOP + path, at=0.1, mime=mime, **more)


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("www.shop.example", "shop.example"),
        ("api.shop.co.uk", "shop.co.uk"),
        ("shop.example", "shop.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("::1", "::1"),
    ],
)
def test_hosts_of_one_owner_are_one_site(host: str, site: str) -> None:
    assert site_of(host) == site


def test_assets_are_left_to_the_page(record) -> None:
    assets = [
        asset("/app.css", "text/css"),
        asset("/app.js", "text/javascript", _resourceType="script"),
        asset("/hero", "image/webp"),
        asset("/a.woff2", "application/octet-stream"),
        asset("/app.webmanifest", "application/manifest+json", _resourceType="manifest"),
    ]
    written = record(HOME, *assets)
    assert written.recording.assets == 5
    assert written.journey.count("self.client") == 0
    assert 'self.must(self.page("/"))' in written.journey


def test_other_hosts_are_listed_and_kept_only_if_asked_for(record) -> None:
    entries = [
        HOME,
        entry("POST", "https://stats.tracker.example/collect", at=1, body={"visitor": 1}, _resourceType="xhr"),
        entry("GET", "https://api.shop.example/menu", at=1.1, mime="application/json", _resourceType="xhr"),
    ]
    written = record(*entries)
    assert "tracker" not in written.text
    assert "other hosts, left out: stats.tracker.example" in written.told
    assert "https://api.shop.example/menu" in written.text
    assert "https://stats.tracker.example/collect" in record(*entries, keep_hosts=("stats.tracker.example",)).text


def test_what_did_not_go_well_is_told(record) -> None:
    odd = [
        entry("GET", f"{SHOP}/gone", at=1, status=404, text="x"),
        entry("GET", f"{SHOP}/blocked", at=1, status=0),
        entry("OPTIONS", f"{SHOP}/api", at=1, headers={"Access-Control-Request-Method": "POST"}),
        entry("GET", f"{SHOP}/socket", at=1, status=101),
        entry("GET", f"{SHOP}/events", at=1, _resourceType="eventsource"),
        entry("GET", f"{SHOP}/next", at=1, headers={"Sec-Purpose": "prefetch;prerender"}),
        entry("GET", f"{SHOP}/again", at=1, _fromCache="disk"),
        entry("GET", f"{SHOP}/frame", at=1, _resourceType="iframe"),
        entry("GET", f"{SHOP}/app", at=1, _fetchedViaServiceWorker=True),
        entry("POST", f"{SHOP}/beacon", at=1, _resourceType="ping"),
    ]
    written = record(HOME, *odd)
    assert [one.path for one in written.recording.kept] == ["/"]
    assert sum(written.recording.aside.values()) == len(odd)
    assert "refused by the shop, left out: GET /gone (404)" in written.told


def test_a_page_that_had_not_changed_is_asked_for(record) -> None:
    assert 'self.page("/cart")' in record(HOME, entry("GET", f"{SHOP}/cart", at=3, status=304)).text


def test_redirects_of_a_page_are_the_clients_business(record) -> None:
    hops = [
        entry("GET", f"{SHOP}/old", at=3, status=301, answer_headers={"Location": "/new"}),
        entry("GET", f"{SHOP}/new", at=3.1, status=302, answer_headers={"Location": f"{SHOP}/cart"}),
        entry("GET", f"{SHOP}/cart", at=3.2, text="<h1>Cart</h1>"),
    ]
    journey = record(HOME, *hops).journey
    assert 'self.page("/old")' in journey
    assert "/new" not in journey
    assert "/cart" not in journey


def test_a_form_and_the_page_that_it_leads_to_are_two_requests(record) -> None:
    fields = '<input type="hidden" name="csrf" value="a1b2c3d4e5f6"><input name="nick">'
    form = f'<form method="post" action="/login">{fields}</form>'
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    journey = record(
        entry("GET", f"{SHOP}/", text=form),
        entry(
            "POST",
            f"{SHOP}/login",
            at=3,
            headers=sent,
            body="csrf=a1b2c3d4e5f6&nick=Joe",
            status=303,
            answer_headers={"Location": "/hello"},
        ),
        entry("GET", f"{SHOP}/hello", at=3.1, text="<h1>Joe</h1>"),
    ).journey
    assert 'where = self.send(home, "/login", {"nick": "Joe"})' in journey
    assert "self.must(self.page(where))" in journey


def test_a_later_visit_is_no_redirect(record) -> None:
    away = entry("GET", f"{SHOP}/away", at=1, status=302, answer_headers={"Location": f"{SHOP}/cart"})
    assert 'self.page("/cart")' in record(HOME, away, entry("GET", f"{SHOP}/cart", at=60, text="<h1>x</h1>")).text


@pytest.mark.parametrize("entries", [[], [entry("GET", f"{SHOP}/", status=0)], [asset("/a.png", "image/png")]])
def test_a_recording_of_nothing_is_refused(entries: list[dict[str, Any]]) -> None:
    with pytest.raises(UsageError, match="the recording has no"):
        sort(exchanges_of(har_of(entries)))
