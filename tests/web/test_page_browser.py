"""The live page in a browser, with a coordinator, a worker and a shop: runs are started, watched and stopped there."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cluster.harness import Cluster, Shop, wait_until
from web.browsing import SHOTS, Surfing

from loadgen.children import stop_child

JOURNEYS = Path(__file__).parents[2] / "journeys"


@dataclass(frozen=True)
class Stage:
    """What all tests here share: a cluster with a worker and a shop, and where its page is."""

    shop: Shop
    address: str


@pytest.fixture(scope="module")
def stage(redis_server, tmp_path_factory) -> Iterator[Stage]:
    """A coordinator with the page, a worker, and a shop."""
    import redis

    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    cluster = Cluster(tmp_path_factory.mktemp("stage"), redis_server.url)
    try:
        coordinator = cluster.start("coordinator", "--web", "0", "--web-plans", str(JOURNEYS), stdout=subprocess.PIPE)
        shop = cluster.shop()
        cluster.workers(1)
        yield Stage(shop, coordinator.stdout.readline().decode().removeprefix("page on ").strip())
    finally:
        for child in reversed(cluster.children):
            stop_child(child)
            if child.stdout is not None:
                child.stdout.close()
        cluster.bus.close()


def plan_of(shop: Shop) -> str:
    """The smoke plan, for an hour; a starved machine does not end it."""
    plan = (JOURNEYS / "plans" / "smoke.yaml").read_text().replace("http://127.0.0.1:8100", shop.url)
    return plan.replace("for: 15s", "for: 1h").replace("5s: stop", "30s: stop")


@pytest.mark.timeout(120)
def test_a_run_is_started_watched_and_stopped_in_the_browser(surfing: Surfing, stage: Stage):
    page, shop = surfing.page, stage.shop

    surfing.go(stage.address)
    page.get_by_label("A plan that lies with the server").select_option("plans/smoke.yaml")
    wait_until(lambda: "name: smoke" in page.get_by_label("The plan", exact=True).input_value(), "the plan is there")
    assert page.get_by_label("Folder").input_value() == "plans"
    page.get_by_label("The plan", exact=True).fill(plan_of(shop).replace("load:", "laod:"))
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("laod: unknown key (did you mean load?)").wait_for()
    page.get_by_label("The plan", exact=True).fill(plan_of(shop))
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("#state", has_text="running").wait_for(timeout=30_000)
    wait_until(lambda: surfing.figure("Requests") not in ("0/s", "–"), "requests are seen")
    seen = page.locator("#clock").inner_text()
    wait_until(lambda: page.locator("#clock").inner_text() != seen, "the clock moves")
    wait_until(lambda: page.locator("#steps tbody tr").count() >= 3, "steps are listed")

    page.reload()
    page.locator("#state", has_text="running").wait_for()
    wait_until(lambda: page.locator("#steps tbody tr").count() >= 3, "the steps are there again")
    if SHOTS:
        page.wait_for_timeout(12_000)
    surfing.assert_for_everyone("running")

    page.get_by_role("button", name="Stop now").click()
    page.get_by_role("button", name="Yes, stop").click()
    page.locator("#state", has_text="finished: stopped").wait_for(timeout=30_000)
    surfing.assert_for_everyone("ended")
    with page.context.expect_page() as opened:
        page.locator("#report").click()
    opened.value.locator(".js-plotly-plot").first.wait_for()
    assert opened.value.evaluate("origin") == "null"

    assert surfing.wrong == []


@pytest.mark.timeout(120)
def test_a_run_from_a_file_ends_by_the_emergency_stop(surfing: Surfing, stage: Stage, tmp_path):
    page, shop = surfing.page, stage.shop
    file = tmp_path / "mine.yaml"
    file.write_text(plan_of(shop))

    surfing.go(stage.address)
    page.get_by_label("A plan from a file").set_input_files(file)
    wait_until(lambda: shop.url in page.get_by_label("The plan", exact=True).input_value(), "the plan is there")
    page.get_by_label("Folder").fill("plans")
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("#state", has_text="running").wait_for(timeout=30_000)
    before = shop.stats()["requests_total"]
    wait_until(lambda: shop.stats()["requests_total"] > before, "shoppers come")

    page.get_by_role("button", name="Emergency stop").click()
    page.get_by_role("button", name="Yes, stop").click()
    pressed_at_s = time.monotonic()
    quiet: list[tuple[float, int]] = []

    def is_quiet() -> bool:
        now, served = time.monotonic(), shop.stats()["requests_total"]
        if not quiet or quiet[-1][1] != served:
            quiet.append((now, served))
        return now - quiet[-1][0] > 2

    wait_until(is_quiet, "the shop is left alone")
    assert quiet[-1][0] - pressed_at_s < 3
    page.locator("#state", has_text="finished: stopped").wait_for(timeout=30_000)
    assert surfing.wrong == []
