"""What Prometheus and dashboards show when the leading coordinator is killed in mid-run and a standby takes over."""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace

import pytest
from cluster.harness import finish, reach, wait_until
from cluster.panels import DASHBOARDS, asked, plan_in, query_of
from cluster.prometheus import Prometheus
from cluster.scraping import coordinator

from loadgen.metrics import families

RUN_S = 16

SO_FAR = {
    "step-detail": ["Entered", "Completed", "Left"],
    "overview": ["Requests", "Visits", "Orders", "Revenue"],
}
"""Panels that show what counters have come to."""

SUFFIXES = {"counter": [""], "summary": ["_count", "_sum"], "histogram": ["_bucket", "_count", "_sum"]}


@pytest.fixture
def taken_over(cluster, tmp_path):
    """A run whose leader was killed, and a Prometheus that has scraped both coordinators throughout."""
    shop = cluster.shop()
    leader, leader_url = coordinator(cluster, "--lease", "2")
    cluster.nodes(2)
    _, standby_url = coordinator(cluster, "--lease", "2")
    prometheus = Prometheus(tmp_path / "prometheus", [leader_url, standby_url])
    try:
        prometheus.wait()
        follower = cluster.submit(plan_in(tmp_path, shop.url, RUN_S))
        reach(follower, 5)
        leader.kill()
        leader.wait()
        finish(follower)
        run = follower.record.run
        over = f'loadgen_run_state{{run="{run}", state="finished"}}'
        wait_until(lambda: prometheus.value(over) == 1, "Prometheus has seen the end")
        report = tmp_path / "report.json"
        cluster.call("report", run, "--json", str(report))
        seen = f'count by (instance) (last_over_time(loadgen_requests_total{{run="{run}"}}[5m]))'
        assert len(prometheus.values(seen)) == 2, "both have shown the run"
        yield SimpleNamespace(
            prometheus=prometheus,
            run=run,
            report=json.loads(report.read_text()),
            requests=[row.tally.requests for row in follower.stats.timeline()],
            since=follower.record.started_at - 1,
            until=follower.record.ended_at + 4,
        )
    finally:
        prometheus.stop()


def over_time(taken_over: SimpleNamespace, name: str, title: str, ref: str = "A") -> dict[tuple, dict[float, float]]:
    """What a panel drew, by the second."""
    query = asked(query_of(name, title, ref), taken_over.run)
    return taken_over.prometheus.drawn(query, taken_over.since, taken_over.until)


def test_no_counter_falls_and_nothing_is_counted_twice(taken_over: SimpleNamespace) -> None:
    assert_no_counter_fell(taken_over.prometheus, taken_over.run)
    assert_totals_rise_to_those_of_the_report(taken_over)
    assert_rates_were_never_added_up_over_both(taken_over)
    assert_nothing_is_marked_but_begin_and_end(taken_over)

    (fence,) = over_time(taken_over, "generator-health", "Queue and failovers", "B").values()
    assert max(fence.values()) > min(fence.values()), "a failover shows as such"
    leaders = over_time(taken_over, "generator-health", "Who leads")
    assert [max(drawn.values()) for drawn in leaders.values()] == [1, 1]


def assert_no_counter_fell(prometheus: Prometheus, run: str) -> None:
    """Neither one coordinator's series nor what dashboards make of those of both."""
    for family in families.OF_RUN:
        for suffix in SUFFIXES.get(family.kind, ()):
            series = f'{family.name}{suffix}{{run="{run}"}}'
            for counted in (f"{series}[5m]", f"(max without (instance, pod) ({series}))[5m:1s]"):
                assert not any(prometheus.values(f"resets({counted})").values()), counted


def assert_totals_rise_to_those_of_the_report(taken_over: SimpleNamespace) -> None:
    last = {}
    for name, titles in SO_FAR.items():
        for title in titles:
            (drawn,) = over_time(taken_over, name, title).values()
            values = list(drawn.values())
            assert values == sorted(values), f"{title} fell: {values}"
            last[title] = values[-1]
    business = taken_over.report["business"]["total"]
    assert last["Requests"] == taken_over.report["totals"]["requests"] == sum(taken_over.requests)
    assert (last["Visits"], last["Orders"]) == (business["visits"], business["orders"])
    assert round(last["Revenue"] * 100) == business["revenue_cents"]


def assert_rates_were_never_added_up_over_both(taken_over: SimpleNamespace) -> None:
    """They may dip while nobody leads: what was counted meanwhile is in the totals alone."""
    drawn = over_time(taken_over, "overview", "Requests per second")
    highest = max(max(numbers.values()) for numbers in drawn.values())
    true = max(sum(pair) / 2 for pair in itertools.pairwise(taken_over.requests))
    assert 0 < highest < 1.4 * true, (drawn, taken_over.requests)


def assert_nothing_is_marked_but_begin_and_end(taken_over: SimpleNamespace) -> None:
    """A coordinator that begins to show what another one showed is no news of the run."""
    marked = {}
    for event in DASHBOARDS["overview"]["annotations"]["list"]:
        query = asked(event["expr"], taken_over.run)
        for drawn in taken_over.prometheus.drawn(query, taken_over.since, taken_over.until).values():
            marked[event["name"]] = list(drawn)
    assert set(marked) == {"Run started", "Run stopped"}
    stopped = marked["Run stopped"]
    assert stopped == [stopped[0] + number for number in range(len(stopped))], "once"
