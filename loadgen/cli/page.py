"""``loadgen page``: the live page by itself, from anywhere that reaches Redis; how other commands start it as a child.

It is a process of its own wherever it runs, so that no viewer takes a turn of a coordinator's loop.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from loadgen.cli.options import redis_option

if TYPE_CHECKING:
    from loadgen.plan.read import LoadedPlan
    from loadgen.web.routes import Starting

TOKEN_VARIABLE: Final = "LOADGEN_WEB_TOKEN"  # noqa: S105 -- the variable's name
"""Carries the token; a command line can be read by everyone on the machine."""

SHORTEST_TOKEN: Final = 16
"""Characters of a token that cannot be guessed by trying."""


def listen(_context: click.Context, _parameter: click.Parameter, text: str | None) -> tuple[str, int] | None:
    """Read ``[HOST:]PORT``; loopback without a host.

    Raises:
        BadParameter: it cannot be read.
    """
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"expected [HOST:]PORT such as 9647 or 0.0.0.0:9647, got {text!r}")
    return host.strip("[]") or "127.0.0.1", int(port)


@click.command()
@redis_option()
@click.option(
    "--listen",
    "where",
    default="0",
    show_default=True,
    callback=listen,
    metavar="[HOST:]PORT",
    help="Where; 0 takes a free port.",
)
@click.option(
    "--web-token",
    "token",
    envvar=TOKEN_VARIABLE,
    show_envvar=True,
    help="Needed to start and stop runs.  [default: random]",
)
@click.option(
    "--plans",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=".",
    show_default=True,
    help="Folder that the paths in plans start from; they may not leave it.",
)
@click.option("--no-start", is_flag=True, help="Start no runs from here.")
def page(redis_url: str, where: tuple[str, int], token: str | None, plans: Path, no_start: bool) -> None:
    """Serve the live page: runs as they go on, those of the past with their reports, start and stop.

    On this machine alone everyone may look; on any other address the token is needed for everything, and whoever has it
    can start any journey in --plans. Put TLS before it where the network is not yours.

    \b
    Examples:
      loadgen page --redis redis://localhost:6379
      loadgen page --redis redis://localhost:6379 --listen 9647 --plans journeys/plans
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    from loadgen.bus import connect
    from loadgen.errors import UsageError
    from loadgen.web import Access, PageServer
    from loadgen.web.access import new_token

    if token is not None and len(token) < SHORTEST_TOKEN:
        raise UsageError(f"a token has at least {SHORTEST_TOKEN} characters", hint="leave it out for a random one")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    access = Access(where[0], token or new_token())
    server = PageServer(lambda: connect(redis_url), where[1], access, None if no_start else _starting(redis_url, plans))
    server.start()
    shown = "" if token else f"#token={access.token}"  # who gave it knows it, and logs need not
    click.echo(f"page on {server.url}{shown}")
    sys.stdout.flush()
    stop.wait()
    server.stop()


def _starting(redis_url: str, root: Path) -> Starting:
    from loadgen.web.plans import PlansBelow
    from loadgen.web.routes import Starting

    def check(text: str, folder: str) -> str:
        from loadgen.plan.preview import summary

        return summary(_read(root, text, folder).plan)

    def start(text: str, folder: str) -> str:
        from loadgen.bus import connect
        from loadgen.cli.submission import check_target, submit
        from loadgen.worker.settings import cluster_key

        loaded = _read(root, text, folder)
        check_target(loaded.plan)
        bus = connect(redis_url)
        try:
            return submit(bus, loaded, cluster_key()).run
        finally:
            bus.close()

    return Starting(check, start, PlansBelow(root))


def _read(root: Path, text: str, folder: str) -> LoadedPlan:
    """Read a plan as if it lay in a folder below the root.

    Raises:
        PlanError: it is none, or names files outside of the root.
        JourneyError: a journey does not import.
    """
    from loadgen.cli.submission import read_plan
    from loadgen.errors import JourneyError, PlanError
    from loadgen.plan.read import load_plan
    from loadgen.plan.source import Source

    root = root.resolve()
    place = (root / folder).resolve() / "plan.yaml" if "\0" not in folder else root.parent
    try:
        written = Source.read(place, text).data
        _stay_inside(root, place, *(place.parent / name for name in _files_in(written)))  # before any is read
        loaded = load_plan(place, text)
        named = [*(journey.path for journey in loaded.journeys), loaded.dialect_file, *loaded.data_files.values()]
        _stay_inside(root, *filter(None, named))
        return read_plan(place, text)  # imports the journeys, so only now
    except (PlanError, JourneyError) as error:
        kind = JourneyError if isinstance(error, JourneyError) else PlanError
        raise kind(error.message.replace(f"{place.parent}/", ""), hint=error.hint) from error


def _files_in(written: Any) -> Iterator[str]:
    """The files that a plan as written names, of whatever kind."""
    if isinstance(written, dict):
        name = written.get("file")
        if isinstance(name, str) and name.isprintable():  # others are refused unread
            yield name
    inside = written.values() if isinstance(written, dict) else written if isinstance(written, list) else ()
    for part in inside:
        yield from _files_in(part)


def _stay_inside(root: Path, *files: Path) -> None:
    """Whoever has the token starts what lies in one folder, not what lies anywhere on this machine."""
    from loadgen.errors import PlanError

    for file in files:
        if not file.resolve().is_relative_to(root):
            raise PlanError(
                f"{os.path.relpath(file, root)} is outside of the folder that this page starts runs from",
                hint="serve the page with --plans FOLDER, of a folder that holds plan and journeys",
            )
