from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

from loadgen.latency import Histogram
from loadgen.metrics.words import BUSINESS_COUNTS
from loadgen.stats import StepCounts, Tally


def test_journeys_are_counted_by_what_became_of_them(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run()))
    assert page.value("loadgen_journeys_total", journey="Browser", outcome="started") == 6
    assert page.value("loadgen_journeys_total", journey="Browser", outcome="completed") == 4
    assert page.value("loadgen_journeys_total", journey="Browser", outcome="failed") == 1
    assert page.value("loadgen_journeys_total", journey="Buyer", outcome="started") == 0


def test_steps_make_a_funnel_with_those_who_gave_up_by_reason(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run()))
    assert page.all("loadgen_steps_total") == {
        ("Buyer", "entered", "payment"): 5,
        ("Buyer", "completed", "payment"): 3,
    }
    assert page.all("loadgen_abandonments_total") == {
        ("Buyer", "error", "payment"): 0,
        ("Buyer", "slow", "payment"): 2,
        ("Buyer", "will", "payment"): 0,
        ("Buyer", "other", "payment"): 0,
    }


def test_an_unknown_reason_to_give_up_counts_as_other(make: SimpleNamespace) -> None:
    tally = Tally(steps={("Buyer", "payment"): StepCounts(entered=3, abandoned=Counter(bored=3))})
    page = make.scrape(make.cluster(make.run([make.row(0, tally=tally)])))
    assert page.value("loadgen_abandonments_total", journey="Buyer", step="payment", reason="other") == 3


def test_what_journeys_count_themselves_is_passed_on(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run()))
    counted = {of: amount for of, amount in page.all("loadgen_business_total").items() if amount}
    assert counted == {("Buyer", "orders"): 3, ("Buyer", "revenue_cents"): 12345}


def test_what_shops_live_by_is_there_at_zero_for_every_journey(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.run(plan=make.plan(devices={"mobile": 1}))))
    zeros = {(journey, name): 0 for journey in ("Browser", "Buyer") for name in BUSINESS_COUNTS}
    assert page.all("loadgen_business_total") == zeros
    by_device = {("mobile", journey, name): 0 for journey, name in zeros}
    assert page.all("loadgen_device_business_total") == by_device


def test_the_times_of_a_step_are_a_histogram_too(make: SimpleNamespace) -> None:
    steps = {("Buyer", "cart"): StepCounts(entered=2, completed=2, time=Histogram.of([900_000, 1_500_000]))}
    page = make.scrape(make.cluster(make.run([make.row(0, tally=Tally(steps=steps))])))
    name, where = "loadgen_step_duration_seconds", {"journey": "Buyer", "step": "cart"}
    assert page.value(f"{name}_bucket", **where, le="1.048576") == 1
    assert page.value(f"{name}_count", **where) == 2
    assert page.value(f"{name}_sum", **where) == 2.4


def test_each_step_has_its_apdex_and_nan_while_nobody_is_through(make: SimpleNamespace) -> None:
    steps = {
        ("Buyer", "cart"): StepCounts(entered=2, completed=2, time=Histogram.of([900_000, 1_500_000])),
        ("Buyer", "payment"): StepCounts(entered=1),
    }
    page = make.scrape(make.cluster(make.run([make.row(0, tally=Tally(steps=steps))])))
    assert page.value("loadgen_step_apdex", journey="Buyer", step="cart") == 0.75
    assert math.isnan(page.value("loadgen_step_apdex", journey="Buyer", step="payment"))


def test_devices_are_shown_where_the_plan_names_them(make: SimpleNamespace) -> None:
    devices = Counter({("Buyer", "mobile", "", "orders"): 2, ("Buyer", "mobile", "payment", "slow"): 1})
    run = make.run([make.row(0, tally=Tally(devices=devices))])
    assert make.scrape(make.cluster(run)).all("loadgen_device_steps_total") == {}
    named = replace(run, plan=run.plan.model_copy(update={"devices": {"mobile": 1.0}}))
    page = make.scrape(make.cluster(named))
    where = {"journey": "Buyer", "device": "mobile"}
    assert page.value("loadgen_device_business_total", **where, name="orders") == 2
    assert page.value("loadgen_device_steps_total", **where, step="payment", outcome="slow") == 1
