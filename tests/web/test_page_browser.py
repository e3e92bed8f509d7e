"""The live page in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cluster.harness import Cluster, wait_until

from loadgen.children import stop_child

CHROMIUM = shutil.which("chromium")
JOURNEYS = Path(__file__).parents[2] / "journeys"
SHOTS = os.environ.get("LOADGEN_SHOTS", "")
"""A folder for screenshots; empty takes none."""

MISSING = "no chromium: apt-get install chromium, pip install playwright"


@pytest.fixture
def browser():
    """A browser, whose console errors fail the test."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def cluster(tmp_path, redis_url):
    """A coordinator with the page, a worker, and a shop."""
    cluster = Cluster(tmp_path, redis_url)
    try:
        yield cluster
    finally:
        for child in reversed(cluster.children):
            stop_child(child)
            if child.stdout is not None:
                child.stdout.close()
        cluster.bus.close()


def page_of(cluster: Cluster) -> str:
    coordinator = cluster.start("coordinator", "--web", "0", "--web-plans", str(JOURNEYS), stdout=subprocess.PIPE)
    return coordinator.stdout.readline().decode().removeprefix("page on ").strip()


def watched(page) -> list[str]:
    """Everything the browser complains about, and every address that is not the page's own."""
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda asked: None if re.match(r"(http://127\.0\.0\.1|data:|blob:)", asked.url) else wrong.append(asked.url),
    )
    return wrong


def shoot(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def figure(page, label: str) -> str:
    return page.locator("#tiles > div", has_text=label).locator("dd.value").first.inner_text()


def serious(page) -> list[str]:
    """What axe finds that keeps people out."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.timeout(120)
def test_a_run_is_started_watched_and_stopped_in_the_browser(browser, cluster):
    address = page_of(cluster)
    shop = cluster.shop()
    cluster.workers(1)
    page = browser.new_page(viewport={"width": 1280, "height": 900}, bypass_csp=False)
    wrong = watched(page)
    plan = (JOURNEYS / "plans" / "smoke.yaml").read_text().replace("http://127.0.0.1:8100", shop.url)

    page.goto(address)
    page.get_by_label("The plan", exact=True).fill(plan.replace("for: 15s", "for: 1h").replace("load:", "laod:"))
    page.get_by_label("Folder").fill("plans")
    page.get_by_role("button", name="Check").click()
    page.get_by_text("did you mean load?").wait_for()
    page.get_by_label("The plan", exact=True).fill(plan.replace("for: 15s", "for: 1h").replace("5s: stop", "30s: stop"))
    page.get_by_role("button", name="Start").click()
    page.locator("#state", has_text="running").wait_for(timeout=30_000)
    wait_until(lambda: figure(page, "Requests") not in ("0/s", "–"), "requests are seen")
    seen = page.locator("#clock").inner_text()
    wait_until(lambda: page.locator("#clock").inner_text() != seen, "the clock moves")
    wait_until(lambda: page.locator("#steps tbody tr").count() >= 3, "steps are listed")

    page.reload()
    page.locator("#state", has_text="running").wait_for()
    wait_until(lambda: page.locator("#steps tbody tr").count() >= 3, "the steps are there again")
    if SHOTS:
        page.wait_for_timeout(12_000)
    assert wrong == []
    assert serious(page) == []
    shoot(page, "light")
    page.emulate_media(color_scheme="dark")
    assert serious(page) == []
    shoot(page, "dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    shoot(page, "phone")
    page.set_viewport_size({"width": 1280, "height": 900})

    page.get_by_role("button", name="Stop now").click()
    page.get_by_role("button", name="Yes, stop").click()
    page.locator("#state", has_text="finished: stopped").wait_for(timeout=30_000)
    with page.context.expect_page() as opened:
        page.locator("#report").click()
    report = opened.value
    report_wrong = watched(report)
    report.reload()
    report.locator(".js-plotly-plot").first.wait_for()
    shoot(report, "report")

    assert wrong == []
    assert report_wrong == []
