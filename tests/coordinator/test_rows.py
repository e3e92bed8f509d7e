"""The leader opens a run's rows before it starts, and frees those of workers that are gone for good."""

from __future__ import annotations

import pytest

from loadgen.bus import ClusterBus, RunBus
from loadgen.bus.rows import Dealt, RowsBus
from loadgen.coordinator.rows import REST_S, RowKeeper
from loadgen.messages import RunSpec, WorkerInfo
from loadgen.plan.model import Plan

RUN, FENCE = "r-1", 7


def plan(**source) -> Plan:
    return Plan.model_validate(
        {
            "name": "demo",
            "target": {"base_url": "http://127.0.0.1:1"},
            "journeys": [{"file": "browse.py", "user": "Browser"}],
            "load": [{"shape": {"constant": {"at": "10/s", "for": "10s"}}}],
            "data": [{"name": "accounts", "file": "a.csv"} | source],
        }
    )


@pytest.fixture
def cluster(bus) -> ClusterBus:
    cluster = ClusterBus(bus)
    cluster.submit(RunSpec(run=RUN, plan="{}", submitted_at=1.0, files={}, digest="0" * 64, code="installed"), b"")
    RunBus(bus, RUN).claim(FENCE)
    for worker in ("a", "b"):
        cluster.beat(WorkerInfo(worker=worker, node="n", pid=1, loadgen="0"), 60)
    return cluster


@pytest.fixture
def rows(bus, cluster) -> RowsBus:  # noqa: ARG001 -- the run must be there
    return RowsBus(bus, RUN)


def take(rows, worker="b"):
    return rows.take("accounts", worker, 1, unique=True, again=True).dealt


def test_rows_are_open_before_the_run_starts_and_never_opened_again(bus, rows):
    keeper = RowKeeper(bus, RUN, plan(access="unique"))
    keeper.look(FENCE, 100.0, {"a"}, started=True)
    assert take(rows) is Dealt.FORGOTTEN

    RowKeeper(bus, RUN, plan(access="unique")).look(FENCE, 100.0, {"a"}, started=False)
    assert take(rows) is Dealt.SOME


def test_plans_without_such_data_open_nothing(bus, rows):
    RowKeeper(bus, RUN, plan()).look(FENCE, 100.0, {"a"}, started=False)

    assert take(rows) is Dealt.FORGOTTEN


@pytest.mark.parametrize(("exhausted", "then"), [("recycle", Dealt.SOME), ("fail", Dealt.NONE_LEFT)])
def test_rows_of_a_worker_that_left_the_list_are_free_after_a_rest(bus, cluster, rows, exhausted, then):
    keeper = RowKeeper(bus, RUN, plan(access="unique", exhausted=exhausted))
    keeper.look(FENCE, 100.0, {"a", "b"}, started=False)
    take(rows, "a")
    cluster.leave("a")

    keeper.look(FENCE, 102.0, {"b"}, started=True)
    keeper.look(FENCE, 102.0 + REST_S - 0.5, {"b"}, started=True)
    assert take(rows) is Dealt.NONE_LEFT
    keeper.look(FENCE, 102.0 + REST_S + 1, {"b"}, started=True)
    assert take(rows) is then
    assert take(rows, "a") is Dealt.TAKEN_AWAY


def test_rows_of_a_worker_that_redis_only_forgot_stay_its_own(bus, rows):
    keeper = RowKeeper(bus, RUN, plan(access="unique"))
    keeper.look(FENCE, 100.0, {"a"}, started=False)
    take(rows, "a")
    for now_s in (102.0, 110.0, 120.0):
        keeper.look(FENCE, now_s, set(), started=True)

    assert rows.holders() == {"a"}
