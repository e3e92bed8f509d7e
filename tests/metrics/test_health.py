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
