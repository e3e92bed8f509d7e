"""A worker of a run with a master waits for its word, and not when the run is over before it is said."""

from __future__ import annotations

import signal

import gevent
import pytest

from loadgen.bus import ClusterBus, RunBus
from loadgen.bus.post import PostBus
from loadgen.messages import RunSpec, StopMode, WorkerEventKind
from loadgen.plan.bundle import Bundle
from loadgen.worker import messenger
from loadgen.worker import process as module
from loadgen.worker.process import WorkerProcess
from loadgen.worker.targets import AllowedTargets

RUN = "demo-1"
KEY = b"key"


@pytest.fixture
def worker(bus, make, monkeypatch):
    """A worker that serves a run whose master is silent."""
    monkeypatch.setattr(module.garbage, "begin", lambda: None)  # this process goes on after its run
    bundle = Bundle({"browse.py": (make.journeys() / "browse.py").read_bytes()})
    fields = {"run": RUN, "submitted_at": 1.0, "files": bundle.hashes, "digest": bundle.digest, "code": "shipped"}
    spec = RunSpec(plan=make.plan().model_dump_json(), master=True, **fields)
    ClusterBus(bus).submit(spec.signed(KEY), bundle.pack())
    RunBus(bus, RUN).claim(1)
    worker = WorkerProcess(bus, ClusterBus(bus), make.settings(lease_s=5.0), KEY, AllowedTargets([]))
    worker._leases.sync_clock(worker._clock)
    return worker


@pytest.fixture
def serving(worker):
    """The greenlet that serves the run, once the worker waits for the master."""
    greenlet = gevent.spawn(worker._serve, RUN)
    with gevent.Timeout(20):
        while not PostBus(worker._bus, RUN).at_master("0-0", 0.1)[1]:
            gevent.sleep(0.01)
    yield greenlet
    greenlet.kill()


def ready(worker) -> bool:
    return WorkerEventKind.READY in [event.kind for event in RunBus(worker._bus, RUN).events("0-0")[1]]


def stop(worker):
    worker._serving.stop(StopMode.NOW)


def leave(worker):
    worker._on_signal(signal.SIGTERM, None)


@pytest.mark.parametrize("end", [stop, leave])
def test_a_worker_that_is_to_end_waits_for_no_master(worker, serving, end, caplog):
    assert not ready(worker)
    end(worker)
    with gevent.Timeout(messenger.MASTER_S / 2):
        serving.join()
    assert worker._ended.is_set()
    assert "did not speak" not in caplog.text


def test_a_master_that_does_not_speak_is_waited_for_no_longer(worker, monkeypatch, caplog):
    monkeypatch.setattr(messenger, "MASTER_S", 0.0)
    greenlet = gevent.spawn(worker._serve, RUN)
    with gevent.Timeout(20):
        while not ready(worker):
            gevent.sleep(0.01)
        worker._serving.stop(StopMode.NOW)
        greenlet.join()
    assert "did not speak" in caplog.text
