"""From a plan on disk to a run in the queue."""

from __future__ import annotations

import getpass
import os
import re
import socket
import time
import uuid
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from loadgen.bus import Bus, ClusterBus
from loadgen.clock import ClusterClock
from loadgen.errors import JourneyError, TargetError
from loadgen.messages import RunSpec
from loadgen.plan.bundle import collect
from loadgen.plan.model import Plan
from loadgen.plan.problems import InvalidPlan
from loadgen.plan.read import LoadedPlan, load_plan
from loadgen.plan.secrets import HIDDEN, has_references, resolve_target


def read_plan(path: Path, text: str | None = None) -> LoadedPlan:
    """Read a plan and make sure that its journeys import.

    Args:
        path: its file.
        text: what it says; None reads the file.

    Raises:
        PlanError: the plan is not valid, or names users that its journeys do not have.
        JourneyError: a journey does not import.
    """
    from loadgen.cli.plan import check_data, check_journeys

    loaded = load_plan(path, text)
    problems = (*check_journeys(loaded), *check_data(loaded))
    if problems:
        refusal = InvalidPlan(problems)
        if any(problem.path == "target.dialect" or _is_journey_file(problem.path) for problem in problems):
            raise JourneyError(refusal.message, hint=_MEND) from refusal
        raise refusal
    return loaded


def _is_journey_file(place: str) -> bool:
    return place.startswith("journeys") and place.endswith(".file")


_MEND = "mend the file and try again; loadgen journey try FILE runs one shopper of it"


def check_target(plan: Plan) -> None:
    """Make sure that the target's name resolves on this machine.

    Raises:
        PlanError: it names a variable that is not set here.
        TargetError: it does not resolve.
    """
    host = host_of(plan)
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError) as error:  # the latter for labels that are empty or too long for a name
        why = getattr(error, "strerror", None) or str(error)
        shown = HIDDEN if has_references(plan.target.base_url) else host
        raise TargetError(
            f"the target {shown} does not resolve ({why})", hint="check target.base_url, or -H of a locustfile"
        ) from error


def host_of(plan: Plan) -> str:
    """The target's host name, with the values of this machine's environment.

    Raises:
        PlanError: it names a variable that is not set here.
    """
    return urlsplit(resolve_target(plan.target, os.environ).base_url).hostname or ""


def code_root(loaded: LoadedPlan) -> Path:
    """The folder that holds all of a plan's code; files are named by their path in it.

    Raises:
        JourneyError: the code cannot be gathered.
    """
    plan, _ = collect(loaded)
    inside = PurePosixPath(plan.journeys[0].file).parts
    return loaded.journeys[0].path.parents[len(inside) - 1]


def submit(bus: Bus, loaded: LoadedPlan, key: bytes, *, installed: bool = False, master: bool = False) -> RunSpec:
    """Put a run at the end of the cluster's queue.

    With a key the journey code is shipped, signed; without one it must be installed on the workers.

    Args:
        bus: open connection.
        loaded: the plan.
        key: the cluster's key, empty without one.
        installed: whether the workers have the code where it lies, key or not.
        master: whether a master of locustfiles takes part, for whose word workers wait.

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
        submitter=f"{_user()}@{socket.gethostname()}"[:200],
        files=bundle.hashes,
        digest=bundle.digest,
        code="shipped" if key and not installed else "installed",
        master=master,
    )
    if key:
        spec = spec.signed(key)
    cluster.submit(spec, bundle.pack() if spec.code == "shipped" else b"")
    return spec


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        return str(os.getuid())


def _new_id(plan: Plan) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", plan.name.lower()).strip("-")[:40] or "run"
    return f"{slug}-{time.strftime('%m%d-%H%M%S', time.gmtime())}-{uuid.uuid4().hex[:4]}"
