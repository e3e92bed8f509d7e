"""The live page, photographed in mid-run by Debian's Chromium: light, dark, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pictures.rehearsal import Stage
from playwright.sync_api import Browser, Page, sync_playwright

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
MARGIN = 12
"""Between two cards, in pixels."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


def shoot(stage: Stage, folder: Path) -> None:
    """Photograph the page of a run under way.

    Args:
        stage: the run.
        folder: where ``page-light.png``, ``page-dark.png``, ``page-below.png`` (what is further down) and
            ``page-phone.png`` go.
    """
    with chromium() as browser:
        page = browser.new_page(viewport=DESK)
        page.goto(stage.page)
        _settled(page)
        # It sticks to the window's upper edge, which is somewhere else in a picture of the whole page.
        page.evaluate("document.querySelector('header').style.position = 'static'")
        for sample in page.locator("#errors details").all()[:1]:
            sample.locator("summary").click()
        steps, start = _top(page, "Steps"), _top(page, "Start a run")
        above = {"x": 0, "y": 0, "width": DESK["width"], "height": steps}
        below = {"x": 0, "y": steps, "width": DESK["width"], "height": start - steps}
        page.screenshot(path=folder / "page-light.png", full_page=True, clip=above)
        page.screenshot(path=folder / "page-below.png", full_page=True, clip=below)
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=folder / "page-dark.png", full_page=True, clip=above)
        phone = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True).new_page()
        phone.goto(stage.page)
        _settled(phone)
        phone.screenshot(path=folder / "page-phone.png")


def _top(page: Page, heading: str) -> int:
    """Where the card with a heading begins, in pixels from the top."""
    card = page.locator("section", has=page.get_by_role("heading", name=heading, exact=True)).last
    top = card.evaluate("element => element.getBoundingClientRect().top + scrollY")
    return round(float(top)) - MARGIN


def _settled(page: Page) -> None:
    page.locator("#state", has_text="running").wait_for()
    page.locator("#steps tbody tr").nth(2).wait_for()
