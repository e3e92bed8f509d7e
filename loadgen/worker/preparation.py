"""Before a worker serves a run: is the code the author's, may it run here, and does it load?

Checked in this order, so that nothing is imported that was not trusted first::

    signature ─▶ digest ─▶ target ─▶ secrets ─▶ import ─▶ dialect and user classes ─▶ data
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import gevent
from locust.user.users import User

from loadgen.data.cache import RowCache
from loadgen.data.installed import installed_file
from loadgen.data.opening import open_rows
from loadgen.errors import JourneyError
from loadgen.journey.arguments import configure_users, parsed_options
from loadgen.journey.environment import JourneyEnvironment, PlanContext
from loadgen.journey.limits import limits_of
from loadgen.journey.load import find_user, load_dialect, load_users
from loadgen.journey.patience import tempers
from loadgen.journey.sources import Source
from loadgen.messages import RunSpec
from loadgen.plan.bundle import Bundle
from loadgen.plan.data import DataSource
from loadgen.plan.model import Plan
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
        master: whether the run has a master, for whose word the worker waits.
    """

    run: str
    plan: Plan
    environment: JourneyEnvironment
    users: Mapping[str, type[User]]
    secrets: tuple[str, ...]
    master: bool = False


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
    dialect = load_dialect(root, plan.target.dialect) if plan.target.dialect else None
    files = load_users(root, [journey.file for journey in plan.journeys])
    users = {journey.user: find_user(files[journey.file], journey.user) for journey in plan.journeys}
    options = parsed_options(plan.options)
    environment = JourneyEnvironment(
        PlanContext(
            seed=plan.seed,
            data={source.name: open_source(root, source, plan, os.environ, settings.data_dirs) for source in plan.data},
            headers=target.headers_in(spec.run),
            insecure_tls=target.insecure_tls,
            http=target.http,
            trace=target.trace,
            devices=plan.devices,
            patience=tempers(plan.patience),
            dialect=dialect,
            limits=limits_of(plan.commerce),
        ),
        may_reach=targets.allows,
        user_classes=list(users.values()),
        host=plan.options.get("host", target.base_url),
        parsed_options=options,
        reset_stats=options.reset_stats,
        profile=options.profile,
        locustfile=Path(plan.journeys[0].file).name,
        tags=list(plan.tags) or None,
        exclude_tags=list(plan.exclude_tags) or None,
        stop_timeout=plan.graceful_stop,
    )
    configure_users(environment, options)
    if "loglevel" in plan.options:
        logging.getLogger().setLevel(options.loglevel)
    return Prepared(spec.run, plan, environment, users, values_in(plan, os.environ), spec.master)


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


def open_source(
    root: Path,
    source: DataSource,
    plan: Plan,
    environ: Mapping[str, str],
    folders: Sequence[str] = (),
    cache: RowCache | None = None,
) -> Source:
    """Open a source of data; its rows stay on disk.

    Args:
        root: folder of the journey code; a path that names a secret may lead anywhere on this worker.
        source: the plan's entry.
        plan: the plan.
        environ: for references in its path.
        folders: where the operator installed data.
        cache: where indexes are kept; by default the machine's own place.

    Raises:
        PlanError: a variable is not set.
        JourneyError: the file is missing, malformed, or another one than the author's.
    """
    cache = cache or RowCache()
    if source.file is None:
        rows = open_rows(source, None, plan.seed, cache)
    elif source.installed:
        path = installed_file(source, folders, breathe=_breathe)
        rows = open_rows(source, path, plan.seed, cache, digest=source.sha256, breathe=_breathe)
    else:
        path = root / resolve(source.file, environ)
        rows = open_rows(source, path, plan.seed, cache, digest=source.sha256, breathe=_breathe)
    return Source(source, rows, plan.seed)


def _breathe() -> None:
    gevent.sleep(0)  # beats and stops go on while a large file is read


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for shipped code that is removed when the process ends."""
    return tempfile.TemporaryDirectory(prefix="loadgen-journeys-")
