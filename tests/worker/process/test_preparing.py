"""A worker process prepares a run, or refuses it with the reason."""

from __future__ import annotations

import gevent
import pytest
from worker.process.acting import KEY, RUN, events_of

from loadgen.bus import RunBus, keys
from loadgen.messages import RunSpec, StopMode, WorkerEventKind
from loadgen.plan.bundle import Bundle


def serve(worker):
    with gevent.Timeout(20):
        worker._serve(RUN)


def test_a_run_that_cannot_be_served_is_refused_with_the_reason(worker, run, bus):
    bus.client.delete(keys.run_key(RUN, "code"))
    serve(worker)
    ((kind, text, _),) = events_of(run)

    assert kind == WorkerEventKind.REFUSED
    assert "cannot be unpacked" in text
    assert worker._ended.is_set()


@pytest.mark.parametrize("part", ["spec", "nothing"])
def test_a_run_whose_papers_are_wrong_is_refused(worker, run, bus, part):
    key = keys.run_key(RUN, "spec")
    if part == "nothing":
        bus.client.delete(key)
    else:
        bus.client.set(key, b"rubbish")
    serve(worker)

    assert [event[0] for event in events_of(run)] == [WorkerEventKind.REFUSED]


def test_no_secret_is_in_a_refusal(worker, cluster, make, bus, monkeypatch):
    monkeypatch.setenv("SHOP_HOST", "secret-host.example")
    bundle = Bundle({"browse.py": b""})
    plan = make.plan(target={"base_url": "https://${env:SHOP_HOST}"})
    fields = {"run": RUN, "submitted_at": 1.0, "files": bundle.hashes, "digest": bundle.digest, "code": "shipped"}
    cluster.submit(RunSpec(plan=plan.model_dump_json(), **fields).signed(KEY), bundle.pack())
    run = RunBus(bus, RUN)
    serve(worker)
    ((kind, text, hint),) = events_of(run)

    assert kind == WorkerEventKind.REFUSED
    assert "may not send to [hidden]" in text
    assert "secret-host" not in text + hint


def test_a_long_traceback_is_cut_and_the_refusal_still_said(worker, cluster, make, bus):
    code = b"raise ValueError('x' * 100_000)"
    bundle = Bundle({"browse.py": code})
    fields = {"run": RUN, "submitted_at": 1.0, "files": bundle.hashes, "digest": bundle.digest, "code": "shipped"}
    cluster.submit(RunSpec(plan=make.plan().model_dump_json(), **fields).signed(KEY), bundle.pack())
    serve(worker)
    ((kind, text, _),) = events_of(RunBus(bus, RUN))

    assert kind == WorkerEventKind.REFUSED
    assert len(text) <= 4000


def test_a_run_that_is_stopped_before_it_starts_is_done_at_once(worker, run):
    greenlet = gevent.spawn(worker._serve, RUN)
    with gevent.Timeout(20):
        while worker._serving is None:
            gevent.sleep(0.01)
        worker._serving.stop(StopMode.NOW)
        greenlet.join()

    assert [event[0] for event in events_of(run)] == [WorkerEventKind.READY, WorkerEventKind.DONE]
    assert worker._ended.is_set()
