"""``loadgen journey``: for authors of journeys."""

from __future__ import annotations

from pathlib import Path

import click

from loadgen.cli.record import record
from loadgen.errors import JourneyError


@click.group()
def journey() -> None:
    """Write and try journeys.

    \b
    Examples:
      loadgen journey try journeys/browse.py --dialect journeys/dialects/demo.py --host http://127.0.0.1:8100
      loadgen journey show flow.py
      loadgen journey record shop.har
    """  # noqa: D301 - \b keeps click from wrapping the examples


journey.add_command(record)


@journey.command("try")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--user", metavar="NAME", help="The user class; needed when the file has several.")
@click.option("--host", "-H", metavar="URL", help="Base URL of the shop; the plan's or the class's by default.")
@click.option("--think", default=1.0, show_default=True, type=click.FloatRange(0), help="Factor on think times.")
@click.option(
    "--tasks", default=1, show_default=True, type=click.IntRange(1), help="Random tasks, for plain Locust users."
)
@click.option("--plan", metavar="PLAN", help="The plan whose target, dialect and data are the journey's.")
@click.option("--dialect", metavar="FILE", help="How the shop is spoken to: a dialect's file, or FILE:CLASS.")
def try_(
    file: Path, user: str | None, host: str | None, think: float, tasks: int, plan: str | None, dialect: str | None
) -> None:
    """Run one shopper of FILE once and print every request as it happens.

    Afterwards come the funnel of its steps and the totals. Ends with 0 if the journey was completed, with 4 if it
    failed.

    \b
    Examples:
      loadgen journey try journeys/browse.py --dialect journeys/dialects/demo.py --host http://127.0.0.1:8100
      loadgen journey try journeys/buy.py --plan journeys/plans/smoke.yaml --host http://127.0.0.1:8100 --think 0
    """  # noqa: D301 - \b keeps click from wrapping the examples
    from loadgen.journey.trial import summary, try_journey
    from loadgen.plan.read import load_plan

    trial = try_journey(file, user, host, think, tasks, click.echo, load_plan(plan) if plan else None, dialect)
    click.echo()
    for line in summary(trial):
        click.echo(line)
    if trial.how != "completed":
        raise JourneyError("the journey was not completed", hint="the failed requests above say why")


@journey.command("show")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--user", metavar="NAME", help="One of its classes; all flows of the file by default.")
def show_(file: Path, user: str | None) -> None:
    """Print the flows of FILE: states, probabilities, think times, and how often a shopper comes to each state.

    Nothing is sent anywhere. A mistake in a flow is named with its line, and ends this with 4.

    \b
    Examples:
      loadgen journey show flow.py
      loadgen journey show flow.py --user Visitor
    """  # noqa: D301 - \b keeps click from wrapping the examples
    from loadgen.journey.show import show

    for line in show(file, user):
        click.echo(line)
