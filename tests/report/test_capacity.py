from collections.abc import Callable
from typing import Any

import pytest

from loadgen.latency import Histogram
from loadgen.plan.model import Plan
from loadgen.report.capacity import capacity_of
from loadgen.report.summary import Capacity
from loadgen.stats import FAILED, OK, SecondRow, Series, SeriesKey, Tally

RAMP = [{"ramp": {"from": "0/s", "to": "100/s", "over": "100s"}}]
Latency = Callable[[int], float]


@pytest.fixture
def plan_with(plan: Plan) -> Callable[..., Plan]:
    def build(load: list[dict[str, Any]] | None = None, thresholds: tuple[str, ...] = ("p(95) < 1s",)) -> Plan:
        raw = plan.model_dump(mode="json")
        return Plan.model_validate({**raw, "load": load or [{"shape": RAMP}], "thresholds": list(thresholds)})

    return build


def rows_of(plan: Plan, latency_ms: Latency, failing: Callable[[int], float] = lambda _: 0.0) -> list[SecondRow]:
    """100 requests a second, all of the latency of that second, some failing."""
    rows = []
    for second in range(round(plan.duration)):
        failed = round(100 * failing(second))
        times = {OK: [round(latency_ms(second) * 1000)] * (100 - failed), FAILED: [1000] * failed}
        series = {
            SeriesKey("B", "home", "/", "GET", result): Series(Histogram.of(values))
            for result, values in times.items()
            if values
        }
        rows.append(SecondRow(second, planned=10, users_planned=second, tally=Tally(series=series), workers=1))
    return rows


def told(found: Capacity | None) -> Capacity:
    assert found is not None
    return found


def test_a_shop_within_its_limit_held_the_highest_load_planned(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with()
    capacity = told(capacity_of(plan, rows_of(plan, lambda _: 200)))
    assert (capacity.kind, capacity.unit, capacity.by) == ("held", "arrivals_per_s", "thresholds")
    assert capacity.level == pytest.approx(97.5)
    assert capacity.p95_s == pytest.approx(0.2, rel=0.005)


def test_the_limit_is_the_highest_load_before_it_slowed_down(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with()
    capacity = told(capacity_of(plan, rows_of(plan, lambda second: 200 if second < 60 else 3000)))
    assert (capacity.kind, capacity.broke_at_s) == ("broke", 60)
    assert capacity.level == pytest.approx(57.5)
    assert capacity.p95_s == pytest.approx(0.2, rel=0.005)
    assert capacity.after_p95_s == pytest.approx(3.0, rel=0.005)


def test_errors_are_a_limit_too(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with(thresholds=("error_rate < 1%",))
    capacity = told(capacity_of(plan, rows_of(plan, lambda _: 200, lambda second: 0.2 * (second >= 60))))
    assert (capacity.kind, capacity.broke_at_s, capacity.after_error_rate) == ("broke", 60, pytest.approx(0.2))


@pytest.mark.parametrize(
    ("what", "latency_ms"),
    [
        ("a cold start", lambda second: 3000 if second < 15 else 200),
        ("a hiccup", lambda second: 3000 if 40 <= second < 50 else 200),
        ("one slow window", lambda second: 3000 if 40 <= second < 45 else 200),
        ("a slow last window", lambda second: 3000 if second >= 95 else 200),
    ],
)
def test_what_the_shop_recovers_from_under_more_load_is_no_limit(
    plan_with: Callable[..., Plan], what: str, latency_ms: Latency
) -> None:
    plan = plan_with()
    assert told(capacity_of(plan, rows_of(plan, latency_ms))).kind == "held", what


def test_a_shop_that_was_too_slow_from_the_first_has_no_capacity(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with()
    capacity = told(capacity_of(plan, rows_of(plan, lambda _: 3000)))
    assert (capacity.kind, capacity.level, capacity.broke_at_s) == ("never_held", None, 0)


def test_without_thresholds_twice_the_early_latency_is_slow(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with(thresholds=())
    capacity = told(capacity_of(plan, rows_of(plan, lambda second: 200 if second < 70 else 450)))
    assert (capacity.kind, capacity.by, capacity.broke_at_s) == ("broke", "slowdown", 70)


def test_thresholds_that_say_nothing_of_slowness_do_not_decide(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with(thresholds=("rate(requests) > 1000/s",))
    assert told(capacity_of(plan, rows_of(plan, lambda _: 200))).by == "slowdown"


def test_a_sudden_spike_says_at_which_load_it_broke(plan_with: Callable[..., Plan]) -> None:
    shape = [
        {"constant": {"at": "10/s", "for": "50s"}},
        {"constant": {"at": "90/s", "for": "20s"}},
        {"constant": {"at": "10/s", "for": "30s"}},
    ]
    plan = plan_with([{"shape": shape}])
    capacity = told(capacity_of(plan, rows_of(plan, lambda second: 3000 if 50 <= second < 75 else 200)))
    assert (capacity.level, capacity.broke_level) == (pytest.approx(10), pytest.approx(90))


def test_a_closed_stream_counts_shoppers(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with([{"model": "closed", "shape": [{"ramp": {"from": 0, "to": 100, "over": "100s"}}]}])
    capacity = told(capacity_of(plan, rows_of(plan, lambda second: 200 if second < 60 else 3000)))
    assert (capacity.unit, capacity.level) == ("shoppers", pytest.approx(57.5))


def test_of_both_models_at_once_nothing_is_said(plan_with: Callable[..., Plan]) -> None:
    closed = {"model": "closed", "shape": [{"constant": {"at": 10, "for": "100s"}}]}
    plan = plan_with([{"shape": RAMP}, closed])
    assert capacity_of(plan, rows_of(plan, lambda _: 200)) is None


def test_of_a_short_run_nothing_is_said(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with()
    assert capacity_of(plan, rows_of(plan, lambda _: 200)[:15]) is None


def test_of_a_few_requests_nothing_is_said(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with(thresholds=("p(99.9) < 1s",))
    assert capacity_of(plan, rows_of(plan, lambda _: 200)) is None


def ended_at_60(rows: list[SecondRow]) -> list[SecondRow]:
    for row in rows[60:]:
        row.planned = row.users_planned = 0
    return rows


def test_a_shop_still_slow_with_the_last_shoppers_may_be_near_its_limit(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with()
    rows = ended_at_60(rows_of(plan, lambda second: 200 if second < 60 else 3000))
    capacity = told(capacity_of(plan, rows))
    assert (capacity.kind, capacity.level, capacity.broke_at_s) == ("broke_late", pytest.approx(57.5), 60)
    assert capacity.after_p95_s == pytest.approx(3.0, rel=0.005)


def test_a_few_slow_goodbyes_are_not_the_shops_limit(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with()
    busy = ended_at_60(rows_of(plan, lambda _: 200))[:60]
    few = ended_at_60(rows_of(plan, lambda _: 3000))[60:]
    for row in few:
        row.tally.series = {key: Series(Histogram.of([3_000_000] * 10)) for key in row.tally.series}
    assert told(capacity_of(plan, busy + few)).kind == "held"


def test_quick_goodbyes_leave_the_shop_praised(plan_with: Callable[..., Plan]) -> None:
    plan = plan_with()
    assert told(capacity_of(plan, ended_at_60(rows_of(plan, lambda _: 200)))).kind == "held"
