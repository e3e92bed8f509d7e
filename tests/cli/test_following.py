"""Following a run from outside, and putting one into the queue."""

from __future__ import annotations

import getpass
import json
from random import Random

import pytest
from click.testing import CliRunner
from drawn import a_tally

from loadgen.bus import ClusterBus, Papers, RunBus, Sealing, following, keys
from loadgen.bus.following import Follower
from loadgen.cli.status import status
from loadgen.cli.submission import check_target, host_of, submit
from loadgen.errors import BusError, NotFoundError, PlanError, TargetError, WorkersError
from loadgen.messages import RunRecord, RunState, WorkerInfo, WorkerTotals
from loadgen.plan.bundle import Bundle
from loadgen.plan.model import Plan
from loadgen.plan.read import LoadedPlan, load_plan
from loadgen.stats import SecondRow

PLAN = """\
name: Sales-Day.2
target: {base_url: "http://127.0.0.1:1"}
journeys: [{file: browse.py, user: Browser}]
load: [{shape: {constant: {at: 5/s, for: 10s}}}]
"""


@pytest.fixture
def loaded(tmp_path) -> LoadedPlan:
    (tmp_path / "plan.yaml").write_text(PLAN)
    (tmp_path / "browse.py").write_text("import shop\n")
    (tmp_path / "shop.py").write_text("")
    return load_plan(tmp_path / "plan.yaml")


@pytest.fixture
def run(bus, loaded) -> RunBus:
    """A run in the queue that a leader has claimed."""
    run = RunBus(bus, submit(bus, loaded, b"").run)
    run.claim(1)
    return run


@pytest.fixture
def follower(bus, run) -> Follower:
    return Follower(bus, run.run)


def row(second: int) -> SecondRow:
    return SecondRow(second, planned=5, tally=a_tally(Random(second)), workers=1)


def record(run: RunBus, state: RunState, **more) -> RunRecord:
    written = RunRecord(run=run.run, name="demo", submitted_at=1.0, state=state, **more)
    run.write_record(1, written)
    return written


def aimed_at(url: str) -> Plan:
    return Plan.model_validate(
        {
            "name": "demo",
            "target": {"base_url": url},
            "journeys": [{"file": "browse.py", "user": "Browser"}],
            "load": [{"shape": {"constant": {"at": "5/s", "for": "1s"}}}],
        }
    )


# -- submitting


def test_a_run_without_a_key_names_what_must_be_installed(bus, loaded):
    spec = submit(bus, loaded, b"")
    run = RunBus(bus, spec.run)

    assert run.spec() == spec
    assert (spec.code, spec.signature, run.code()) == ("installed", "", b"")
    assert spec.files.keys() == {"browse.py", "shop.py"}
    assert ClusterBus(bus).queued() == [spec.run]
    assert spec.read_plan().name == "Sales-Day.2"


def test_a_run_with_a_key_ships_its_code_signed(bus, loaded):
    spec = submit(bus, loaded, b"key")

    assert spec.is_signed_with(b"key")
    assert spec.code == "shipped"
    assert Bundle.unpack(RunBus(bus, spec.run).code()).digest == spec.digest


def test_a_run_s_id_is_a_readable_name_and_never_the_same(bus, loaded):
    ids = {submit(bus, loaded, b"").run for _ in range(5)}

    assert len(ids) == 5
    assert all(run.startswith("sales-day-2-") for run in ids)


def test_a_user_without_a_name_can_submit(bus, loaded, monkeypatch):
    def nobody():
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr(getpass, "getuser", nobody)

    assert submit(bus, loaded, b"").submitter.partition("@")[0].isdigit()


def test_files_deep_in_a_folder_can_be_submitted(bus, tmp_path):
    deep = "/".join(["a" * 60] * 6)
    (tmp_path / deep).mkdir(parents=True)
    (tmp_path / deep / "browse.py").write_text("")
    (tmp_path / "other.py").write_text("")
    journeys = f"[{{file: {deep}/browse.py, user: Browser}}, {{file: other.py, user: Other}}]"
    (tmp_path / "plan.yaml").write_text(PLAN.replace("[{file: browse.py, user: Browser}]", journeys))

    assert submit(bus, load_plan(tmp_path / "plan.yaml"), b"").files.keys() == {f"{deep}/browse.py", "other.py"}


# -- targets


@pytest.mark.parametrize(
    ("url", "host"),
    [("http://127.0.0.1:1", "127.0.0.1"), ("https://localhost/base", "localhost"), ("http://[::1]:8080", "::1")],
)
def test_a_target_on_this_machine_resolves(url, host):
    check_target(aimed_at(url))

    assert host_of(aimed_at(url)) == host


def test_a_target_that_a_variable_decides_is_looked_at_too(monkeypatch):
    plan = aimed_at("http://${env:SHOP}:8080")
    monkeypatch.delenv("SHOP", raising=False)
    with pytest.raises(PlanError, match="SHOP is not set"):
        check_target(plan)

    monkeypatch.setenv("SHOP", "127.0.0.1")
    check_target(plan)
    assert host_of(plan) == "127.0.0.1"

    monkeypatch.setenv("SHOP", "secret-host.invalid")
    with pytest.raises(TargetError, match="does not resolve") as caught:
        check_target(plan)
    assert "secret-host" not in caught.value.message


# -- following


def test_a_run_that_does_not_exist_cannot_be_followed(bus):
    with pytest.raises(NotFoundError, match="there is no run 'nowhere'"):
        Follower(bus, "nowhere")


def test_a_run_of_another_version_cannot_be_followed(bus, run):
    spec = run.spec().model_copy(update={"plan": "{}"})
    bus.client.set(keys.run_key(run.run, "spec"), spec.encode())

    with pytest.raises(PlanError, match="this version of loadgen"):
        Follower(bus, run.run)


def test_before_any_coordinator_has_seen_it_a_run_is_queued(follower):
    follower.look()

    assert follower.record.state is RunState.QUEUED
    assert not follower.finished


def test_a_follower_sees_what_was_sealed_once_each(follower, run):
    run.seal(1, Sealing([row(0), row(1)], totals={"w": WorkerTotals(worker="w", sequence=2)}))
    record(run, RunState.RUNNING)
    follower.look()
    follower.look()
    run.seal(1, Sealing([row(2), row(1)]))
    follower.look()

    assert follower.stats.planned == 20
    assert [second.second for second in follower.stats.timeline()] == [0, 1, 2]
    assert follower.record.state is RunState.RUNNING
    assert follower.record.workers["w"].sequence == 2


def test_a_follower_that_comes_late_sees_the_same(bus, follower, run):
    for second in range(5):
        run.seal(1, Sealing([row(second)]))
        follower.look()
    late = Follower(bus, run.run)
    late.look()

    assert late.stats.total == follower.stats.total
    assert late.stats.timeline() == follower.stats.timeline()


def test_many_seconds_are_read_at_once(follower, run):
    run.seal(1, Sealing([SecondRow(second, planned=1) for second in range(2500)]))
    follower.look()

    assert (follower.stats.planned, follower.stats.last_second) == (2500, 2499)


def test_following_ends_with_the_run(follower, run, monkeypatch):
    monkeypatch.setattr(following, "LOOK_S", 0.0)
    steps = iter([RunState.WAITING, RunState.RUNNING, RunState.FINISHED])
    shown = []
    follower.follow(lambda seen, _: shown.append(seen.state), lambda: record(run, next(steps)))

    assert shown == [RunState.QUEUED, RunState.WAITING, RunState.RUNNING, RunState.FINISHED]
    assert follower.finished


def test_a_run_that_redis_forgot_and_nobody_knows_ends_as_invalid_with_what_was_seen(follower, run, bus, monkeypatch):
    run.seal(1, Sealing([row(0), row(1)]))
    follower.look()
    seen = follower.stats.total.requests
    bus.client.flushall()
    follower.look()
    follower.look()
    assert not follower.finished
    monkeypatch.setattr(following, "FORGOTTEN_S", 0.0)
    follower.look()

    assert follower.finished
    verdict = follower.record.verdict
    assert (verdict.outcome.value, verdict.exit_code) == ("invalid", 13)
    assert verdict.reason == "Redis was emptied, and no coordinator knows the run any more"
    assert [reason.code for reason in verdict.validity.reasons] == ["emptied"]
    assert follower.stats.total.requests == seen > 0


def test_a_run_that_comes_back_after_redis_forgot_it_is_followed_on(follower, run, bus, monkeypatch):
    spec = run.spec()
    run.seal(1, Sealing([row(0), row(1)]))
    follower.look()
    bus.client.flushall()
    follower.look()
    finished = RunRecord(run=run.run, name="demo", submitted_at=1.0, state=RunState.FINISHED)
    run.restore(Papers(spec, finished, [row(0), row(2)], {}, {}))
    monkeypatch.setattr(following, "FORGOTTEN_S", 0.0)
    follower.look()

    assert follower.finished
    assert sorted(follower.stats.rows) == [0, 2]


def test_seconds_that_a_fail_over_forgot_are_counted_once(follower, run, bus):
    run.seal(1, Sealing([row(0), row(1)]))
    follower.look()
    last = bus.client.xrevrange(keys.run_key(run.run, "sealed"), count=1)[0][0]
    bus.client.xdel(keys.run_key(run.run, "sealed"), last)
    run.seal(1, Sealing([row(1), row(2)]))
    follower.look()

    assert follower.stats.planned == 15
    assert sorted(follower.stats.rows) == [0, 1, 2]


def test_a_queue_that_nobody_serves_is_said(follower, monkeypatch, bus):
    follower.look()
    monkeypatch.setattr(following, "LEADERLESS_S", 0.0)
    ClusterBus(bus).lead("someone", 60)
    follower.look()
    follower.look()
    ClusterBus(bus).resign("someone")
    follower.look()
    with pytest.raises(WorkersError, match="no coordinator leads") as caught:
        follower.look()
    assert "loadgen coordinator" in caught.value.hint


@pytest.mark.parametrize("patience_s", [0.0, 60.0])
def test_a_redis_that_is_away_for_a_moment_is_waited_for(follower, run, monkeypatch, patience_s):
    monkeypatch.setattr(following, "LOOK_S", 0.0)
    monkeypatch.setattr(following, "AWAY_S", patience_s)
    away = [BusError("gone", hint="wait")] * 3
    real = RunBus.record

    def look(self):
        if away:
            raise away.pop()
        return real(self)

    monkeypatch.setattr(RunBus, "record", look)
    record(run, RunState.FINISHED)
    if patience_s:
        follower.follow(lambda *_: None)
        assert follower.finished
    else:
        with pytest.raises(BusError):
            follower.follow(lambda *_: None)


# -- status


def shown(redis_url, *args) -> str:
    result = CliRunner().invoke(status, [*args, "--redis", redis_url], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_status_of_an_empty_cluster_says_what_to_start(redis_url):
    text = shown(redis_url)

    assert "none: start one with loadgen coordinator" in text
    assert "none: start some with loadgen worker" in text


def test_the_status_shows_leader_workers_and_runs(bus, run, redis_url):
    cluster = ClusterBus(bus)
    cluster.lead("boss", 60)
    for worker, more in (("a", {}), ("b", {"run": run.run, "labels": {"zone": "x"}}), ("c", {"leaving": True})):
        cluster.beat(WorkerInfo(worker=worker, node="n", pid=1, **more), 60)
    record(run, RunState.RUNNING)
    found = json.loads(shown(redis_url, "--json"))

    assert found["leader"] == "boss"
    assert {worker["worker"]: worker["state"] for worker in found["workers"]} == {
        "a": "idle",
        "b": "busy",
        "c": "leaving",
    }
    assert [(one["run"], one["state"]) for one in found["runs"]] == [(run.run, "running")]
    assert "zone=x" in shown(redis_url)
    assert "running" in shown(redis_url, run.run)


def test_one_unreadable_run_does_not_hide_the_others(bus, run, redis_url, loaded):
    broken = submit(bus, loaded, b"").run
    bus.client.set(keys.run_key(broken, "spec"), b"rubbish")
    text = shown(redis_url)

    assert run.run in text
    assert "unreadable" in text


def test_runs_whose_papers_have_expired_are_forgotten(bus, run, redis_url):
    bus.client.delete(keys.run_key(run.run, "spec"))

    assert json.loads(shown(redis_url, "--json"))["runs"] == []
    assert ClusterBus(bus).runs() == []
