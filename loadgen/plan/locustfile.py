"""A plan for a bare locustfile, from Locust's own options: ``-u USERS -r RATE -t TIME -H HOST``.

::

    USERS ┤     ▄████████████      closed model: the ramp takes USERS / RATE seconds
          │  ▄███████████████      and is part of TIME, as in Locust
        0 ┤▄█████████████████
          └──────────────────
           ◀────── TIME ─────▶
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loadgen.errors import PlanError
from loadgen.plan.model import Plan
from loadgen.plan.names import MAX_NAME_CHARS
from loadgen.plan.wrong import finding_of
from loadgen.shapes.fields import MIN_DURATION_S

_OPTIONS = {"target": "-H/--host", "load": "-u, -r or -t"}
"""Which of Locust's options a part of the plan comes from."""


def plan_for_locustfile(
    path: Path,
    users: Sequence[tuple[str, float]],
    user_count: int,
    spawn_rate: float,
    run_time_s: float,
    host: str,
) -> Plan:
    """Make the plan that Locust's options describe.

    Args:
        path: the locustfile; the plan is taken to lie beside it.
        users: class name and weight of each user in it; those of weight 0 stay out, as in Locust.
        user_count: how many shoppers at once.
        spawn_rate: how many more of them per second on the way up.
        run_time_s: how long in all, the way up included.
        host: address of the target.

    Raises:
        PlanError: there is no user, or an option has no meaning.
    """
    journeys = [{"file": path.name, "user": user, "weight": weight} for user, weight in users if weight > 0]
    if not journeys:
        raise PlanError(f"{path} has no user to run", hint="a user is a class that inherits from locust's User")
    if not host:
        raise PlanError(
            f"{path} does not say where its requests go", hint="give the target with -H https://shop.example"
        )
    if user_count <= 0 or spawn_rate <= 0 or run_time_s < MIN_DURATION_S:
        raise PlanError("users, spawn rate and run time must be above 0", hint="for example: -u 100 -r 10 -t 5m")
    try:
        return Plan.model_validate(
            {
                "name": _label(path.stem),
                "target": {"base_url": host},
                "journeys": journeys,
                "load": [{"model": "closed", "shape": _shape(user_count, spawn_rate, run_time_s)}],
            }
        )
    except ValidationError as error:
        finding = finding_of(error.errors(include_url=False)[0])
        option = _OPTIONS.get(str(finding.place[0]) if finding.place else "", "")
        raise PlanError(f"{path}: {finding.sentence}", hint=f"see the option {option}" if option else "") from error


def _shape(user_count: int, spawn_rate: float, run_time_s: float) -> list[dict[str, Any]]:
    ramp_s = user_count / spawn_rate
    if ramp_s >= run_time_s:
        return [{"ramp": {"from": 0, "to": spawn_rate * run_time_s, "over": run_time_s}}]
    if ramp_s < MIN_DURATION_S:
        return [{"constant": {"at": user_count, "for": run_time_s}}]
    held_s = max(run_time_s - ramp_s, MIN_DURATION_S)
    ramp = {"ramp": {"from": 0, "to": user_count, "over": ramp_s}}
    return [ramp, {"constant": {"at": user_count, "for": held_s}}]


def _label(stem: str) -> str:
    label = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")
    return label[:MAX_NAME_CHARS] or "locustfile"
