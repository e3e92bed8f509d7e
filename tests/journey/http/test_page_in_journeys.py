"""Pages as journeys load them: as steps, in steps, and as the screen of their class shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from journey.http.misbehaving import Visitor
from journey.http.page_shop import PageShop, home_shop

from loadgen.journey import FastHttpUser, Shopper


@pytest.fixture
def shop() -> Iterator[PageShop]:
    with home_shop() as running:
        yield running


def run(stage: Any, shop: PageShop, journey: Callable[[Any], object]) -> str:
    stage.environment.host = shop.url
    how: str = stage.run(type("Loader", (Shopper,), {"journey": journey}))
    return how


def test_a_page_is_a_step_with_its_own_time(stage: Any, shop: PageShop) -> None:
    pages = []
    assert run(stage, shop, lambda shopper: pages.append(shopper.page("/", step="home"))) == "completed"
    tally = stage.tally()
    step = tally.steps["Loader", "home"]
    assert (step.entered, step.completed, step.time.count) == (1, 1, 1)
    assert step.time.max_us >= pages[0].time_s * 1e6
    assert {key.step for key in tally.series} == {"home"}
    assert tally.requests == tally.sent == len(shop.received) == 8


def test_a_page_in_a_step_belongs_to_it(stage: Any, shop: PageShop) -> None:
    def journey(shopper: Any) -> None:
        with shopper.step("browse"):
            shopper.page("/")
        shopper.page("/", name="again")

    assert run(stage, shop, journey) == "completed"
    assert {(key.step, key.name) for key in stage.tally().series if key.name in ("/", "again")} == {
        ("browse", "/"),
        ("", "again"),
    }


def test_a_page_can_be_a_must_and_hold_a_form(stage: Any, shop: PageShop) -> None:
    shop.put("/", '<form action="/buy"><input name=a value=1></form>')
    fields = []

    def journey(shopper: Any) -> None:
        fields.append(shopper.form(shopper.must(shopper.page("/")), "/buy").fields)
        with shopper.step("gone"):
            shopper.must(shopper.page("/gone"))

    assert run(stage, shop, journey) == "failed"
    assert fields == [{"a": "1"}]
    assert stage.tally().steps["Loader", "gone"].abandoned == {"error": 1}


def test_locustfiles_have_pages_too(stage: Any, shop: PageShop) -> None:
    stage.environment.host = shop.url
    seen = []

    def look(user: Any) -> None:
        seen.append(len(user.client.page("/", step="home").assets))
        seen.append([response.status_code for response in user.client.batch(["/", "/none"])])

    stage.run(type("Plain", (FastHttpUser,), {"tasks": [look]}))
    assert seen == [7, [200, 404]]
    assert stage.tally().steps["Plain", "home"].completed == 1


def test_a_page_outside_of_any_shopper_is_measured_by_itself(visit: Callable[..., Visitor], shop: PageShop) -> None:
    visitor: Any = visit(shop.url)
    visitor.loadgen_session = None
    assert len(visitor.client.page("/", step="home").assets) == 7


@pytest.mark.parametrize("attributes", [{"viewport": (0, 1)}, {"pixel_ratio": 0}, {"viewport": (1, 2, 3)}])
def test_a_screen_on_which_nothing_is_seen_is_refused(stage: Any, attributes: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="viewport"):
        stage.environment.new_user(type("Blind", (Shopper,), {"journey": print, **attributes}))


def test_the_screen_is_the_classes(stage: Any, shop: PageShop) -> None:
    shop.put("/", "<img srcset='/img/one.png 400w, /img/two.png 1400w'><img src=/lazy.png loading=lazy>")
    stage.environment.host = shop.url
    for attributes in ({"viewport": (390, 844)}, {"images_in_view": 1}):
        stage.run(type("Phone", (Shopper,), {"journey": lambda shopper: shopper.page("/"), **attributes}))
    assert sorted(shop.paths) == ["/", "/", "/img/one.png", "/img/two.png", "/lazy.png"]
