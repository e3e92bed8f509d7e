"""Every journey of the library in the real demo shop: what was recorded is what the shop counted, exactly."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import gevent
import pytest
from locust import FastHttpUser, HttpUser, TaskSet, constant, task

from loadgen.data import open_rows
from loadgen.data.cache import RowCache
from loadgen.journey.inspect import inspect
from loadgen.journey.load import load_dialect
from loadgen.journey.patience import tempers
from loadgen.journey.sources import Source
from loadgen.plan.data import DataSource
from loadgen.plan.inspection import journey_problems
from loadgen.plan.read import load_plan
from loadgen.stats import Tally

LIBRARY = Path(__file__).parents[2] / "journeys"
PLANS = sorted((LIBRARY / "plans").glob("*.yaml"))

STEPS = {
    "Browser": ["home", "category", "product", "search"],
    "GuestBuyer": ["home", "category", "product", "search", "add_to_cart", "checkout", "delivery", "payment"],
    "ReturningCustomer": [
        "home",
        "category",
        "product",
        "search",
        "add_to_cart",
        "login",
        "checkout",
        "delivery",
        "payment",
    ],
    "CartAbandoner": ["home", "category", "product", "search", "add_to_cart", "checkout"],
    "FlashSaleBuyer": ["home", "product", "add_to_cart", "checkout", "delivery", "payment"],
}


def assert_same_count(tally: Tally, stats: dict[str, Any]) -> None:
    assert stats["in_progress"] == stats["abandoned_total"] == 0
    assert tally.requests == tally.sent == stats["requests_total"] == stats["received_total"]


@pytest.mark.parametrize("name", STEPS)
def test_what_was_recorded_is_what_the_shop_counted(visit: Any, shop: Any, journeys: Any, name: str) -> None:
    tally = visit.all_of(journeys[name], 20)
    stats = shop.stats()
    assert_same_count(tally, stats)
    assert tally.failures == 0, tally.samples
    counts = tally.journeys[name]
    assert counts.started == counts.completed == stats["sessions"] == 20
    assert [step for _, step in tally.steps] == STEPS[name]
    assert all(counts.entered == counts.completed + counts.abandoned.total() for counts in tally.steps.values())
    assert tally.counters.get((name, "orders"), 0) == stats["orders"]
    assert tally.counters.get((name, "revenue_cents"), 0) == stats["revenue_cents"]
    assert len({key.name for key in tally.series}) <= 11


LONG = {"BrowsingReader", "ShoppingReader", "OrderingReader", "Crawler"}
"""Their visits have a hundred pages."""


def assert_same_business(tally: Tally, shop: Any) -> None:
    """What the journeys counted is what stands in the shop's order table, to the cent."""
    stats, counted = shop.stats(), Counter[str]()
    for (_, name), amount in tally.counters.items():
        counted[name] += amount
    assert counted["orders"] == stats["orders"] == len(shop.orders())
    assert counted["revenue_cents"] == stats["revenue_cents"] == sum(order["total_cents"] for order in shop.orders())
    assert counted["orders"] <= counted["checkouts"]


def test_each_journey_is_carried_out_as_the_shop_counts_it(shop: Any, make_visit: Any, journeys: Any) -> None:
    for name, user_class in journeys.items():
        shop.reset()
        shoppers = 2 if name in LONG else 12
        visit = make_visit(shop, seed=3, think_scale=0)
        tally = visit.all_of(user_class, shoppers)
        assert tally.failures == 0, (name, tally.samples)
        assert tally.journeys[name].completed == tally.counters[name, "visits"] == shoppers, name
        assert_same_count(tally, shop.stats())
        assert_same_business(tally, shop)
        assert len({key.name for key in tally.series}) <= 25, name


def test_buyers_buy_and_abandoners_leave_by_their_own_will(visit: Any, journeys: Any) -> None:
    assert visit.all_of(journeys["GuestBuyer"], 5).counters[("GuestBuyer", "orders")] == 5
    checkout = visit.all_of(journeys["CartAbandoner"], 5).steps[("CartAbandoner", "checkout")]
    assert (checkout.entered, checkout.abandoned) == (5, {"will": 5})


def test_the_library_makes_the_mix_that_the_shop_is_built_for(visit: Any, shop: Any, journeys: Any) -> None:
    mix = {"Browser": 60, "CartAbandoner": 10, "GuestBuyer": 20, "ReturningCustomer": 10}
    for name, shoppers in mix.items():
        visit.all_of(journeys[name], shoppers)
    routes = {route: sum(by_status.values()) for route, by_status in shop.stats()["by_route"].items()}
    assert routes["/"] == 100
    assert routes["/category/{slug}"] == 160
    assert routes["/cart"] + routes["/cart/add"] == 80
    assert routes["/checkout/payment"] == 60
    assert routes["/login"] == 20
    assert routes["/search"] == pytest.approx(70, abs=15)
    assert routes["/product/{slug}"] == pytest.approx(230, abs=15)


def test_the_last_piece_is_sold_once_and_the_others_find_it_sold_out(
    open_shop: Any, make_visit: Any, journeys: Any
) -> None:
    shop = open_shop("--stock", "3")
    visit = make_visit(shop, think_scale=0.05)
    rush = visit.all_of(journeys["FlashSaleBuyer"], 12)
    later = visit.all_of(journeys["FlashSaleBuyer"], 2)
    assert_same_count(Tally.merged([rush, later]), shop.stats())
    assert rush.counters[("FlashSaleBuyer", "orders")] == shop.stats()["orders"] == 3
    assert rush.counters[("FlashSaleBuyer", "sold_out")] == rush.steps[("FlashSaleBuyer", "payment")].abandoned["will"]
    assert later.steps[("FlashSaleBuyer", "product")].abandoned == {"will": 2}
    assert rush.failures == later.failures == 0
    assert rush.journeys["FlashSaleBuyer"].completed == 12


def test_a_shop_that_fails_at_the_payment_fails_the_buyers_there(
    open_shop: Any, make_visit: Any, journeys: Any
) -> None:
    shop = open_shop("--fault", "error:payment")
    tally = make_visit(shop, think_scale=0).all_of(journeys["GuestBuyer"], 4)
    assert_same_count(tally, shop.stats())
    assert tally.steps[("GuestBuyer", "delivery")].abandoned == {"error": 4}
    assert tally.journeys["GuestBuyer"].failed == 4
    assert {reason for series in tally.series.values() for reason in series.reasons} == {"status_5xx"}


def source(folder: Path, name: str, text: str) -> Source:
    """A plan's data of a CSV file."""
    file = folder / f"{name}.csv"
    file.write_text(text, encoding="utf-8")
    plan = DataSource(name=name, file=file.name)
    return Source(plan, open_rows(plan, file, 1, RowCache(folder)), 1)


def test_a_returning_customer_may_come_from_the_plans_data(
    shop: Any, make_visit: Any, journeys: Any, tmp_path: Path
) -> None:
    data = {"customers": source(tmp_path, "customers", "email,password\ncustomer0042@example.test,demo\n")}
    tally = make_visit(shop, think_scale=0, data=data).all_of(journeys["ReturningCustomer"], 2)
    assert tally.journeys["ReturningCustomer"].completed == 2
    assert {order["email"] for order in shop.orders()} == {"customer0042@example.test"}


def test_a_search_is_for_what_the_plans_data_say(
    shop: Any, make_visit: Any, journeys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journeys["Searcher"], "mistypes", 0)
    visit = make_visit(shop, think_scale=0, data={"terms": source(tmp_path, "terms", "term\nkettle\n")})
    asked = []
    visit.environment.events.request.add_listener(lambda response=None, **_: asked.append(response.url))
    visit.all_of(journeys["Searcher"], 2)
    searches = [url for url in asked if "/search" in url]
    assert searches
    assert all("q=kettle" in url for url in searches)


@pytest.mark.parametrize("now", [False, True])
@pytest.mark.parametrize("name", ["Browser", "GuestBuyer"])
def test_a_run_that_is_stopped_counts_as_the_shop_does(
    visit: Any, shop: Any, journeys: Any, name: str, now: bool
) -> None:
    visiting = [visit.spawn(journeys[name], arrival) for arrival in range(40)]
    gevent.sleep(0.05)
    for session, _ in visiting:
        session.stop(now)
    gevent.joinall([living for _, living in visiting], timeout=60, raise_error=True)
    tally = visit.recorder.take(0)
    assert tally.requests > 0
    assert_same_count(tally, shop.stats())


class Catalogue(TaskSet):
    wait_time = constant(0.001)

    @task(5)
    def shelf(self) -> None:
        self.client.get("/category/women")

    @task(3)
    def find(self) -> None:
        with self.client.get("/search", params={"q": "lamp"}, catch_response=True, name="search") as response:
            if "lamp" not in (response.text or "").lower():
                response.failure("no lamp")

    @task(1)
    def leave(self) -> None:
        self.interrupt()


class PlainUser(HttpUser):
    wait_time = constant(0.001)
    tasks = {Catalogue: 2}  # noqa: RUF012 - as a locustfile has it

    @task(1)
    def home(self) -> None:
        self.client.get("/")

    @task(1)
    def lost(self) -> None:
        self.client.get("/nowhere")


class PlainFastUser(FastHttpUser):
    wait_time = constant(0.001)
    tasks = {Catalogue: 2}  # noqa: RUF012 - as a locustfile has it

    def on_stop(self) -> None:
        self.client.get("/cart")


@pytest.mark.parametrize("user_class", [PlainUser, PlainFastUser])
@pytest.mark.parametrize("now", [False, True])
def test_plain_locustfiles_count_as_the_shop_does(visit: Any, shop: Any, user_class: Any, now: bool) -> None:
    sessions = [visit.session(user_class) for _ in range(10)]
    looping = [gevent.spawn(session.loop, visit.environment.new_user(user_class)) for session in sessions]
    arriving = [visit.spawn(user_class) for _ in range(10)]
    with gevent.Timeout(60):
        while shop.stats()["requests_total"] <= 60:
            gevent.sleep(0.01)
    for session in [*sessions, *(session for session, _ in arriving)]:
        session.stop(now)
    gevent.joinall([*looping, *(living for _, living in arriving)], timeout=60, raise_error=True)
    tally = visit.recorder.take(0)
    assert tally.requests > 50
    assert_same_count(tally, shop.stats())


def test_some_banks_want_to_see_their_customers_and_some_say_no(shop: Any, make_visit: Any, journeys: Any) -> None:
    dialect = load_dialect(LIBRARY / "dialects", "demo_banks.py")
    tally = make_visit(shop, seed=4, think_scale=0, dialect=dialect).all_of(journeys["GuestBuyer"], 60)
    proven = tally.steps["GuestBuyer", "3d_secure"]
    assert 60 * 0.15 < proven.entered < 60 * 0.45
    assert proven.abandoned.keys() <= {"will"}
    assert tally.failures == 0
    assert_same_count(tally, shop.stats())
    assert_same_business(tally, shop)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_plans_of_the_library_have_nothing_wrong_with_them(path: Path) -> None:
    loaded = load_plan(path)
    assert loaded.dialect_file is not None
    files = {str(file): inspect(str(file)) for file in [*(one.path for one in loaded.journeys), loaded.dialect_file]}
    assert journey_problems(loaded, files) == ()


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_orders_of_each_plan_are_those_of_the_shop(path: Path, shop: Any, make_visit: Any, journeys: Any) -> None:
    loaded = load_plan(path)
    plan = loaded.plan
    assert plan.thresholds
    assert plan.guards
    dialect = load_dialect(LIBRARY / "dialects", loaded.dialect_file.name)
    context = {"devices": plan.devices, "patience": tempers(plan.patience), "dialect": dialect}
    visit = make_visit(shop, seed=plan.seed, think_scale=0.02, **context)
    mixes = [plan.mix(stream) for stream in plan.load]
    visiting = [
        visit.spawn(journeys[name], (stream, arrival))[1]
        for stream, mix in enumerate(mixes)
        for name, share in mix.items()
        for arrival in range(1 if name in LONG else math.ceil(share * 30 / len(mixes)))
    ]
    gevent.joinall(visiting, timeout=60, raise_error=True)
    tally = visit.recorder.take(0)
    assert tally.failures == 0, tally.samples
    assert {name for name, _ in tally.steps} == set(plan.users)
    assert_same_count(tally, shop.stats())
    assert_same_business(tally, shop)
