"""A shopper that leaves in the middle of a page sends nothing more; what was answered is recorded, nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent.event import Event
from journey.http.far_ends import until
from journey.http.misbehaving import Visitor, counts
from journey.http.page_shop import PageShop, page_shop
from locust.exception import StopUser

from loadgen.journey import Shopper
from loadgen.journey.leaving import ShopperGone

Visit = Callable[..., Visitor]


@pytest.fixture
def shop() -> Iterator[PageShop]:
    """A page of twenty pictures that wait for the gate."""
    with page_shop() as running:
        running.put("/", "".join(f"<img src=/{n}.png>" for n in range(20)))
        for n in range(20):
            running.put(f"/{n}.png", "x")
            running.held.add(f"/{n}.png")
        yield running


def live(
    stage: Any, shop: PageShop, journey: Callable[[Any], object], **attributes: Any
) -> tuple[Any, gevent.Greenlet]:
    stage.environment.host = shop.url
    user_class = type("Stopped", (Shopper,), {"journey": journey, **attributes})
    session = stage.session(user_class)
    return session, stage.spawn(session, user_class)


def spawned_in(body: Callable[[], object]) -> list[gevent.Greenlet]:
    """The greenlets that were spawned meanwhile."""
    spawned: list[gevent.Greenlet] = []
    gevent.Greenlet.add_spawn_callback(spawned.append)
    try:
        body()
    finally:
        gevent.Greenlet.remove_spawn_callback(spawned.append)
    return spawned


def test_assets_on_the_wire_are_recorded_in_their_step_and_nothing_follows(stage: Any, shop: PageShop) -> None:
    session, living = live(stage, shop, lambda shopper: shopper.page("/", step="home"))
    until(lambda: len(shop.received) == 7)
    session.stop(now=True)
    shop.gate.set()
    assert living.get(timeout=10) == "interrupted"
    gevent.sleep(0.01)
    assert len(shop.received) == 7
    tally = stage.tally()
    assert (counts(tally), tally.sent, tally.in_flight) == ({"": 7}, 7, 0)
    assert {key.step for key in tally.series} == {"home"}
    assert (tally.steps["Stopped", "home"].entered, tally.steps["Stopped", "home"].completed) == (1, 0)
    until(lambda: shop.open == 0)


def test_a_page_ends_before_the_shopper_leaves_at_its_leisure(stage: Any, shop: PageShop) -> None:
    session, living = live(stage, shop, lambda shopper: shopper.page("/", step="home"))
    until(lambda: len(shop.received) == 7)
    session.stop(now=False)
    shop.gate.set()
    assert living.get(timeout=10) == "completed"
    assert counts(stage.tally()) == {"": 21}


def test_a_stop_while_the_page_itself_is_on_its_way_leaves_it_without_assets(stage: Any, shop: PageShop) -> None:
    shop.held = {"/"}
    session, living = live(stage, shop, lambda shopper: shopper.page("/"))
    until(lambda: shop.received)
    session.stop(now=True)
    shop.gate.set()
    assert living.get(timeout=10) == "interrupted"
    assert (shop.paths, counts(stage.tally())) == (["/"], {"": 1})


def test_a_page_in_a_greenlet_of_the_authors_stops_with_its_shopper(stage: Any, shop: PageShop) -> None:
    loading: list[gevent.Greenlet] = []

    def journey(shopper: Any) -> None:
        loading.append(gevent.spawn(shopper.page, "/"))
        gevent.sleep(60)

    session, living = live(stage, shop, journey)
    until(lambda: len(shop.received) == 7)
    session.stop(now=True)
    shop.gate.set()
    assert living.get(timeout=10) == "interrupted"
    until(lambda: loading[0].dead)
    assert isinstance(loading[0].value, ShopperGone)
    assert counts(stage.tally()) == {"": 7}


def test_helpers_that_wait_for_a_place_do_not_keep_the_shopper(stage: Any, shop: PageShop) -> None:
    """All but one place are taken by streams that nobody reads."""
    shop.held = {"/0.png"}
    unread: list[Any] = []

    def journey(shopper: Any) -> None:
        unread.extend(shopper.client.get("/big", stream=True) for _ in range(4))
        shopper.page("/")

    shop.put("/big", b"x" * 3_000_000)
    session, living = live(stage, shop, journey, concurrency=5)
    until(lambda: "/0.png" in shop.paths)
    gevent.sleep(0.01)
    session.stop(now=True)
    shop.gate.set()
    assert living.get(timeout=10) == "interrupted"
    assert len(unread) == 4
    assert stage.tally().in_flight == 0
    until(lambda: shop.open == 0)


def test_a_shopper_that_is_killed_takes_its_page_along(stage: Any, shop: PageShop) -> None:
    def body() -> None:
        _, living = live(stage, shop, lambda shopper: shopper.page("/"))
        until(lambda: len(shop.received) == 7)
        living.kill(timeout=10)
        until(lambda: living.dead)

    spawned = spawned_in(body)
    shop.gate.set()
    until(lambda: shop.open == 0)
    until(lambda: all(greenlet.dead for greenlet in spawned if "serve" not in repr(greenlet)))
    tally = stage.tally()
    assert (tally.sent, tally.requests, tally.in_flight) == (7, 1, 0)
    assert len(shop.received) == 7


def test_a_timeout_of_the_authors_ends_the_page_and_not_the_shopper(stage: Any, shop: PageShop) -> None:
    seen: list[object] = []

    def journey(shopper: Any) -> None:
        with gevent.Timeout(0.05, exception=False):
            shopper.page("/")
            seen.append("all of it")
        seen.append(shopper.client.get("/none").status_code)

    _, living = live(stage, shop, journey)
    assert living.get(timeout=10) == "completed"
    assert seen == [404]
    assert len(shop.received) == 8
    assert counts(stage.tally()) == {"": 1, "status_4xx": 1}


def test_a_listener_that_ends_its_user_does_so_when_the_page_is_there(stage: Any, shop: PageShop) -> None:
    shop.held.clear()

    def end(name: str, **_: Any) -> None:
        if name == "/{file}.png":
            raise StopUser

    stage.environment.events.request.add_listener(end)
    _, living = live(stage, shop, lambda shopper: shopper.page("/"))
    assert living.get(timeout=10) == "completed"
    assert counts(stage.tally()) == {"": 21}


def test_what_a_listener_raises_reaches_the_journey_when_all_has_ended(visit: Visit, shop: PageShop) -> None:
    shop.held.clear()
    visitor = visit(shop.url)
    gate = Event()

    def fail(response: Any, **_: Any) -> None:
        gate.wait(0.001)
        if response.url.endswith(("/3.png", "/7.png")):
            raise StopUser(response.url)

    visitor.events.request.add_listener(fail)
    with pytest.raises(StopUser, match=r"/3\.png"):
        visitor.client.page("/")
    assert len(shop.received) == 21
    assert visitor.counted() == {"": 21}


def test_pages_of_many_shoppers_leave_nothing_behind(stage: Any, shop: PageShop) -> None:
    shop.held.clear()
    stage.environment.host = shop.url
    user_class = type("Many", (Shopper,), {"journey": lambda shopper: [shopper.page("/") for _ in range(3)]})

    def body() -> None:
        living = [stage.spawn(stage.session(user_class), user_class) for _ in range(20)]
        gevent.joinall(living, timeout=30, raise_error=True)

    spawned = spawned_in(body)
    until(lambda: all(greenlet.dead for greenlet in spawned if "serve" not in repr(greenlet)))
    until(lambda: shop.open == 0)
    tally = stage.tally()
    assert tally.requests == tally.sent == len(shop.received) == 20 * (3 + 3 * 20)
    assert tally.in_flight == 0
