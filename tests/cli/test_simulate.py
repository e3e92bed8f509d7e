"""``loadgen simulate``: real Redis, real coordinator, workers that only say that they work."""

from __future__ import annotations

import json
import signal
from contextlib import suppress

import psutil
import pytest
from cli.shell import Shell
from cluster.harness import Cluster

from loadgen.bus import EmbeddedServer
from loadgen.children import stop_child
from loadgen.cli.simulate import _plan
from loadgen.cli.simulation import Result, Seconds, quantile
from loadgen.endings import Outcome, Validity
from loadgen.plan.model import Plan
from loadgen.stats import SecondRow


def test_every_request_is_counted_and_nothing_is_left(shell: Shell) -> None:
    code, out, err = shell.run("loadgen simulate --workers 13 --processes 2 --requests 100 --for 3s --json told.json")

    told = json.loads((shell.folder / "told.json").read_text())
    assert code == told["exit_code"] == 0, out + err
    assert told["requests_sent"] == told["requests_counted"] == told["requests_sealed"] == 13 * 100 * 3
    assert told["frames_sent"] == told["frames_sealed"] == 13 * 3
    assert (told["outcome"], told["validity"]) == ("passed", "VALID")
    assert "3,900 requests in 39 frames sent, 3,900 in 39 sealed: equal" in out
    assert "The coordinator kept pace with 13 workers." in out
    assert "13 workers" in err, "a line a second while it runs"


def test_all_series_that_can_be_asked_for_keep_their_names() -> None:
    plan = Plan.model_validate_json(_plan(workers=2, requests=500, for_s=2.0, series=1000, token="t"))
    assert plan.max_names == 1000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_simulation_stops_all_and_still_counts(shell: Shell, number: signal.Signals) -> None:
    call = shell.start("loadgen simulate --workers 10 --for 1h --json told.json")
    call.wait_for(lambda: call.err.count("frames/s") >= 2, "is under way")
    call.process.send_signal(number)

    assert call.end() == Outcome.STOPPED.exit_code, call.err
    told = json.loads((shell.folder / "told.json").read_text())
    assert told["is_exact"], told
    assert told["requests_sent"] > 0


def test_interrupted_before_it_begins_it_leaves_nothing(shell: Shell) -> None:
    call = shell.start("loadgen simulate --workers 10 --for 1h")
    call.wait_for(lambda: any("coordinator" in part.cmdline() for part in _alive(call)), "starts its parts")
    call.process.send_signal(signal.SIGTERM)

    assert call.end() in {128 + signal.SIGTERM, Outcome.STOPPED.exit_code}, call.err
    assert "Traceback" not in call.err


def test_a_process_of_simulated_workers_that_dies_ends_it(shell: Shell) -> None:
    call = shell.start("loadgen simulate --workers 10 --for 1h")
    call.wait_for(lambda: "frames/s" in call.err, "is under way")
    (crowd,) = [part for part in _alive(call) if "loadgen.worker.simulated" in part.cmdline()]
    crowd.kill()

    assert call.end() == 8
    assert "simulated-0 ended by itself" in call.err


def test_a_redis_that_a_cluster_uses_is_left_alone(shell: Shell) -> None:
    with EmbeddedServer() as server:
        cluster = Cluster(shell.folder, server.url)
        cluster.start("coordinator")
        try:
            cluster.workers(1)
            code, out, err = shell.run(f"loadgen simulate --workers 3 --for 1s --redis {server.url}")
        finally:
            for child in cluster.children:
                stop_child(child, patience_s=15)
            cluster.bus.close()
    assert (code, out) == (2, "")
    assert "a cluster works at" in err


@pytest.mark.parametrize(
    ("line", "says"),
    [("--workers 0", "--workers"), ("--workers 3 --for 0.5s", "at least a second"), ("--workers 3 --for x", "x")],
)
def test_what_makes_no_sense_is_refused(line: str, says: str, shell: Shell) -> None:
    code, _, err = shell.run(f"loadgen simulate {line}")

    assert code == 2
    assert says in err


def _alive(call) -> list[psutil.Process]:
    alive = []
    for part in call.running():
        with suppress(psutil.NoSuchProcess):
            part.cmdline()
            alive.append(part)
    return alive


# -- what is made of it


def result(**changes) -> Result:
    figures = dict.fromkeys(Result.__dataclass_fields__, 0) | {
        "workers": 5,
        "seconds": 3,
        "seal_p99_s": 1.0,
        "outcome": Outcome.PASSED,
        "validity": Validity.VALID,
    }
    return Result(**(figures | changes))


@pytest.mark.parametrize(
    ("found", "ending"),
    [
        ({}, Outcome.PASSED),
        ({"seal_p99_s": 1.6}, Outcome.THRESHOLDS_FAILED),
        ({"seal_p99_s": 1.6, "sent_p99_s": 0.8}, Outcome.INVALID),
        ({"requests_sent": 3, "requests_counted": 2, "requests_sealed": 2}, Outcome.INVALID),
        ({"requests_sent": 3, "requests_counted": 3, "requests_sealed": 2}, Outcome.INVALID),
        ({"frames_sent": 3, "frames_sealed": 2}, Outcome.INVALID),
        ({"outcome": Outcome.STOPPED}, Outcome.STOPPED),
        ({"outcome": Outcome.FAILED}, Outcome.FAILED),
    ],
)
def test_it_ends_as_runs_do(found: dict, ending: Outcome) -> None:
    assert result(**found).ending is ending
    assert json.loads(result(**found).as_json())["exit_code"] == ending.exit_code


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"frames_sent": 3, "frames_sealed": 2}, ["3 frames were sent, 2 were sealed"]),
        (
            {"requests_sent": 5000, "requests_counted": 4000, "requests_sealed": 4000},
            ["5,000 requests were sent, 4,000 were counted by worker"],
        ),
        (
            {"requests_sent": 3, "requests_counted": 3, "requests_sealed": 2},
            ["3 requests were counted by worker, 2 stand in the sealed seconds"],
        ),
        ({"requests_sent": 3, "requests_counted": 3, "requests_sealed": 3}, []),
    ],
)
def test_it_says_which_counts_differ(found: dict, says: list[str]) -> None:
    assert result(**found).differences == says
    told = json.loads(result(**found).as_json())
    assert (told["is_exact"], told["differences"]) == (not says, says)


def test_a_second_is_sealed_when_its_last_frame_is() -> None:
    seconds = Seconds()
    seconds.add(SecondRow(0, workers=9), 1001.4, 1000.0)
    seconds.add(SecondRow(1, workers=8), 1002.5, 1000.0)
    seconds.add(SecondRow(1, workers=2), 1004.0, 1000.0)
    seconds.add(SecondRow(1), 1009.0, 1000.0)

    assert (seconds.frames, seconds.late_frames, len(seconds)) == (19, 2, 2)
    assert (seconds.lag_s(0.5), seconds.lag_s(0.99)) == (pytest.approx(0.4), pytest.approx(2.0))


def test_quantiles_are_by_nearest_rank() -> None:
    assert quantile({10: 98, 20: 1, 500: 1}, 0.99) == 20
    assert quantile({}, 0.99) == 0.0
