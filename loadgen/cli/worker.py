"""``loadgen worker``: the worker processes of this machine."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from loadgen.cli.options import labels, redis_option
from loadgen.compiled import form


def _processes(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    from loadgen.worker.supervisor import cores

    if value == "auto":
        return cores()
    if value.isdigit() and 1 <= int(value) <= 1024:
        return int(value)
    raise click.BadParameter("expected auto (one per core) or a number from 1 to 1024")


@click.command()
@redis_option()
@click.option(
    "--processes", default="auto", show_default=True, callback=_processes, help="How many; auto: one per core."
)
@click.option("--label", "label", multiple=True, callback=labels, metavar="KEY=VALUE", help="For runs to choose by.")
@click.option(
    "--journeys",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of installed journeys. Without it only code signed with LOADGEN_KEY is taken.",
)
@click.option(
    "--data",
    "data_dirs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="Folder of installed data files, for plans that say installed: true. May be repeated.",
)
@click.option(
    "--allow-target",
    "allow_targets",
    multiple=True,
    metavar="HOST[:PORT]",
    help="A host that runs may aim at, e.g. shop.example or *.shop.example. Loopback is always allowed.",
)
@click.option(
    "--weight",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.001, 1000),
    help="How much of the load each process takes, compared with workers of other machines.",
)
@click.option(
    "--max-failures",
    type=click.IntRange(1),
    help="End when a process dies right after its start so often in a row.  [default: try for ever]",
)
@click.option("--node", metavar="NAME", help="Name of this machine.  [default: its host name]")
@click.option("--lease", "lease_s", default=5.0, show_default=True, type=click.FloatRange(1, 60), help="Seconds.")
def worker(
    redis_url: str,
    processes: int,
    label: dict[str, str],
    journeys: Path | None,
    data_dirs: tuple[Path, ...],
    allow_targets: tuple[str, ...],
    weight: float,
    max_failures: int | None,
    node: str | None,
    lease_s: float,
) -> None:
    """Offer this machine's cores to the cluster, until Ctrl-C or SIGTERM.

    The first signal lets shoppers finish and gives the load back to the others; a second one hurries.

    \b
    Examples:
      loadgen worker --redis redis://localhost:6379 --journeys journeys
      loadgen worker --redis redis://localhost:6379 --allow-target shop.example --label zone=a
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    from loadgen.bus import connect
    from loadgen.worker.settings import WorkerSettings
    from loadgen.worker.supervisor import Supervisor, node_name

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    settings = WorkerSettings(
        redis_url=redis_url,
        name="",
        node=node or node_name(),
        labels=label,
        weight=weight,
        journeys_dir=str(journeys.resolve()) if journeys else "",
        data_dirs=tuple(str(folder.resolve()) for folder in data_dirs),
        allow_targets=allow_targets,
        lease_s=lease_s,
    )
    bus = connect(redis_url)
    logging.getLogger("loadgen.worker").info("processes: %d, %s, for %s", processes, form(), bus.url)
    Supervisor(bus, settings, processes, max_failures).run()
