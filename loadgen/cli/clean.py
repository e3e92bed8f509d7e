"""``loadgen clean``: undo what the shoppers of a run have created in the shop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from loadgen.cli.options import redis_option
from loadgen.errors import JourneyError, UsageError
from loadgen.messages.created import Created

SHOWN = 20
"""Things that could not be undone are named up to so many."""


@dataclass(frozen=True)
class _List:
    """A run's list, wherever it is kept.

    Attributes:
        run: the run's id.
        target: the shop's base URL, as the run's plan has it.
        things: what is to be undone.
        lost: how many things were created and are not in it.
        strike: takes one off.
        close: keeps what is left.
    """

    run: str
    target: str
    things: list[Created]
    lost: int
    strike: Callable[[Created], None]
    close: Callable[[], None]


@click.command()
@click.argument("run")
@click.option("--plan", required=True, metavar="PLAN", help="The run's plan: its target and dialect.")
@redis_option(required=False)
@click.option("--dry-run", is_flag=True, help="Only say what there is to undo; nothing is sent to the shop.")
def clean(run: str, plan: str, redis_url: str | None, dry_run: bool) -> None:
    """Undo what the shoppers of RUN have created, one thing after the other, as far as the plan's dialect can.

    RUN is a run of a cluster, for which --redis is needed, or the file that loadgen run --created has written. It takes
    a plan with 'cleanable: true'. What is undone is taken off the list, so it can be called again for the rest. Ends
    with 0 if nothing is left, with 4 otherwise.

    \b
    Examples:
      loadgen clean created.jsonl --plan plan.yaml --dry-run
      loadgen clean RUN --plan plan.yaml --redis redis://localhost:6379
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    from loadgen.plan.read import load_plan

    loaded = load_plan(plan)
    listed = _read(run, redis_url)
    if listed.target != loaded.plan.target.base_url:
        raise UsageError(
            f"run {listed.run} was aimed at {listed.target}, this plan is at {loaded.plan.target.base_url}",
            hint="give the plan of that run: in another shop the same numbers are other people's orders",
        )
    if listed.lost:
        click.echo(f"{listed.lost:,} more were created than are on the list; docs/cleaning.md says why", err=True)
    if dry_run:
        for kind, count in Counter(thing.kind for thing in listed.things).items():
            click.echo(f"{kind}: {count:,} to undo")
        if not listed.things:
            click.echo("there is nothing to undo")
        return
    from loadgen.journey.cleaning import Fate, undo

    fates: Counter[str] = Counter()
    try:
        for thing, fate, why in undo(listed.things, loaded, listed.run):
            fates[fate] += 1
            if fate is Fate.UNDONE:
                listed.strike(thing)
            elif fates.total() - fates[Fate.UNDONE] <= SHOWN:
                click.echo(f"{thing}: {fate}{why and f', {why}'}", err=True)
    finally:
        listed.close()
    click.echo(", ".join(f"{fates[fate]:,} {fate}" for fate in Fate))
    left = fates.total() - fates[Fate.UNDONE]
    if left:
        raise JourneyError(
            f"{left:,} could not be undone", hint="they stay on the list; the shop's own people can help"
        )


def _read(run: str, redis_url: str | None) -> _List:
    if Path(run).is_file():
        return _from_file(Path(run))
    if redis_url is None:
        raise UsageError(
            f"{run} is no file; to look for a run of that name, say where the cluster is",
            hint="add --redis URL, or name the file that loadgen run --created has written",
        )
    return _from_cluster(run, redis_url)


def _from_file(path: Path) -> _List:
    from loadgen.cli.created import read_created, write_created

    run, target, things = read_created(path)
    left = dict.fromkeys(things)

    def close() -> None:
        if len(left) < len(things):
            write_created(path, run, target, left)

    return _List(run, target, things, 0, left.pop, close)


def _from_cluster(run: str, redis_url: str) -> _List:
    from loadgen.bus import RunBus, connect
    from loadgen.bus.created import CreatedBus

    bus = connect(redis_url)
    plan, created = RunBus(bus, run).spec().read_plan(), CreatedBus(bus, run)
    if not plan.cleanable:
        raise UsageError(
            f"run {run} has kept no list of what its shoppers created", hint="add 'cleanable: true' to the plan"
        )
    return _List(run, plan.target.base_url, created.all(), created.lost(), created.strike, bus.close)
