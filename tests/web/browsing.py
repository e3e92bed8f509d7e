"""Debian's Chromium, driven by Playwright: what it shows, what it complains about, and whom it keeps out."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which("chromium")
SHOTS = os.environ.get("LOADGEN_SHOTS", "")
"""A folder for screenshots; empty takes none."""

PHONE = {"width": 390, "height": 844}
NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}

_MISSING = "no chromium: apt-get install chromium, pip install playwright"
_TOLD = {"resultTypes": ["violations"]}
_OURS = re.compile(r"(http://127\.0\.0\.1|data:|blob:)")


@contextmanager
def chromium() -> Iterator:
    """A running browser."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


class Surfing:
    """A window of a browser.

    Attributes:
        page: its page.
        wrong: what the browser complained about, and every address that is not the page's own.
        asked: all addresses it asked for.
    """

    def __init__(self, context) -> None:
        self.wrong: list[str] = []
        self.asked: list[str] = []
        context.on("page", self._watch)
        self.page = context.new_page()

    def _watch(self, page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", self._see)

    def _hear(self, message) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def _see(self, request) -> None:
        self.asked.append(request.url)
        if not _OURS.match(request.url):
            self.wrong.append(request.url)

    def go(self, address: str) -> None:
        self.page.goto(address)

    def figure(self, label: str) -> str:
        """The value of one of the tiles."""
        return self.page.locator("#tiles > div", has_text=label).locator("dd.value").first.inner_text()

    def shoot(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)

    def assert_for_everyone(self, name: str) -> None:
        """Nobody is kept out: in light, in dark, nor on a phone, where nothing is cut off either."""
        for scheme, size in (("light", WIDE), ("dark", WIDE), ("light", PHONE), ("light", NARROW)):
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size(size)
            wrong = self._cut_off(size["width"])
            if size is not NARROW:  # what is said of a phone holds for a smaller one
                wrong += self._serious()
            assert not wrong, (scheme, size, wrong)
            self.shoot(f"{name}-{scheme}-{size['width']}")
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(WIDE)

    def _cut_off(self, width: int) -> list[str]:
        """What makes the page wider than the window."""
        return self.page.evaluate(
            """width => document.documentElement.scrollWidth <= width ? [] : ["too wide"].concat(
                [...document.querySelectorAll("body *")]
                .filter(one => one.getBoundingClientRect().right > width && !one.closest(".scroll"))
                .map(one => one.outerHTML.slice(0, 200)))""",
            width,
        )

    def _serious(self) -> list[str]:
        """What axe finds that keeps people out."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        return [
            f"{each['id']}: {node['html'][:200]}"
            for each in axe.run(self.page, options=_TOLD).response["violations"]
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]
