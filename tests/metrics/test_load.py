from __future__ import annotations

import math
from collections import Counter
from types import SimpleNamespace

import pytest

from loadgen.latency import Histogram
from loadgen.messages import RunState
from loadgen.stats import OTHER, ArrivalCounts, SecondRow, Tally

VISITS = {"stream": "visits", "model": "open"}
CREW = {"stream": "crew", "model": "closed"}


def _rows(make: SimpleNamespace, started: list[int], shoppers: int = 20, first: int = 0) -> list[SecondRow]:
    return [
        make.row(first + n, count, tally=Tally(shoppers=Counter({0: 2, 1: shoppers})), users_planned=20)
        for n, count in enumerate(started)
    ]


def test_arrivals_are_counted_by_stream_and_outcome(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run()))
    assert page.all("loadgen_arrivals_total") == {
        ("started", "visits"): 9,
        ("late", "visits"): 2,
        ("dropped", "visits"): 1,
        ("missed", "visits"): 3,
    }
    assert page.value("loadgen_arrivals_planned_total") == 13


def test_arrivals_of_a_stream_that_the_plan_does_not_have_are_counted_apart(make: SimpleNamespace) -> None:
    tally = Tally(arrivals={7: ArrivalCounts(started=1), 8: ArrivalCounts(started=2)})
    page = make.scrape(make.cluster(make.run([make.row(0, tally=tally)])))
    assert page.value("loadgen_arrivals_total", stream=OTHER, outcome="started") == 3


def test_the_lag_of_arrivals_is_of_ten_seconds_and_its_count_of_the_run(make: SimpleNamespace) -> None:
    def second(number: int, lag_us: int) -> SecondRow:
        lag = Histogram.of([lag_us] * 4)
        return make.row(number, tally=Tally(arrivals={0: ArrivalCounts(started=4, lag=lag)}))

    rows = [second(0, 400_000), *(second(number, 2_000) for number in range(1, 11))]
    page = make.scrape(make.cluster(make.run(rows)))
    assert page.value("loadgen_arrival_lag_seconds", stream="visits", quantile="0.999") == pytest.approx(
        0.002, rel=0.005
    )
    assert page.value("loadgen_arrival_lag_seconds_count", stream="visits") == 44
    assert page.value("loadgen_arrival_lag_seconds_sum", stream="visits") == pytest.approx(1.68)
    assert {stream for _, stream in page.all("loadgen_arrival_lag_seconds")} == {"visits"}, "closed streams have none"

    over = make.scrape(make.cluster(make.run(rows, state=RunState.FINISHED)))
    assert math.isnan(over.value("loadgen_arrival_lag_seconds", stream="visits", quantile="0.5"))
    assert over.value("loadgen_arrival_lag_seconds_count", stream="visits") == 44


def test_open_load_is_a_mean_over_the_last_five_seconds_planned_and_actual_alike(make: SimpleNamespace) -> None:
    # A ramp of 1/s²: the mean over [7, 12) is 9.5/s.
    page = make.scrape(make.cluster(make.run(_rows(make, [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 10, 11]))))
    assert page.value("loadgen_load_planned", **VISITS) == pytest.approx(9.5)
    assert page.value("loadgen_load_actual", **VISITS) == pytest.approx((7 + 9 + 10 + 10 + 11) / 5)


def test_in_the_first_seconds_the_mean_is_over_those_there_were(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.run(_rows(make, [0, 2]))))
    assert page.value("loadgen_load_planned", **VISITS) == pytest.approx(1.0)
    assert page.value("loadgen_load_actual", **VISITS) == 1.0


def test_closed_load_is_shoppers_at_the_end_of_the_last_second(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.run(_rows(make, [1, 1, 1], shoppers=17))))
    assert page.value("loadgen_load_planned", **CREW) == 20
    assert page.value("loadgen_load_actual", **CREW) == 17
    assert page.all("loadgen_shoppers") == {("visits",): 2, ("crew",): 17}


def test_a_jump_of_a_closed_stream_belongs_to_the_second_after_it(make: SimpleNamespace) -> None:
    steps = [{"constant": {"at": 5, "for": "2s"}}, {"constant": {"at": 50, "for": "8s"}}]
    plan = make.plan(load=[{"name": "crew", "model": "closed", "shape": steps}])
    planned = [
        make.scrape(make.cluster(make.run([make.row(second)], plan=plan))).value("loadgen_load_planned", **CREW)
        for second in range(4)
    ]
    assert planned == [5, 5, 50, 50]


def test_a_stopped_run_asks_for_nothing_while_it_drains(make: SimpleNamespace) -> None:
    rows = [*_rows(make, [5, 5]), make.row(2, tally=Tally(shoppers=Counter({0: 3})))]
    page = make.scrape(make.cluster(make.run(rows, state=RunState.DRAINING)))
    assert page.value("loadgen_load_planned", **VISITS) == 0
    assert page.value("loadgen_load_planned", **CREW) == 0
    assert page.value("loadgen_load_actual", **VISITS) == pytest.approx(10 / 3)
    assert page.value("loadgen_shoppers", stream="visits") == 3


def test_a_run_whose_last_loaded_second_was_just_sealed_still_asks_for_it(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.run(_rows(make, [99], first=99), state=RunState.DRAINING)))
    assert page.value("loadgen_load_planned", **VISITS) == pytest.approx(97.5)


@pytest.mark.parametrize("state", [RunState.PREPARING, RunState.RUNNING, RunState.FINISHED])
def test_there_is_no_load_before_the_first_second_nor_after_the_end(make: SimpleNamespace, state: RunState) -> None:
    rows = _rows(make, [5, 5]) if state is RunState.FINISHED else []
    page = make.scrape(make.cluster(make.run(rows, state=state)))
    for name in ("loadgen_load_planned", "loadgen_load_actual", "loadgen_shoppers"):
        assert set(page.all(name).values()) == {0}
