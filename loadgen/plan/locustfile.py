"""A plan for bare locustfiles, from Locust's own options: ``-u USERS -r RATE -t TIME -H HOST``, or a ``LoadTestShape``.

::

    USERS ┤     ▄████████████      closed model: the ramp takes USERS / RATE seconds
          │  ▄███████████████      and is part of TIME, as in Locust
        0 ┤▄█████████████████
          └──────────────────
           ◀────── TIME ─────▶

Where users change other than by a ramp (a shape, ``fixed_count``), somebody has found out beforehand how many there are
when: lines through those points are the load, one stream for all, or one for each class where the mix changes too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any, Final

from pydantic import ValidationError

from loadgen.errors import PlanError
from loadgen.plan.model import Plan
from loadgen.plan.names import MAX_NAME_CHARS
from loadgen.plan.stream import MAX_WEIGHT
from loadgen.plan.wrong import finding_of
from loadgen.shapes.fields import MIN_DURATION_S

_OPTIONS = {"target": "-H/--host", "load": "-u, -r or -t", "tags": "--tags", "exclude_tags": "--exclude-tags"}
"""Which of Locust's options a part of the plan comes from."""

STEP_S: Final = 1.5
"""Changes that follow each other within this are one slope: Locust changes users once a second while it ramps."""

TOLERANCE: Final = 0.4
"""Points that a line through their neighbours misses by less, in users, are left out: users are whole."""

JUMP_S: Final = 0.002
"""How long a jump takes in a curve, whose times must rise."""

Change = tuple[float, Mapping[str, int]]
"""Seconds from the start, and users by class from then on."""


@dataclass(frozen=True, slots=True)
class LocustUser:
    """A user class that takes part.

    Attributes:
        name: the class.
        file: its file, relative to the folder that holds all of them.
        weight: as the class has it.
        speaks_http: whether its client is one of Locust's HTTP clients.
        host: the class's own host.
    """

    name: str
    file: str
    weight: float
    speaks_http: bool = True
    host: str | None = None


@dataclass(frozen=True, slots=True)
class LocustRun:
    """What locustfiles and Locust's command line ask for.

    Attributes:
        users: who takes part.
        user_count: how many at once.
        spawn_rate: how many more of them per second on the way up.
        run_time_s: how long in all, the way up included.
        host: the target, None where each class has its own.
        stop_timeout_s: how long users may end their tasks.
        tags, exclude_tags: which tasks take part.
        options: what goes into ``environment.parsed_options``.
        changes: users of each class over time, where they are no plain ramp.
        by_class: whether the mix changes too.
    """

    users: Sequence[LocustUser]
    user_count: int = 1
    spawn_rate: float = 1.0
    run_time_s: float = 60.0
    host: str | None = None
    stop_timeout_s: float = 0.0
    tags: Sequence[str] = ()
    exclude_tags: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    changes: Sequence[Change] | None = None
    by_class: bool = False


def plan_for_locustfile(name: str, run: LocustRun) -> Plan:
    """Make the plan that Locust's options describe.

    Args:
        name: of the file, for people.
        run: what is wanted.

    Raises:
        PlanError: there is no user, or an option has no meaning.
    """
    if not run.users:
        raise PlanError(f"{name} has no user to run", hint="a user is a class that inherits from locust's User")
    if run.user_count <= 0 or run.spawn_rate <= 0 or run.run_time_s < MIN_DURATION_S:
        raise PlanError("users, spawn rate and run time must be above 0", hint="for example: -u 100 -r 10 -t 5m")
    streams = _streams(run)
    if not streams:
        raise PlanError(f"{name} asks for no user at any time", hint="look at its LoadTestShape")
    try:
        return Plan.model_validate(
            {
                "name": _label(PurePosixPath(name).stem),
                "target": {"base_url": _target(name, run)},
                "journeys": [
                    {"file": user.file, "user": user.name, "weight": min(user.weight or 1.0, MAX_WEIGHT)}
                    for user in run.users
                ],
                "load": streams,
                "tags": list(run.tags),
                "exclude_tags": list(run.exclude_tags),
                "options": dict(run.options),
                "graceful_stop": run.stop_timeout_s,
            }
        )
    except ValidationError as error:
        finding = finding_of(error.errors(include_url=False)[0])
        option = _OPTIONS.get(str(finding.place[0]) if finding.place else "", "")
        hint = f"see the option {option}" if option else "do its options contradict each other?"
        raise PlanError(f"{name}: {finding.sentence}", hint=hint) from error


def _target(name: str, run: LocustRun) -> str:
    """The address that the plan aims at; users of other protocols may have none that a plan knows."""
    hosts = [run.host] if run.host else [user.host for user in run.users if user.host]
    speaks_http = [user for user in run.users if user.speaks_http]
    homeless = [user.name for user in speaks_http if not run.host and not user.host]
    if homeless:
        raise PlanError(
            f"{name} does not say where the requests of {homeless[0]} go",
            hint="give the target with -H https://shop.example",
        )
    if speaks_http:
        return run.host or str(next(user.host for user in speaks_http))
    return next((host for host in hosts if host.startswith(("http://", "https://"))), "http://127.0.0.1")


def _streams(run: LocustRun) -> list[dict[str, Any]]:
    closed: dict[str, Any] = {"model": "closed", "replace": False}
    if run.changes is None:
        return [{**closed, "shape": _ramp(run.user_count, run.spawn_rate, run.run_time_s)}]
    if not run.by_class:
        totals = [(at_s, sum(users.values())) for at_s, users in run.changes]
        return [{**closed, "shape": shape} for shape in _curves(totals, run.run_time_s)]
    return [
        {**closed, "name": _label(user.name), "shape": shape, "journeys": {user.name: 1}}
        for user in run.users
        for shape in _curves([(at_s, users.get(user.name, 0)) for at_s, users in run.changes], run.run_time_s)
    ]


def _ramp(user_count: int, spawn_rate: float, run_time_s: float) -> list[dict[str, Any]]:
    ramp_s = user_count / spawn_rate
    if ramp_s >= run_time_s:
        return [{"ramp": {"from": 0, "to": spawn_rate * run_time_s, "over": run_time_s}}]
    if ramp_s < MIN_DURATION_S:
        return [{"constant": {"at": user_count, "for": run_time_s}}]
    held_s = max(run_time_s - ramp_s, MIN_DURATION_S)
    ramp = {"ramp": {"from": 0, "to": user_count, "over": ramp_s}}
    return [ramp, {"constant": {"at": user_count, "for": held_s}}]


def _curves(changes: Sequence[tuple[float, int]], ends_s: float) -> list[dict[str, Any]]:
    """Lines through the changes of one number of users; none where it is never above 0."""
    points = _thinned(_corners([change for change in changes if change[0] < ends_s - JUMP_S], ends_s))
    return [{"curve": {"points": points}}] if any(users for _, users in points) else []


def _corners(changes: Sequence[tuple[float, int]], ends_s: float) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    for at_s, users in changes:
        last_s, last = points[-1]
        if users == last:
            continue
        if at_s - last_s > STEP_S:  # what was held until now
            points.append((at_s - JUMP_S, last))
        if at_s <= points[-1][0]:
            points[-1] = (points[-1][0], float(users))
        else:
            points.append((at_s, float(users)))
    return [*points, (ends_s, points[-1][1])]


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """As few of the points as draw the same line, to less than a user: each kept one reaches as far as it can.

    ``low`` and ``high`` are the slopes within which a line from the last kept point passes all points since.
    """
    kept = [points[0]]
    low, high = float("-inf"), float("inf")
    for point, after in pairwise(points[1:]):
        from_s, start = kept[-1]
        low = max(low, (point[1] - TOLERANCE - start) / (point[0] - from_s))
        high = min(high, (point[1] + TOLERANCE - start) / (point[0] - from_s))
        if not low <= (after[1] - start) / (after[0] - from_s) <= high:
            kept.append(point)
            low, high = float("-inf"), float("inf")
    return [*kept, points[-1]]


def _label(stem: str) -> str:
    label = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")
    return label[:MAX_NAME_CHARS] or "locustfile"
