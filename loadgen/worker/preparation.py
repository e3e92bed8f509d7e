"""Before a worker serves a run: is the code the author's, may it run here, and does it load?

Checked in this order, so that nothing is imported that was not trusted first::

    signature ─▶ digest ─▶ target ─▶ secrets ─▶ import ─▶ user classes ─▶ data
"""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from locust.user.users import User

from loadgen.errors import JourneyError
from loadgen.journey.environment import JourneyEnvironment, PlanContext
from loadgen.journey.load import find_user, load_users
from loadgen.messages import RunSpec
from loadgen.plan.bundle import Bundle
from loadgen.plan.model import DataFile, DataFormat, Plan
from loadgen.plan.secrets import resolve, resolve_target, values_in
from loadgen.worker.settings import WorkerSettings
from loadgen.worker.targets import AllowedTargets


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a worker needs to serve a run.

    Attributes:
        run: the run's id.
        plan: the plan, secrets unresolved.
        environment: Locust's environment, aimed at the target.
        users: user classes by name.
        secrets: values that must not appear in any message.
    """

    run: str
    plan: Plan
    environment: JourneyEnvironment
    users: Mapping[str, type[User]]
    secrets: tuple[str, ...]


def prepare(
    spec: RunSpec, code: bytes, settings: WorkerSettings, key: bytes, targets: AllowedTargets, scratch: Path
) -> Prepared:
    """Check and load a run.

    Args:
        spec: the run as submitted.
        code: shipped journey code, empty when it is installed.
        settings: what the operator said.
        key: the cluster's key, empty without one.
        targets: whom this worker may aim at.
        scratch: an empty folder for shipped code.

    Raises:
        JourneyError: code that is not trusted, differs, or does not import.
        TargetError: the target is not allowed.
        PlanError: a secret is not set here, or the plan is of another version of loadgen.
    """
    _check_signature(spec, key)
    root = _code_root(spec, code, key, settings, scratch)
    plan = spec.read_plan()
    target = resolve_target(plan.target, os.environ)
    address = urlsplit(target.base_url)
    targets.check(address.hostname or "", address.port or (443 if address.scheme == "https" else 80))
    files = load_users(root, [journey.file for journey in plan.journeys])
    users = {journey.user: find_user(files[journey.file], journey.user) for journey in plan.journeys}
    environment = JourneyEnvironment(
        PlanContext(
            seed=plan.seed,
            data={data.name: read_data(root, data, os.environ) for data in plan.data},
            headers=target.headers,
            insecure_tls=target.insecure_tls,
            http=target.http,
            trace=target.trace,
        ),
        may_reach=targets.allows,
        user_classes=list(users.values()),
        host=target.base_url,
        tags=list(plan.tags) or None,
        exclude_tags=list(plan.exclude_tags) or None,
        stop_timeout=plan.graceful_stop,
    )
    return Prepared(spec.run, plan, environment, users, values_in(plan, os.environ))


def _check_signature(spec: RunSpec, key: bytes) -> None:
    if key and not spec.is_signed_with(key):
        raise JourneyError(
            "the run is not signed with this cluster's key", hint="submit it with the same LOADGEN_KEY as the workers"
        )
    if spec.code == "shipped" and not key:
        raise JourneyError(
            "this worker takes no shipped journey code, as it has no key to check it with",
            hint="start it with LOADGEN_KEY, or install the journeys and start it with --journeys DIR",
        )


def _code_root(spec: RunSpec, code: bytes, key: bytes, settings: WorkerSettings, scratch: Path) -> Path:
    if spec.code == "shipped":
        bundle = Bundle.unpack(code)
        _compare(spec, bundle, "the shipped code")
        bundle.write_to(scratch)
        return scratch
    if not settings.journeys_dir:
        raise JourneyError(
            "the run uses installed journeys, but this worker has none",
            hint="start it with --journeys DIR" + (", or submit with LOADGEN_KEY to ship the code" if key else ""),
        )
    folder = Path(settings.journeys_dir)
    _compare(spec, Bundle.read_from(folder, spec.files), f"this worker's {folder.name}")
    return folder


def _compare(spec: RunSpec, bundle: Bundle, whose: str) -> None:
    if bundle.digest == spec.digest:
        return
    here = bundle.hashes
    missing = sorted(path for path in spec.files if path not in here)
    different = sorted(path for path in spec.files if path in here and here[path] != spec.files[path])
    what = ", ".join([*(f"{path} differs" for path in different), *(f"{path} is missing" for path in missing)][:3])
    raise JourneyError(
        f"{whose} has digest {bundle.digest[:12]}, the plan's author had {spec.digest[:12]}"
        f" ({what or 'the list of files differs'})",
        hint="bring both to the same version of the journeys",
    )


def read_data(root: Path, data: DataFile, environ: Mapping[str, str]) -> list[Any]:
    """The rows of a data file: dicts by column for CSV, whatever each line holds for JSON lines.

    Args:
        root: folder of the journey code; a path that names a secret may lead anywhere on this worker.
        data: the plan's entry.
        environ: for references in its path.

    Raises:
        PlanError: a variable is not set.
        JourneyError: the file is missing or malformed.
    """
    path = root / resolve(data.file, environ)
    try:
        text = path.read_text(encoding="utf-8-sig")
        if data.read_as is DataFormat.CSV:
            return list(csv.DictReader(io.StringIO(text)))
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError, csv.Error, RecursionError) as error:
        raise JourneyError(f"the data file {data.name} ({data.file}) cannot be read: {error}") from error


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for shipped code that is removed when the process ends."""
    return tempfile.TemporaryDirectory(prefix="loadgen-journeys-")
