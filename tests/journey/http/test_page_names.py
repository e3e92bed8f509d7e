"""Assets are counted under few names, the same from one release of a shop to the next."""

from __future__ import annotations

import pytest

from loadgen.journey.http.pages import naming
from loadgen.journey.http.pages.links import Kind, Link, link_to
from loadgen.journey.http.pages.naming import MAX_NAMES, AssetNames, asset_name
from loadgen.journey.http.wires import Origin
from loadgen.stats import template_of

HOME = Origin("https", "shop.example", 443)


def asset(path: str, kind: Kind = "script", host: str = "shop.example") -> Link:
    link = link_to(f"https://{host}/", path, kind, 0)
    assert link is not None
    return link


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/app.js", "script", "/app.js"),
        ("/app.js?v=17", "script", "/app.js"),
        ("/static/app.3f9c.js", "script", "/static/app.{hash}.js"),
        ("/static/app-5D1F9C02.css", "style", "/static/app-{hash}.css"),
        ("/assets/index-BwX3kq9Z.js", "script", "/assets/index-{hash}.js"),
        ("/_next/static/chunks/pages/_app-0123456789abcdef.js", "script", "/_next/static/chunks/pages/_app-{hash}.js"),
        ("/static/version1699999999/frontend/main.min.js", "script", "/static/{hash}/frontend/main.min.js"),
        ("/bootstrap-5.3.2.min.css", "style", "/bootstrap-5.3.2.min.css"),
        ("/jquery3.js", "script", "/jquery3.js"),
        ("/bootstrap5.bundle.js", "script", "/bootstrap5.bundle.js"),
        ("/", "script", "/"),
        ("/theme/", "other", "/theme/"),
        ("/img/classic-steel-lamp.webp?w=300", "image", "/img/{file}.webp"),
        ("/img/classic-steel-lamp", "image", "/img/{file}"),
        ("/img/.png", "image", "/img/{file}.png"),
        ("/img/a.b.c-d", "image", "/img/{file}"),
        ("/fonts/inter-400.woff2", "font", "/fonts/{file}.woff2"),
        ("/cache/9f86d081884c7d65/a.jpg", "image", "/cache/{hash}/{file}.jpg"),
        ("/favicon.ico", "icon", "/favicon.ico"),
    ],
)
def test_what_changes_is_folded(path: str, kind: Kind, name: str) -> None:
    assert asset_name(asset(path, kind)) == name
    assert AssetNames()(asset(path, kind), HOME) == name


def test_other_hosts_are_named() -> None:
    assert AssetNames()(asset("/a.js", host="cdn.shop.example"), HOME) == "cdn.shop.example/a.js"


def test_a_name_is_a_template_already() -> None:
    for path in ("/static/app.3f9c.js", "/img/lamp.webp", "/static/version1699999999/frontend/main.min.js"):
        assert template_of(asset_name(asset(path, "image"))) == asset_name(asset(path, "image"))


@pytest.mark.parametrize("assets", [MAX_NAMES, MAX_NAMES + 1, 10 * MAX_NAMES])
def test_there_are_never_more_than_the_cap_allows(assets: int) -> None:
    names = AssetNames()
    found = [names(asset(f"/{'a' * number}/x"), HOME) for number in range(assets)]
    assert len(set(found[:MAX_NAMES])) == MAX_NAMES
    assert set(found[MAX_NAMES:]) <= {"/{script}"}
    assert names(asset("/one.png", "image"), HOME) == "/{image}"


def test_names_are_remembered_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "KNOWN", 3)
    names = AssetNames()
    for number in range(10):
        assert names(asset(f"/{number}.js"), HOME) == f"/{number}.js"
        assert names(asset(f"/{number}.js"), HOME) == f"/{number}.js"
