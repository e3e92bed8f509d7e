"""The ``loadgen`` command. The home of ``click``; wires everything together.

A command is imported when it is called, so ``loadgen --help`` is quick and nothing is patched before it must be.
Errors with a sentence for people end here: the sentence, a hint, and the error's own exit code.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import Final, cast

import click

from loadgen import __version__
from loadgen.compiled import form
from loadgen.errors import LoadgenError

COMMANDS: Final = {
    "init": "loadgen.cli.init:init",
    "run": "loadgen.cli.run:run",
    "plan": "loadgen.cli.plan:plan",
    "journey": "loadgen.cli.journey:journey",
    "demo-shop": "loadgen.cli.demo_shop:demo_shop",
    "coordinator": "loadgen.cli.coordinator:coordinator",
    "worker": "loadgen.cli.worker:worker",
    "submit": "loadgen.cli.submit:submit",
    "status": "loadgen.cli.status:status",
    "watch": "loadgen.cli.watch:watch",
    "stop": "loadgen.cli.stop:stop",
    "page": "loadgen.cli.page:page",
    "report": "loadgen.cli.report:report",
    "clean": "loadgen.cli.clean:clean",
    "simulate": "loadgen.cli.simulate:simulate",
}
"""Every command and where it lives, in the order of ``--help``: first what one machine needs, then the cluster."""


class _Commands(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's own signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- the same
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        return cast("click.Command", getattr(importlib.import_module(module), name))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="loadgen", message=f"%(prog)s, version %(version)s ({form()})")
def cli() -> None:
    """Rehearse your shop's sales day: launch shoppers from many machines and know what the shop can take.

    \b
    Examples:
      loadgen run journeys/plans/smoke.yaml --demo-shop
      loadgen plan preview journeys/plans/ramp.yaml
    """  # noqa: D301 -- \b keeps click from wrapping the examples


def main(args: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        args: the arguments, those of the process by default.

    Returns:
        The exit code, see :mod:`loadgen.errors` and :mod:`loadgen.endings`.
    """
    try:
        code = cli.main(args, prog_name="loadgen", standalone_mode=False)
        sys.stdout.flush()
    except LoadgenError as error:
        click.echo(f"Error: {error.message}", err=True)
        if error.hint:
            click.echo(f"Hint: {error.hint}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Aborted.", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter flushes in vain at its end
        return 128 + signal.SIGPIPE
    return code if isinstance(code, int) else 0
