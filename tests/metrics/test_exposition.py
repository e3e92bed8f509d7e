from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from loadgen import __version__
from loadgen.messages import RunState
from loadgen.metrics import families

VERDICT = {"outcome": "passed", "thresholds": [{"text": "p(95) < 1s", "value": 0.5, "ok": True}]}
"""With it a run shows all there is: still under load, and judged already."""

ZERO_AT_THE_START = {
    "loadgen_frames_quarantined_total": {(): 0},
    "loadgen_arrivals_planned_total": {(): 0},
    "loadgen_arrivals_total": {(outcome, "visits"): 0 for outcome in ("started", "late", "dropped", "missed")},
    "loadgen_response_bytes_total": {(): 0},
    "loadgen_requests_renamed_total": {(): 0},
    "loadgen_request_latency_seconds_count": {(): 0},
    "loadgen_request_latency_seconds_sum": {(): 0},
    "loadgen_journeys_total": {
        (journey, outcome): 0
        for journey in ("Browser", "Buyer")
        for outcome in ("started", "completed", "failed", "interrupted")
    },
}


def test_there_is_nothing_to_see_before_the_first_snapshot(make: SimpleNamespace) -> None:
    assert make.scrape(None).text == ""


def test_a_standby_shows_only_that_it_does_not_lead_and_who_does(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run(), leading=False))
    assert set(page.families) == {"loadgen_cluster_info", "loadgen_leader", "loadgen_led_by_info"}
    assert page.value("loadgen_leader", coordinator="c1") == 0
    assert page.all("loadgen_led_by_info") == {("c1", "c2"): 1}
    assert page.value("loadgen_cluster_info", coordinator="c1", version=__version__) == 1


def test_a_leader_whose_lease_is_over_shows_that_it_stands_by(make: SimpleNamespace) -> None:
    snapshot = replace(make.cluster(make.busy_run()), leads_until_s=100.0)
    assert make.scrape(snapshot, now_s=99.9).value("loadgen_leader", coordinator="c1") == 1
    page = make.scrape(snapshot, now_s=100.0)
    assert set(page.families) == {"loadgen_cluster_info", "loadgen_leader", "loadgen_led_by_info"}
    assert page.value("loadgen_leader", coordinator="c1") == 0
    assert page.all("loadgen_led_by_info") == {}, "it cannot know who leads"


def test_a_leader_shows_itself_its_workers_and_its_queue(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster())
    assert page.value("loadgen_leader", coordinator="c1") == 1
    assert page.value("loadgen_leader_fence") == 7
    assert page.value("loadgen_runs_queued") == 1
    assert page.all("loadgen_workers") == {("idle",): 2, ("busy",): 3, ("leaving",): 0}


@pytest.mark.parametrize("state", [RunState.WAITING, RunState.RUNNING])
def test_counters_are_there_at_zero_before_the_first_second(make: SimpleNamespace, state: RunState) -> None:
    page = make.scrape(make.cluster(make.run(state=state, record={"started_at": None})))
    for name, expected in ZERO_AT_THE_START.items():
        assert page.all(name) == expected, name


def test_a_leader_without_a_run_names_every_family(make: SimpleNamespace) -> None:
    named = [line.split()[2] for line in make.scrape(make.cluster()).text.splitlines() if line.startswith("# TYPE")]
    assert named == [family.name for family in families.ALL]


def test_types_names_and_labels_are_those_of_the_table(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run(verdict=VERDICT)))
    for family in families.ALL:
        shown = page.families[family.stem if family.kind == "counter" else family.name]
        assert shown.type == ("gauge" if family.kind == "info" else family.kind)
        assert shown.documentation == family.text
        assert shown.samples, f"{family.name} has no sample in this test"
        extra = {"histogram": {"le"}, "summary": {"quantile"}}.get(family.kind, set())
        of_run = {"run"} if family in families.OF_RUN else set()
        assert {name for sample in shown.samples for name in sample.labels} == set(family.labels) | extra | of_run


def test_openmetrics_is_valid_and_says_the_same(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run(verdict=VERDICT)))
    found = {
        (sample.name, frozenset(sample.labels.items())): str(sample.value)
        for family in page.openmetrics_families
        for sample in family.samples
    }
    assert found == {(sample.name, frozenset(sample.labels.items())): str(sample.value) for sample in page}
    assert {family.name: family.type for family in page.openmetrics_families} == {
        family.stem: family.kind for family in families.ALL
    }


def test_what_a_run_is_called_is_told_once(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run()))
    assert page.value("loadgen_run_info", run="r1", plan="rehearsal", state="running", version=__version__) == 1


def test_several_runs_at_once_are_told_apart_by_their_label(make: SimpleNamespace) -> None:
    one = make.run([make.row(0, 3)])
    two = make.run([make.row(0, 5)], record={"run": "r2"})
    page = make.scrape(make.cluster(one, two))
    assert page.value("loadgen_arrivals_total", run="r1", stream="visits", outcome="started") == 3
    assert page.value("loadgen_arrivals_total", run="r2", stream="visits", outcome="started") == 5
    assert page.openmetrics_families


def test_a_run_that_waits_leaves_the_series_of_the_one_under_way_alone(make: SimpleNamespace) -> None:
    under_way = make.busy_run()
    waiting = make.run(state=RunState.WAITING, record={"run": "r2", "started_at": None})
    alone, beside = make.scrape(make.cluster(under_way)), make.scrape(make.cluster(under_way, waiting))
    assert len(beside.all("loadgen_run_info")) == 2
    other = [sample for sample in beside if sample.name != "loadgen_run_info"]
    assert str(other) == str([sample for sample in alone if sample.name != "loadgen_run_info"])


def test_only_the_generators_health_is_told_by_worker(make: SimpleNamespace) -> None:
    page = make.scrape(make.cluster(make.busy_run()))
    by_worker = {sample.name for sample in page if "worker" in sample.labels}
    assert by_worker == {
        "loadgen_worker_requests_total",
        "loadgen_worker_late_arrivals_total",
        "loadgen_worker_last_frame_timestamp_seconds",
        "loadgen_worker_cpu_max",
        "loadgen_worker_loop_lag_max_seconds",
        "loadgen_worker_coloured_seconds_total",
        "loadgen_worker_coloured_requests_total",
        "loadgen_worker_clock_error_max_seconds",
        "loadgen_worker_rss_max_bytes",
    }
    assert page.value("loadgen_worker_requests_total", worker="node-1") == 5
    assert page.value("loadgen_worker_cpu_max", worker="node-1") == 0.5
    assert page.value("loadgen_worker_loop_lag_max_seconds", worker="node-1") == 0.0025
    assert page.value("loadgen_worker_coloured_seconds_total", worker="node-1") == 1
    assert page.value("loadgen_worker_coloured_requests_total", worker="node-1") == 4
    assert page.value("loadgen_worker_rss_max_bytes", worker="node-1") == 99
    assert page.value("loadgen_run_workers_unlisted") == 0


def test_a_counter_never_falls_from_one_snapshot_to_the_next(make: SimpleNamespace) -> None:
    tallies = [make.busy_run().recent[0].tally for _ in range(4)]
    rows = [make.row(second, planned=2, tally=tally) for second, tally in enumerate(tallies)]
    before: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for upto in range(len(rows) + 1):
        page = make.scrape(make.cluster(make.run(rows[:upto])))
        rising = ("_total", "_count", "_sum", "_bucket")
        now = {(s.name, frozenset(s.labels.items())): s.value for s in page if s.name.endswith(rising)}
        assert all(now[series] >= value for series, value in before.items())
        before = now
