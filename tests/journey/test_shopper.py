"""What authors write with: steps, think times, giving up, counting, choosing, forms."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from locust import FastHttpUser, tag, task

from loadgen.journey import FastHttpUser as OurFastHttpUser
from loadgen.journey import JourneyEnvironment, PlanContext, Shopper, constant, step


def test_steps_are_measured_and_carried_by_their_requests(stage: Any) -> None:
    class Walker(Shopper):
        def journey(self) -> None:
            with self.step("home"):
                self.client.get("/")
                with self.step("inner"):
                    self.client.get("/inner")
                self.client.get("/again")
            self.client.get("/outside")
            self.pay("card")

        @step("payment")
        def pay(self, how: str) -> None:
            self.client.get(f"/pay/{how}")

    assert stage.run(Walker) == "completed"
    tally = stage.tally()
    assert {(key.step, key.name) for key in tally.series} == {
        ("home", "/"),
        ("inner", "/inner"),
        ("home", "/again"),
        ("", "/outside"),
        ("payment", "/pay/card"),
    }
    for name in ("home", "inner", "payment"):
        counts = tally.steps[("Walker", name)]
        assert (counts.entered, counts.completed, counts.abandoned.total()) == (1, 1, 0)
        assert counts.time.count == 1


def test_steps_work_on_plain_locust_users(stage: Any) -> None:
    class Plain(FastHttpUser):
        @task
        @step("look")
        def look(self) -> None:
            self.client.get("/")

    assert stage.run(Plain) == "completed"
    assert stage.tally().steps[("Plain", "look")].completed == 1


def test_an_error_in_a_step_abandons_it_and_fails_the_journey(stage: Any) -> None:
    class Broken(Shopper):
        def journey(self) -> None:
            with self.step("outer"), self.step("cart"):
                raise ValueError

    assert stage.run(Broken) == "failed"
    tally = stage.tally()
    assert tally.steps[("Broken", "cart")].abandoned == {"error": 1}
    assert tally.steps[("Broken", "outer")].abandoned == {"error": 1}


@pytest.mark.parametrize(("reason", "how"), [("will", "completed"), ("slow", "completed"), ("error", "failed")])
def test_giving_up_abandons_the_step_and_ends_the_journey(stage: Any, reason: str, how: str) -> None:
    errors: list[Any] = []
    stage.environment.events.user_error.add_listener(lambda **told: errors.append(told))

    class Leaver(Shopper):
        def journey(self) -> None:
            with self.step("cart"):
                self.give_up(reason)  # type: ignore[arg-type]
            self.client.get("/never")

    assert stage.run(Leaver) == how
    tally = stage.tally()
    assert tally.steps[("Leaver", "cart")].abandoned == {reason: 1}
    assert tally.requests == 0
    assert errors == []
    assert getattr(tally.journeys["Leaver"], how) == 1


def test_giving_up_for_an_unknown_reason_is_an_error(stage: Any) -> None:
    class Leaver(Shopper):
        def journey(self) -> None:
            self.give_up("bored")  # type: ignore[arg-type]

    session = stage.session(Leaver)
    stage.spawn(session, Leaver).get(timeout=10)
    assert "will" in str(session.error)


def test_a_failed_request_alone_ends_nothing_but_must_does(stage: Any) -> None:
    class Careful(Shopper):
        def journey(self) -> None:
            with self.step("browse"):
                self.client.get("/status/500")
                self.must(self.client.get("/fine"))
            with self.step("cart"):
                self.must(self.client.get("/status/404"))
            self.client.get("/never")

    assert stage.run(Careful) == "failed"
    tally = stage.tally()
    assert tally.steps[("Careful", "browse")].completed == 1
    assert tally.steps[("Careful", "cart")].abandoned == {"error": 1}
    assert stage.server.received == ["/status/500", "/fine", "/status/404"]


def test_must_refuses_an_answer_that_never_came(stage: Any) -> None:
    class Knocker(Shopper):
        def journey(self) -> None:
            self.must(self.client.get("/"))

    stage.environment.host = "http://127.0.0.1:1"
    assert stage.run(Knocker) == "failed"


def test_raise_for_status_fails_the_journey(stage: Any) -> None:
    class Strict(Shopper):
        def journey(self) -> None:
            with self.step("home"):
                self.client.get("/status/500").raise_for_status()

    assert stage.run(Strict) == "failed"
    assert stage.tally().steps[("Strict", "home")].abandoned == {"error": 1}


def test_a_shopper_ended_inside_a_step_has_neither_completed_nor_abandoned_it(stage: Any) -> None:
    class Thinker(Shopper):
        think = constant(3600)

        def journey(self) -> None:
            with self.step("home"):
                self.think_time()

    session = stage.session(Thinker)
    living = stage.spawn(session, Thinker)
    stage.until(lambda: session.step)
    session.stop(now=False)
    assert living.get(timeout=10) == "interrupted"
    counts = stage.tally().steps[("Thinker", "home")]
    assert (counts.entered, counts.completed, counts.abandoned) == (1, 0, {})


def test_think_times_are_scaled_by_the_plan(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("loadgen.journey.shopper.gevent.sleep", slept.append)

    class Thinker(Shopper):
        think = constant(3)

        def journey(self) -> None:
            self.think_time()
            self.think_time(constant(1))

    stage.environment.context = PlanContext(think_scale=0.5)
    Thinker.host = "http://127.0.0.1:1"
    thinker = Thinker(stage.environment)
    thinker.journey()
    assert slept == [1.5, 0.5]


def test_choices_are_the_same_for_the_same_seed_and_arrival(stage: Any) -> None:
    chosen: list[list[int]] = []

    class Chooser(Shopper):
        def journey(self) -> None:
            chosen.append([self.pick(range(1000)), self.rng.randint(0, 1000), self.chance(0.5)])

    for seed, arrival in ((7, 1), (7, 1), (7, 2), (8, 1)):
        stage.environment.context = PlanContext(seed=seed)
        stage.spawn(stage.session(Chooser, arrival=arrival), Chooser).get(timeout=10)
    assert chosen[0] == chosen[1]
    assert chosen[0] != chosen[2]
    assert chosen[0] != chosen[3]


def test_business_counters_add_up(stage: Any) -> None:
    class Buyer(Shopper):
        def journey(self) -> None:
            self.count("orders")
            self.count("revenue_cents", 995)

    stage.run(Buyer)
    stage.run(Buyer)
    assert stage.tally().counters == {("Buyer", "orders"): 2, ("Buyer", "revenue_cents"): 1990}


def test_a_form_is_found_by_its_action(stage: Any) -> None:
    fields: list[Any] = []

    class Filler(Shopper):
        def journey(self) -> None:
            page = self.client.get("/form")
            fields.extend([self.form(page, "/buy").fields, self.form(page).action])
            self.form(page, "/sell")

    assert stage.run(Filler) == "failed"
    assert fields == [{"csrf": "t0k"}, "/buy"]
    assert "has no form for /sell" in stage.tally().samples[0].text


def test_a_shopper_without_a_journey_says_so(stage: Any) -> None:
    class Empty(Shopper):
        pass

    assert stage.run(Empty) == "failed"
    assert "Empty has no journey()" in stage.tally().samples[0].text


def test_a_shopper_runs_under_locust_alone_too(stage: Any) -> None:
    class Alone(Shopper):
        think = constant(0)

        def journey(self) -> None:
            with self.step("home"):
                self.client.get("/alone")
            self.count("visits")
            self.pick([1])
            self.think_time()

    user = stage.environment.new_user(Alone)
    living = gevent.spawn(user.run)
    stage.until(lambda: stage.server.answered >= 2)
    living.kill(timeout=10)
    assert stage.tally().journeys == {}


def test_data_of_the_plan_is_at_hand() -> None:
    environment = JourneyEnvironment(PlanContext(data={"customers": [{"email": "a@b"}]}))
    assert environment.context.data["customers"][0]["email"] == "a@b"
    assert environment.think_scale == 1.0


def test_fast_http_user_has_the_settings_of_locusts_class() -> None:
    settings = {name for name, value in vars(FastHttpUser).items() if not name.startswith("_") and not callable(value)}
    assert settings - {"rest", "rest_"} <= set(dir(OurFastHttpUser))
    assert issubclass(Shopper, OurFastHttpUser)


def test_a_shopper_with_tasks_is_refused_when_it_is_defined() -> None:
    with pytest.raises(TypeError, match="Mixed is a Shopper"):

        class Mixed(Shopper):
            @task
            def look(self) -> None: ...


def test_tags_choose_among_shoppers_class_by_class(stage: Any) -> None:
    @tag("buy")
    class Buyer(Shopper):
        def journey(self) -> None: ...

    class Looker(Shopper):
        def journey(self) -> None: ...

    stage.environment.user_classes = [Buyer, Looker]
    stage.environment.tags = ["buy"]
    stage.environment._filter_tasks_by_tags()
    assert len(Buyer.tasks) == 1
    assert Looker.tasks == []


def test_all_shoppers_share_the_certificates_of_the_authorities(stage: Any) -> None:
    class Secure(Shopper):
        def journey(self) -> None: ...

    first, second = (stage.environment.new_user(Secure).client for _ in range(2))
    assert first.settings is second.settings
    assert first._connections._dialer is second._connections._dialer
    assert first.settings.tls.verify
