from __future__ import annotations

from types import SimpleNamespace

from loadgen.messages import WorkerTotals
from loadgen.metrics.health import WORKERS_MOST


def test_the_workers_that_reported_first_have_series_and_the_rest_are_counted(make: SimpleNamespace) -> None:
    names = [f"node-{number}" for number in range(WORKERS_MOST + 20)]
    totals = {name: WorkerTotals(worker=name, requests=1) for name in reversed(names)}
    page = make.scrape(make.cluster(make.run(totals=totals)))
    listed = {worker for (worker,) in page.all("loadgen_worker_requests_total")}
    assert listed == set(names[20:])
    assert page.value("loadgen_run_workers_unlisted") == 20


def test_the_age_of_a_workers_last_frame_can_be_told_until_it_has_left_the_run(make: SimpleNamespace) -> None:
    totals = {
        name: WorkerTotals(worker=name, last_second=last)
        for name, last in (("busy", 41), ("silent", 30), ("gone", 20), ("new", -1))
    }
    places = {"busy": "seated", "silent": "lost", "gone": "done", "new": "seated"}
    page = make.scrape(make.cluster(make.run(totals=totals, places=places)))
    assert page.all("loadgen_worker_last_frame_timestamp_seconds") == {("busy",): 1044.5, ("silent",): 1033.5}


def test_late_arrivals_are_counted_by_worker(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run()))
    assert page.value("loadgen_worker_late_arrivals_total", worker="node-1") == 2
