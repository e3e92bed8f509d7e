"""What all processes of a cluster share: time, leader, workers, control, queue."""

from __future__ import annotations

import time

import pytest

from loadgen.bus import ClusterBus, keys
from loadgen.clock import ClusterClock
from loadgen.errors import BusError
from loadgen.messages import ControlMessage, StopMode, WorkerInfo


@pytest.fixture
def cluster(bus) -> ClusterBus:
    return ClusterBus(bus)


def info(worker: str, **more) -> WorkerInfo:
    return WorkerInfo(worker=worker, node="n", pid=1, **more)


def test_the_clock_is_the_server_s(cluster, bus):
    clock = ClusterClock()
    cluster.sync_clock(clock)
    seconds, micros = bus.client.time()

    assert clock.now() == pytest.approx(seconds + micros / 1e6, abs=0.5)
    assert 0 < clock.error_s < 0.5


def test_one_leads_and_the_other_learns_who(cluster):
    assert cluster.leader() == ""
    assert cluster.lead("a", 60).fence > 0
    bid = cluster.lead("b", 60)
    assert (bid.fence, bid.leader) == (0, "a")
    assert cluster.leader() == "a"
    cluster.resign("b")
    assert cluster.leader() == "a"
    cluster.resign("a")
    assert cluster.leader() == ""


def test_a_lease_is_counted_from_before_the_question(cluster):
    before_s = time.monotonic()
    pulse = cluster.beat(info("w"), 5)

    assert before_s + 5 <= pulse.lease_until_s <= time.monotonic() + 5
    assert pulse.joined
    assert not pulse.led


def test_members_are_listed_with_what_they_say(cluster, bus):
    cluster.beat(info("a", labels={"zone": "x"}), 5)
    cluster.beat(info("b", weight=2.0), 50)
    cluster.beat(info("b", weight=2.0, run="r-1"), 50)
    members = cluster.members()

    assert members["a"].info.labels == {"zone": "x"}
    assert members["b"].info == info("b", weight=2.0, run="r-1")
    seconds, _ = bus.client.time()
    assert members["b"].lease_until_s == pytest.approx(seconds + 50, abs=3)
    assert (cluster.overdue(seconds + 20), cluster.overdue(seconds)) == (["a"], [])
    assert cluster.leave("a")
    assert cluster.members().keys() == {"b"}


def test_malformed_members_are_left_out(cluster, bus):
    cluster.beat(info("a"), 5)
    for name, said in (("b", b"{}"), ("c", b"\xff"), ("d", b'{"worker": "d", "node": "n", "pid": 1, "more": 1}')):
        bus.scripts.beat(name, 5, said)
    bus.client.zadd(keys.WORKERS, {"e": 1})

    assert cluster.members().keys() == {"a"}


def test_the_version_rises_with_news(cluster):
    assert cluster.members_version() == 0
    cluster.beat(info("a"), 5)
    cluster.beat(info("a"), 5)
    assert cluster.members_version() == 1
    cluster.beat(info("a", leaving=True), 5)
    assert cluster.members_version() == 2


# -- control


def test_everyone_hears_what_is_said_after_they_came(cluster):
    cluster.say(ControlMessage(kind="invite", run="a"))
    position = cluster.control_position()
    cluster.say(ControlMessage(kind="epoch", run="a"))
    cluster.say(ControlMessage(kind="stop", run="*", mode=StopMode.NOW))

    heard, said = cluster.listen(position, 0)
    assert [message.kind for _, message in said] == ["epoch", "stop"]
    assert cluster.listen(heard, 0) == (heard, [])
    assert [message.kind for _, message in cluster.listen("0-0", 0)[1]] == ["invite", "epoch", "stop"]


def test_messages_carry_the_instant_at_which_they_were_said(cluster):
    clock = ClusterClock()
    cluster.sync_clock(clock)
    cluster.say(ControlMessage(kind="invite", run="a"))
    ((said_at_s, _),) = cluster.listen("0-0", 0)[1]

    assert said_at_s == pytest.approx(clock.now(), abs=0.5)


def test_an_empty_stream_begins_at_its_beginning(cluster):
    assert cluster.control_position() == "0-0"
    assert cluster.listen("0-0", 0) == ("0-0", [])


def test_listening_waits_for_the_first_word(cluster):
    began = time.monotonic()
    assert cluster.listen("0-0", 0.2) == ("0-0", [])

    assert 0.15 < time.monotonic() - began < 2


def test_malformed_words_are_passed_over(cluster, bus):
    bus.client.xadd(keys.CONTROL, {"m": b"rubbish"})
    bus.client.xadd(keys.CONTROL, {"other": b"field"})
    cluster.say(ControlMessage(kind="invite", run="a"))
    bus.client.xadd(keys.CONTROL, {"m": b'{"kind": "dance", "run": "a"}'})
    last = cluster.control_position()

    heard, said = cluster.listen("0-0", 0)
    assert [message.kind for _, message in said] == ["invite"]
    assert heard == last


# -- runs


def test_runs_are_queued_in_the_order_in_which_they_came(cluster, make_spec):
    for number, run in enumerate(("b", "a", "c")):
        cluster.submit(make_spec(run, 1000.0 + number), b"")

    assert cluster.queued() == ["b", "a", "c"]
    assert cluster.runs() == ["c", "a", "b"]
    assert cluster.submitted_at("a") == 1001.0
    assert cluster.submitted_at("nowhere") == 0.0


def test_a_run_goes_from_the_queue_to_those_under_way_and_is_put_away(cluster, make_spec):
    cluster.submit(make_spec("a"), b"")
    cluster.submit(make_spec("b"), b"")
    cluster.activate("a")
    assert (cluster.queued(), cluster.active()) == (["b"], ["a"])
    cluster.activate("a")
    cluster.retire("a")
    cluster.retire("b")

    assert (cluster.queued(), cluster.active()) == ([], [])
    assert cluster.runs() == ["b", "a"]
    cluster.forget(["a"])
    cluster.forget([])
    assert cluster.runs() == ["b"]


def test_what_the_leader_announces_is_gone_with_it(cluster):
    assert cluster.announced() == ""
    cluster.announce("http://127.0.0.1:9646/metrics", 60)
    assert cluster.announced() == "http://127.0.0.1:9646/metrics"
    cluster.announce("http://127.0.0.1:9646/metrics", 0.02)
    deadline = time.monotonic() + 5
    while cluster.announced():
        assert time.monotonic() < deadline


def test_a_server_that_has_gone_is_a_bus_error(make_spec):
    from loadgen.bus import EmbeddedServer, connect

    with EmbeddedServer() as server:
        bus = connect(server.url)
    cluster = ClusterBus(bus)
    for call in (
        cluster.leader,
        cluster.members,
        cluster.queued,
        lambda: cluster.beat(info("w"), 5),
        lambda: cluster.listen("0-0", 0.1),
        lambda: cluster.submit(make_spec("a"), b""),
        lambda: cluster.sync_clock(ClusterClock()),
    ):
        with pytest.raises(BusError) as caught:
            call()
        assert caught.value.hint
    bus.close()
