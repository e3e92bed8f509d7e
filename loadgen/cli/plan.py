"""``loadgen plan``: check a plan, look at it, and help an editor to write one. Nothing is sent anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from loadgen.plan.problems import Problem
    from loadgen.plan.read import LoadedPlan


@click.group()
def plan() -> None:
    """Check, preview and write plans.

    \b
    Examples:
      loadgen plan check journeys/plans/smoke.yaml
      loadgen plan preview journeys/plans/sales-day.yaml
    """  # noqa: D301 - \b keeps click from wrapping the examples


@plan.command()
@click.argument("plans", metavar="PLAN...", nargs=-1, required=True)
@click.pass_context
def check(context: click.Context, plans: tuple[str, ...]) -> None:
    """Report everything that is wrong with plans.

    Reads each plan, finds the files it names, reads its data, and imports its journeys in a process of their own.
    Problems go to the standard error, one a line with file, line and column; the exit code is then 3.

    \b
    Examples:
      loadgen plan check journeys/plans/smoke.yaml
      loadgen plan check journeys/plans/*.yaml
    """  # noqa: D301 - \b keeps click from wrapping the examples
    from loadgen.errors import PlanError
    from loadgen.plan.preview import summary
    from loadgen.plan.problems import InvalidPlan
    from loadgen.plan.read import load_plan

    wrong = False
    for path in plans:
        try:
            loaded = load_plan(path)
            problems = (*check_journeys(loaded), *check_data(loaded))
        except InvalidPlan as error:
            problems = error.problems
        except PlanError as error:
            wrong = True
            click.echo(error.message + (f" ({error.hint})" if error.hint else ""), err=True)
            continue
        for problem in problems:
            click.echo(str(problem), err=True)
        wrong = wrong or bool(problems)
        if not problems:
            click.echo(f"ok: {summary(loaded.plan)}")
    if wrong:
        context.exit(PlanError.exit_code)


@plan.command()
@click.argument("path", metavar="PLAN")
@click.option("--width", type=click.IntRange(40, 400), help="Characters a line.  [default: the terminal's]")
@click.option(
    "--requests",
    "requests",
    metavar="USER=NUMBER",
    multiple=True,
    help="Requests that one session of a journey makes, for the estimate. May be repeated.",
)
def preview(path: str, width: int | None, requests: tuple[str, ...]) -> None:
    """Draw a plan's load over time and estimate what it takes.

    \b
    Examples:
      loadgen plan preview journeys/plans/sales-day.yaml
      loadgen plan preview journeys/plans/ramp.yaml --width 60
      loadgen plan preview journeys/plans/ramp.yaml --requests Browser=4
    """  # noqa: D301 - \b keeps click from wrapping the examples
    import shutil

    from loadgen.plan.preview import preview as draw
    from loadgen.plan.read import load_plan

    known = dict(_requests_of(text) for text in requests)
    loaded = load_plan(path)
    strangers = sorted(set(known) - set(loaded.plan.users))
    if strangers:
        raise click.BadParameter(f"the plan has no journey {strangers[0]}", param_hint="--requests")
    columns = width or shutil.get_terminal_size().columns
    click.echo(draw(loaded.plan, columns, known, ascii_only=not _shows_blocks()), nl=False)


@plan.command()
def schema() -> None:
    """Print the JSON Schema of plans, for editors.

    \b
    Examples:
      loadgen plan schema
      loadgen plan schema > plan.schema.json

    In Visual Studio Code and others with the YAML language server, begin a plan with the line

    \b
      # yaml-language-server: $schema=plan.schema.json
    """  # noqa: D301 - \b keeps click from wrapping the examples
    import json

    from loadgen.plan.schema import plan_schema

    click.echo(json.dumps(plan_schema(), indent=2))


def check_journeys(loaded: LoadedPlan) -> tuple[Problem, ...]:
    """Import the journeys of a plan in a process of their own, and compare them with the plan.

    Raises:
        JourneyError: the process gave no answer.
    """
    from loadgen.cli.inspection import inspect_journeys
    from loadgen.plan.inspection import journey_problems

    files = list(dict.fromkeys([*(journey.path for journey in loaded.journeys), *filter(None, [loaded.dialect_file])]))
    return journey_problems(loaded, inspect_journeys(files))


def check_data(loaded: LoadedPlan) -> tuple[Problem, ...]:
    """Read the data of a plan; what may be meant otherwise is said on the standard error."""
    if not loaded.plan.data:
        return ()
    from loadgen.data.check import check_sources

    checked = check_sources(loaded)
    for note in checked.notes:
        click.echo(f"note: {note}", err=True)
    return checked.problems


def _requests_of(text: str) -> tuple[str, float]:
    user, _, number = text.partition("=")
    if not user or not number.replace(".", "", 1).isdecimal():
        raise click.BadParameter(f"expected USER=NUMBER such as Browser=4; got {text}", param_hint="--requests")
    return user, float(number)


def _shows_blocks() -> bool:
    """Whether the standard output can show block characters at all."""
    import sys

    encoding = sys.stdout.encoding or "ascii"
    try:
        "█┤└".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
