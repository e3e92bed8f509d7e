"""A run by device: parts of the same counts."""

from __future__ import annotations

from collections import Counter
from io import StringIO

import pytest
from rich.console import Console

from loadgen.messages.record import RunRecord, RunState
from loadgen.plan.model import Plan
from loadgen.report.html import render_html
from loadgen.report.summarise import summarise
from loadgen.report.summary import Summary
from loadgen.report.terminal import print_summary
from loadgen.stats import RunStats, SecondRow, StepCounts, Tally

PAYMENT = ("GuestBuyer", "payment")


def counts() -> Tally:
    return Tally(
        steps={PAYMENT: StepCounts(entered=5, completed=3, abandoned=Counter(slow=2))},
        counters=Counter({("GuestBuyer", "visits"): 10, ("GuestBuyer", "orders"): 3}),
        devices=Counter(
            {
                ("GuestBuyer", "desktop", "", "visits"): 4,
                ("GuestBuyer", "desktop", "", "orders"): 2,
                ("GuestBuyer", "mobile", "", "visits"): 6,
                ("GuestBuyer", "mobile", "", "orders"): 1,
                ("GuestBuyer", "desktop", "payment", "entered"): 2,
                ("GuestBuyer", "desktop", "payment", "completed"): 2,
                ("GuestBuyer", "mobile", "payment", "entered"): 3,
                ("GuestBuyer", "mobile", "payment", "completed"): 1,
                ("GuestBuyer", "mobile", "payment", "slow"): 2,
            }
        ),
    )


def told(plan: Plan, **devices: float) -> Summary:
    stats = RunStats()
    stats.add(SecondRow(0, tally=counts()))
    record = RunRecord(run="r", name=plan.name, state=RunState.RUNNING, submitted_at=0.0, started_at=0.0)
    return summarise(record, plan.model_copy(update={"devices": devices}), stats)


@pytest.fixture
def by_device(plan: Plan) -> Summary:
    return told(plan, mobile=65, desktop=35)


def test_each_journey_is_told_apart_by_device_in_the_order_of_the_plan(by_device: Summary) -> None:
    mobile, desktop = by_device.devices
    assert (mobile.journey, mobile.device, desktop.device) == ("GuestBuyer", "mobile", "desktop")
    assert (mobile.business.visits, desktop.business.conversion) == (6, 0.5)
    (payment,) = mobile.steps
    assert (payment.entered, payment.completed, payment.abandoned) == (3, 1, {"slow": 2})


def test_the_devices_add_up_to_the_whole(by_device: Summary) -> None:
    assert by_device.business is not None
    by_name = by_device.business.by_device
    assert list(by_name) == ["mobile", "desktop"]
    assert sum(of.orders for of in by_name.values()) == by_device.business.total.orders
    assert sum(part.steps[0].entered for part in by_device.devices) == by_device.steps[0].entered


def test_a_plan_without_devices_has_no_such_part(plan: Plan) -> None:
    summary = told(plan)
    assert summary.devices == ()
    assert summary.business is not None
    assert summary.business.by_device == {}
    assert 'id="devices"' not in render_html(summary)


def test_people_find_the_devices_in_the_terminal_and_on_the_page(by_device: Summary) -> None:
    written = StringIO()
    print_summary(by_device, Console(file=written, width=100))
    assert "on mobile" in written.getvalue()
    page = render_html(by_device)
    assert 'id="devices"' in page
    assert 'id="device-steps"' in page
