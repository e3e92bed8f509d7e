"""Dashboards drawn from their JSON and the answers of Prometheus, by Grafana's own components in Chromium.

::

    grafana/*.jsx + @grafana/ui ── esbuild ──▶ drawn.js, drawn.css ──▶ Chromium ──▶ dashboard-*.png
                                   deploy/grafana/json + answers ─────────┘
"""

from __future__ import annotations

import mimetypes
import subprocess
from pathlib import Path
from typing import Any

from npm import workshop
from pictures.page import chromium
from playwright.sync_api import Route

PROJECT = Path(__file__).parent / "grafana"
SOMEWHERE = "http://dashboards.invalid"
"""An address that only the browser knows; nothing leaves it."""

WIDTH = 1440
FONTS = {"Regular": 400, "Medium": 500}.items()
BLANK = '<!doctype html><link rel="stylesheet" href="drawn.css"><div id="root"></div><script src="drawn.js"></script>'
BUNDLE = (
    "--bundle --jsx=automatic --format=iife --outfile=drawn.js --log-level=error --loader:.ttf=empty "
    '--loader:.svg=dataurl --define:process.env.NODE_ENV="production"'
)


def draw(drawn: dict[str, Any], scratch: Path, folder: Path) -> list[str]:
    """Draw every dashboard.

    Args:
        drawn: what :func:`pictures.panels.asked_of` found.
        scratch: an empty folder.
        folder: where ``dashboard-*.png`` go.

    Returns:
        What the browser complained about.
    """
    shop = workshop(PROJECT, scratch / "grafana")
    subprocess.run([shop / "node_modules/.bin/esbuild", "dashboard.jsx", *BUNDLE.split()], cwd=shop, check=True)
    public = shop / "node_modules/@grafana/ui/dist"
    inter = shop / "node_modules/@fontsource/inter/files"
    fonts = {
        f"public/fonts/inter/Inter-{name}.woff2": inter / f"inter-latin-{weight}-normal.woff2" for name, weight in FONTS
    }
    complaints: list[str] = []

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(SOMEWHERE).lstrip("/")
        found = next((place for place in (shop / path, public / path.replace("/build/", "/")) if place.is_file()), None)
        found = fonts.get(path, found)
        if not path:
            route.fulfill(body=BLANK, content_type="text/html; charset=utf-8")
        elif found:
            route.fulfill(body=found.read_bytes(), content_type=mimetypes.guess_type(path)[0] or "")
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    with chromium() as browser:
        for name in drawn["dashboards"]:
            page = browser.new_page(viewport={"width": WIDTH, "height": 900})
            page.on("pageerror", lambda error: complaints.append(f"{name}: {error}"))  # noqa: B023 -- at once
            page.on("console", lambda said: said.type == "error" and complaints.append(f"{name}: {said.text}"))  # noqa: B023
            page.route("**/*", answer)
            page.goto(SOMEWHERE)
            page.evaluate("([name, drawn]) => draw(name, drawn)", [name, drawn])
            whole = page.locator("#dashboard")
            whole.wait_for()
            high = whole.evaluate("element => element.offsetHeight")
            page.set_viewport_size({"width": WIDTH, "height": high})  # tables draw what is in sight
            page.wait_for_load_state("networkidle")
            whole.screenshot(path=folder / f"dashboard-{name}.png")
            page.close()
    return complaints
