"""Machines whose clocks are wrong by minutes: the run starts and ends together, seconds line up, figures are exact."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from cluster.harness import assert_exact, ended_by_itself, finish, one_page, wait_until

from loadgen.bus import RunBus

RATE = 60
SECONDS = 6
COORDINATOR_S = 23 * 60
WORKERS_S = (-7 * 60, 11 * 60, 0)
"""How wrong the clocks of some machines are."""

MISSING = "wrong clocks need a C compiler: apt-get install gcc libc6-dev"


@pytest.fixture(scope="session")
def wrong_clock(tmp_path_factory):
    """A library that makes the clock of whoever loads it wrong."""
    compiler = shutil.which("cc")
    if compiler is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    library = tmp_path_factory.mktemp("clock") / "wrong_clock.so"
    source = Path(__file__).with_name("wrong_clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source], check=True)
    return library


@pytest.fixture
def start(cluster, wrong_clock):
    """Start a command whose clock is wrong by some seconds, and all its processes'."""

    def start(wrong_s: int, *args: str):
        wrong = {"LD_PRELOAD": str(wrong_clock), "CLOCK_WRONG_S": str(wrong_s)}
        os.environ |= wrong
        try:
            return cluster.start(*args)
        finally:
            for name in wrong:
                del os.environ[name]

    return start


def first_line_s(log: Path) -> float:
    """The time of day at the start of a log, seconds since midnight."""
    hours, minutes, seconds = log.read_text().split()[1].split(",")[0].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def test_wrong_clocks_change_nothing(cluster, start):
    shop = cluster.shop()
    start(COORDINATOR_S, "coordinator")
    for wrong_s in WORKERS_S:
        start(wrong_s, "worker", "--processes", "1")
    wait_until(lambda: len(cluster.members()) == 3, "workers join", 40)
    follower = cluster.submit(cluster.plan(one_page(shop, SECONDS, RATE, workers={"count": 3})))
    run = RunBus(cluster.bus, follower.record.run)
    wait_until(lambda: shop.stats()["first_request_at"], "the first request", 30)
    finish(follower)

    assert ended_by_itself(follower), follower.record.verdict
    assert_exact(follower, shop)
    said_s = [first_line_s(cluster.folder / f"worker-{number}.log") for number in (2, 3)]
    assert (said_s[1] - said_s[0]) % 86_400 == pytest.approx(WORKERS_S[1] - WORKERS_S[0], abs=60), "clocks were wrong"
    rows = [row for row in follower.stats.timeline() if row.planned]
    assert [row.second for row in rows] == list(range(SECONDS))
    for row in rows:
        assert row.workers == 3, f"second {row.second}"
    assert follower.record.quarantined == 0, "no frame lies in the future, or in the past"

    seconds, micros = cluster.bus.client.time()
    now_s, stats = seconds + micros / 1e6, shop.stats()
    assert now_s == pytest.approx(time.time(), abs=1), "cluster time is the server's, and that is ours here"
    assert stats["first_request_at"] == pytest.approx(follower.record.started_at, abs=1)
    assert stats["last_request_at"] == pytest.approx(follower.record.started_at + SECONDS, abs=1)
    assert follower.record.started_at < follower.record.ended_at < now_s

    errors_us = [worker.clock_error_us for worker in run.totals().values()]
    assert len(errors_us) == len(WORKERS_S)
    assert max(errors_us) < 50_000, "what is beyond this would spoil the verdict"
    assert "clock" not in {reason.code for reason in follower.record.verdict.validity.reasons}
