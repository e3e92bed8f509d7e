"""From a plan on disk to a run in the queue."""

from __future__ import annotations

import getpass
import json
import re
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Final

from loadgen.bus import Bus, ClusterBus
from loadgen.clock import ClusterClock
from loadgen.errors import JourneyError, TargetError
from loadgen.messages import RunSpec
from loadgen.plan.bundle import collect
from loadgen.plan.locustfile import plan_for_locustfile
from loadgen.plan.model import Plan
from loadgen.plan.problems import InvalidPlan
from loadgen.plan.read import LoadedPlan, journey_files, load_plan
from loadgen.plan.secrets import has_references

INSPECT_S: Final = 60.0
"""How long importing a locustfile may take before it is given up."""


def read_plan(path: Path) -> LoadedPlan:
    """Read a plan and make sure that its journeys import.

    Raises:
        PlanError: the plan is not valid, or its journeys do not import or have no such user.
    """
    from loadgen.cli.plan import check_journeys

    loaded = load_plan(path)
    problems = check_journeys(loaded)
    if problems:
        raise InvalidPlan(problems)
    return loaded


def read_locustfile(path: Path, users: int, spawn_rate: float, run_time_s: float, host: str | None) -> LoadedPlan:
    """Make a plan from a bare locustfile and Locust's own options.

    Raises:
        JourneyError: the file does not import or defines no user.
    """
    found = _inspect(path)
    weights = [(user["name"], float(user["weight"])) for user in found["users"]]
    own_host = next((user["host"] for user in found["users"] if user["host"]), None)
    plan = plan_for_locustfile(path, weights, users, spawn_rate, run_time_s, host or own_host or "")
    return LoadedPlan(plan, path.resolve(), journey_files(plan, path.resolve().parent))


def _inspect(path: Path) -> dict[str, list[dict[str, str]]]:
    # In a process of its own: importing a locustfile patches the process and runs its author's code.
    done = subprocess.run(
        [sys.executable, "-m", "loadgen.journey.inspect", str(path)],
        capture_output=True,
        text=True,
        timeout=INSPECT_S,
        check=False,
    )
    try:
        (found,) = json.loads(done.stdout)["files"].values()
    except (ValueError, KeyError) as error:
        raise JourneyError(f"{path} cannot be looked at: {done.stderr.strip()[-300:]}") from error
    if found["error"]:
        raise JourneyError(f"{path} does not import:\n{found['error']}", hint="mend the file and try again")
    return {"users": found["users"]}


def check_target(plan: Plan) -> None:
    """Make sure that the target's name resolves here; one that a secret decides is left to the workers.

    Raises:
        TargetError: it does not resolve.
    """
    if has_references(plan.target.base_url):
        return
    host = host_of(plan)
    try:
        socket.getaddrinfo(host, None)
    except OSError as error:
        raise TargetError(f"the target {host} does not resolve ({error})", hint="check target.base_url") from error


def host_of(plan: Plan) -> str:
    """The target's host name."""
    from urllib.parse import urlsplit

    return urlsplit(plan.target.base_url).hostname or ""


def submit(bus: Bus, loaded: LoadedPlan, key: bytes) -> RunSpec:
    """Put a run at the end of the cluster's queue.

    With a key the journey code is shipped, signed; without one it must be installed on the workers.

    Raises:
        JourneyError: the journey code cannot be gathered.
        BusError: Redis does not take it.
    """
    cluster, clock = ClusterBus(bus), ClusterClock()
    cluster.sync_clock(clock)
    plan, bundle = collect(loaded)
    spec = RunSpec(
        run=_new_id(plan),
        plan=plan.model_dump_json(),
        submitted_at=clock.now(),
        submitter=f"{getpass.getuser()}@{socket.gethostname()}"[:200],
        files=bundle.hashes,
        digest=bundle.digest,
        code="shipped" if key else "installed",
    )
    cluster.submit(spec.signed(key) if key else spec, bundle.pack() if key else b"")
    return spec


def _new_id(plan: Plan) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", plan.name.lower()).strip("-")[:40] or "run"
    return f"{slug}-{time.strftime('%m%d-%H%M%S', time.gmtime())}-{uuid.uuid4().hex[:4]}"
