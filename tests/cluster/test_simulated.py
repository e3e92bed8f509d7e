"""Simulated workers in a cluster that changes: they hear of new shares as real ones do, and count each arrival once."""

import subprocess
import sys

from cluster.harness import finish, look, reach, wait_until

from loadgen.bus import ClusterBus
from loadgen.bus.following import Follower
from loadgen.children import start_child, stop_child
from loadgen.messages import ControlMessage, RunSpec
from loadgen.plan.model import Plan
from loadgen.worker.simulated.figures import JOURNEYS
from loadgen.worker.simulated.settings import CROWD_VARIABLE, CrowdSettings
from loadgen.worker.simulated.sums import Sums

RATE = 120


def crowd(cluster, name: str, workers: int) -> subprocess.Popen:
    settings = CrowdSettings(redis_url=cluster.redis_url, name=name, workers=workers, labels={}, series=20, lease_s=3)
    command = [sys.executable, "-m", "loadgen.worker.simulated"]
    child = start_child(command, env={CROWD_VARIABLE: settings.model_dump_json()}, stdout=subprocess.PIPE)
    cluster.children.append(child)
    return child


def last_sums(child: subprocess.Popen) -> Sums:
    told, _ = child.communicate(timeout=20)
    return Sums.of_line(told.decode().splitlines()[-1])


def submitted(cluster) -> Follower:
    plan = Plan.model_validate(
        {
            "name": "changing",
            "target": {"base_url": "http://127.0.0.1:1"},
            "journeys": [{"file": "simulated.py", "user": journey} for journey in JOURNEYS],
            "load": [{"shape": {"constant": {"at": f"{RATE}/s", "for": "10m"}}}],
        }
    )
    spec = RunSpec(
        run="changing-1", plan=plan.model_dump_json(), submitted_at=1.0, files={}, digest="0" * 64, code="installed"
    )
    ClusterBus(cluster.bus).submit(spec, b"")
    return Follower(cluster.bus, spec.run)


def shared_by(follower: Follower) -> set[str]:
    """The crowds of which a worker was among the latest to report a second, and has told of requests."""
    look(follower)
    latest = {name: totals for name, totals in follower.record.workers.items() if not totals.ended}
    newest = max((totals.last_second for totals in latest.values()), default=-1)
    at_work = (name for name, totals in latest.items() if totals.last_second == newest and totals.requests)
    return {name.partition("-")[0] for name in at_work}


def test_a_crowd_that_comes_late_gets_its_share_and_one_that_dies_loses_it(cluster):
    cluster.start("coordinator", "--lease", "3")
    first = crowd(cluster, "first", 6)
    follower = submitted(cluster)
    reach(follower, 1)
    second, third = crowd(cluster, "second", 4), crowd(cluster, "third", 3)
    wait_until(lambda: shared_by(follower) >= {"first", "second", "third"}, "the newcomers have a share", 40)
    before = follower.record.epoch
    third.kill()
    wait_until(lambda: look(follower) or follower.record.epoch > before, "the others have its share", 40)
    reach(follower, follower.stats.last_second + 2)
    ClusterBus(cluster.bus).say(ControlMessage(kind="stop", run=follower.record.run))
    finish(follower)

    sums = last_sums(first).and_of(last_sums(second))
    workers = follower.record.workers
    survived = {name: totals for name, totals in workers.items() if not name.startswith("third")}
    assert (first.wait(), second.wait()) == (0, 0)
    assert {name.partition("-")[0] for name, totals in workers.items() if totals.requests} == {
        "first",
        "second",
        "third",
    }
    assert sum(totals.requests for totals in survived.values()) == sums.requests
    assert sum(totals.sequence for totals in survived.values()) == sums.frames
    arrivals = follower.stats.total.arrivals_total()
    assert arrivals.started + arrivals.missed == follower.stats.planned
    assert follower.stats.total.requests == 10 * arrivals.started
    assert third.wait() == -9
    stop_child(third)
