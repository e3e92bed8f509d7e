"""A worker process, its cluster, and a run of which a leader has told everyone."""

from __future__ import annotations

import time

import pytest
from worker.process.acting import KEY, RUN

from loadgen.bus import ClusterBus, RunBus
from loadgen.messages import RunSpec
from loadgen.plan.bundle import Bundle
from loadgen.worker import process as module
from loadgen.worker.process import WorkerProcess
from loadgen.worker.targets import AllowedTargets


@pytest.fixture
def worker(bus, make, monkeypatch):
    monkeypatch.setattr(module.garbage, "begin", lambda: None)  # this process goes on after its run
    return WorkerProcess(bus, ClusterBus(bus), make.settings(lease_s=5.0), KEY, AllowedTargets([]))


@pytest.fixture
def cluster(bus):
    return ClusterBus(bus)


@pytest.fixture
def run(bus, make, cluster):
    """A run of which a leader has told everyone."""
    code = (make.journeys() / "browse.py").read_bytes()
    bundle = Bundle({"browse.py": code})
    plan = make.plan()
    fields = {"run": RUN, "submitted_at": 1.0, "files": bundle.hashes, "digest": bundle.digest, "code": "shipped"}
    cluster.submit(RunSpec(plan=plan.model_dump_json(), **fields).signed(KEY), bundle.pack())
    run = RunBus(bus, RUN)
    run.claim(1)
    return run


@pytest.fixture
def clock(monkeypatch):
    """The process's own monotonic clock, moved by the test."""

    class Hands:
        ahead_s = 0.0

    real = time.monotonic
    monkeypatch.setattr(module.time, "monotonic", lambda: real() + Hands.ahead_s)
    return Hands
