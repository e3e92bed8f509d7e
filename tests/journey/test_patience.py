"""Shoppers that will not wait for ever: they leave a slow step or reload it, and every request is counted once."""

from __future__ import annotations

import math
from collections import Counter
from statistics import NormalDist
from time import perf_counter
from typing import Any

import gevent
import pytest

from loadgen.journey import PlanContext, Shopper, constant, step
from loadgen.journey.dice import Dice
from loadgen.journey.http.client import Client
from loadgen.journey.http.patient import PatientClient
from loadgen.journey.patience import Impatience, Temper, device_of, impatience_of, tempers
from loadgen.plan.patience import Patience

HASTY = Patience(median=0.05, distribution="constant")


def impatient(stage: Any, *patience: Patience, **context: Any) -> None:
    stage.environment.context = PlanContext(patience=tempers(patience or (HASTY,)), **context)


class Waiter(Shopper):
    """Asks for what comes late."""

    think = constant(0)

    def journey(self) -> None:
        with self.step("home"):
            self.client.get("/")
        with self.step("product"):
            self.client.get("/held")
        self.count("orders")


def counted(tally: Any) -> Counter[str]:
    return sum((series.reasons for series in tally.series.values()), Counter())


def test_who_has_no_patience_left_leaves_the_step_for_slowness(stage: Any) -> None:
    impatient(stage)
    begun_s = perf_counter()
    assert stage.run(Waiter) == "completed"
    assert perf_counter() - begun_s < 5
    tally = stage.tally()
    assert tally.steps["Waiter", "home"].completed == 1
    slow = tally.steps["Waiter", "product"]
    assert (slow.entered, slow.completed, slow.abandoned) == (1, 0, {"slow": 1})
    assert counted(tally) == {"abandoned": 1}
    assert (tally.sent, tally.requests, tally.in_flight) == (2, 2, 0)
    assert not tally.counters
    (held,) = [series for key, series in tally.series.items() if key.name == "/held"]
    assert 0.049e6 <= held.service.max_us < 2e6
    assert stage.server.open_connections == 1  # the shopper has gone; the shop works on
    stage.server.gate.set()
    stage.until(lambda: stage.server.open_connections == 0)


def test_some_reload_and_then_leave(stage: Any) -> None:
    impatient(stage, HASTY.model_copy(update={"retry": 1.0, "retries": 2}))
    assert stage.run(Waiter) == "completed"
    tally = stage.tally()
    assert stage.server.received == ["/", "/held", "/held", "/held"]
    assert counted(tally) == {"abandoned": 3}
    assert tally.counters == {("Waiter", "reloads"): 2}
    assert tally.steps["Waiter", "product"].abandoned == {"slow": 1}
    assert (tally.sent, tally.in_flight) == (4, 0)


def test_a_reload_that_is_answered_goes_on(stage: Any) -> None:
    impatient(stage, HASTY.model_copy(update={"retry": 1.0, "retries": 20}))
    living = stage.spawn(stage.session(Waiter), Waiter)
    stage.until(lambda: stage.server.received.count("/held") == 2)
    stage.server.gate.set()
    assert living.get(timeout=10) == "completed"
    tally = stage.tally()
    assert tally.steps["Waiter", "product"].completed == 1
    assert tally.counters["Waiter", "orders"] == 1


def test_patience_is_for_all_requests_of_a_step_and_begins_anew_with_the_next(stage: Any) -> None:
    impatient(stage, Patience(median=0.5, distribution="constant"))

    class Walker(Shopper):
        def journey(self) -> None:
            for name in ("first", "second"):
                with self.step(name):
                    waiting = self.loadgen_session.impatience  # type: ignore[union-attr]
                    if waiting is not None:
                        assert waiting.left_s == 0.5
                    self.client.get("/")
                    left_s = self.loadgen_session.impatience.left_s  # type: ignore[union-attr]
                    gevent.sleep(0.001)  # thinking and computing is no waiting
                    self.client.get("/")
                    assert 0 < self.loadgen_session.impatience.left_s < left_s < 0.5  # type: ignore[union-attr]

    assert stage.run(Walker) == "completed"
    assert stage.tally().failures == 0


def test_a_decorated_step_is_abandoned_too(stage: Any) -> None:
    impatient(stage)

    class Payer(Shopper):
        def journey(self) -> None:
            self.pay()

        @step("payment")
        def pay(self) -> None:
            self.client.post("/held", {"card": "4111"}, catch_response=True)

    assert stage.run(Payer) == "completed"
    tally = stage.tally()
    assert tally.steps["Payer", "payment"].abandoned == {"slow": 1}
    assert (tally.sent, tally.requests, tally.in_flight) == (1, 1, 0)


def test_outside_of_steps_a_shopper_just_leaves(stage: Any) -> None:
    impatient(stage)

    class Stroller(Shopper):
        def journey(self) -> None:
            for _ in range(3):
                self.client.get("/")
            self.client.get("/held")

    assert stage.run(Stroller) == "completed"
    tally = stage.tally()
    assert (tally.requests, tally.failures, tally.steps) == (4, 1, {})


def test_a_batch_is_waited_for_as_a_whole_and_all_of_it_is_counted(stage: Any) -> None:
    impatient(stage)

    class Batcher(Shopper):
        def journey(self) -> None:
            with self.step("search"):
                self.batch([f"/held/{name}" for name in "abcdefghij"])

    assert stage.run(Batcher) == "completed"
    tally = stage.tally()
    assert tally.steps["Batcher", "search"].abandoned == {"slow": 1}
    assert counted(tally) == {"abandoned": 6}  # as many as a browser sends at once
    assert (tally.sent, tally.requests, tally.in_flight) == (6, 6, 0)


@pytest.mark.parametrize("step", ["home", None])
def test_a_page_is_waited_for_with_its_pictures(stage: Any, step: str | None) -> None:
    impatient(stage, HASTY.model_copy(update={"retry": 1.0}))

    class Looker(Shopper):
        def journey(self) -> None:
            if step:
                self.page("/pictures", step=step)
            with self.step("again"):
                self.page("/pictures")

    assert stage.run(Looker) == "completed"
    tally = stage.tally()
    assert tally.steps["Looker", step or "again"].abandoned == {"slow": 1}
    assert counted(tally) == {"abandoned": 12}  # six at once, twice
    assert (tally.sent, tally.requests, tally.in_flight) == (14, 14, 0)


def test_listeners_of_an_author_hear_of_what_was_abandoned(stage: Any) -> None:
    impatient(stage)
    heard: list[str] = []
    stage.environment.events.request.add_listener(lambda exception, **_: heard.append(str(exception)))
    assert stage.run(Waiter) == "completed"
    assert heard[0] == "None"
    assert "waits no longer" in heard[1]
    assert stage.tally().requests == 2


def test_who_loops_is_as_impatient_in_each_round(stage: Any) -> None:
    impatient(stage)
    session = stage.session(Waiter)
    living = stage.loop(session, Waiter)
    stage.until(lambda: stage.server.received.count("/held") >= 3)
    session.stop(now=True)
    living.get(timeout=10)
    tally = stage.tally()
    assert tally.journeys["Waiter"].completed >= 2
    assert tally.sent == tally.requests


def test_without_patience_in_the_plan_shoppers_have_the_plain_client(stage: Any) -> None:
    assert type(stage.environment.new_user(Waiter).client) is Client
    impatient(stage)
    assert type(stage.environment.new_user(Waiter).client) is PatientClient


def test_devices_have_their_shares_and_each_its_own_patience(stage: Any) -> None:
    patience = (Patience(median=2, device="mobile"), Patience(median=10, distribution="exponential"))
    plan = PlanContext(seed=7, devices={"mobile": 65, "desktop": 35}, patience=tempers(patience))
    drawn: dict[str, list[float]] = {"mobile": [], "desktop": []}
    for arrival in range(20_000):
        session = stage.session(Waiter, arrival=arrival)
        drawn[device_of(plan, session)].append(impatience_of(plan, session).patience_s)
    assert len(drawn["mobile"]) / 20_000 == pytest.approx(0.65, abs=0.01)
    fits = {"mobile": NormalDist(math.log(2), math.log(3) / 1.6448536), "desktop": None}
    for device, times in drawn.items():
        times.sort()
        normal = fits[device]
        for place in range(0, len(times), 50):
            time_s = times[place]
            cdf = normal.cdf(math.log(time_s)) if normal else 1 - 2 ** (-time_s / 10)
            assert abs(place / len(times) - cdf) < 1.628 / math.sqrt(len(times)) + 1 / len(times)


def test_what_a_shopper_does_counts_for_its_device(stage: Any) -> None:
    class Buyer(Shopper):
        def journey(self) -> None:
            with self.step("home"):
                self.client.get("/")
            self.count("orders")
            self.count("curiosities")
            with self.step("payment"):
                self.give_up("will")

    stage.environment.context = PlanContext(devices={"mobile": 1})
    stage.run(Buyer)
    tally = stage.tally()
    assert tally.counters == {("Buyer", "orders"): 1, ("Buyer", "curiosities"): 1}
    assert tally.devices == {
        ("Buyer", "mobile", "", "orders"): 1,
        ("Buyer", "mobile", "home", "entered"): 1,
        ("Buyer", "mobile", "home", "completed"): 1,
        ("Buyer", "mobile", "payment", "entered"): 1,
        ("Buyer", "mobile", "payment", "will"): 1,
    }


def test_without_devices_in_the_plan_nothing_is_told_apart_by_them(stage: Any) -> None:
    impatient(stage)
    stage.run(Waiter)
    assert not stage.tally().devices


def test_a_shopper_knows_its_device_and_keeps_it(stage: Any) -> None:
    seen: list[tuple[str, str]] = []

    class Holder(Shopper):
        def journey(self) -> None:
            seen.append((self.device, self.device))

    stage.run(Holder)
    stage.environment.context = PlanContext(devices={"mobile": 1, "desktop": 1})
    for arrival in [*range(20), *range(20)]:
        stage.spawn(stage.session(Holder, arrival=arrival), Holder).get(timeout=10)
    assert seen[0] == ("", "")
    assert seen[1:21] == seen[21:]
    assert {first for first, _ in seen[1:]} == {"mobile", "desktop"}
    assert all(first == second for first, second in seen)


def test_a_device_without_patience_of_its_own_or_for_all_waits_for_ever(stage: Any) -> None:
    plan = PlanContext(devices={"desktop": 1}, patience=tempers((Patience(median=2, device="mobile"),)))
    assert impatience_of(plan, stage.session(Waiter)).patience_s == math.inf


def test_reloads_have_the_probability_of_the_plan() -> None:
    temper = Temper.of(Patience(median=1, distribution="constant", retry=0.3, retries=20))
    waiting = Impatience(temper, Dice("reloads"))
    reloads = 0
    for _ in range(20_000):
        waiting.begin()
        reloads += waiting.reloads()
    assert reloads / 20_000 == pytest.approx(0.3, abs=0.01)
