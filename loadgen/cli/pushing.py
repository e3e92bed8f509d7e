"""Options for sending metrics to whom they are wanted by, for runs that nobody scrapes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from loadgen.cli.options import checked
from loadgen.units import parse_duration

if TYPE_CHECKING:
    from loadgen.metrics.push.receiver import Receiver

F = TypeVar("F", bound=Callable[..., Any])

REMOTE_WRITE_VARIABLE: Final = "LOADGEN_REMOTE_WRITE"
OTLP_VARIABLE: Final = "LOADGEN_OTLP"
"""They carry the URLs from ``loadgen run`` to its coordinator, as a URL may hold a password."""

WARNING: Final = "Warning: "
"""Begins what a coordinator says at its end about what did not arrive."""

OFTEN_S, SELDOM_S = 1.0, 60.0
"""Bounds of ``--push-every``: a second is sealed once a second, and series fade after five minutes."""


def every(_context: click.Context, _parameter: click.Parameter, text: str) -> float:
    """Read how often metrics are sent, seconds.

    Raises:
        BadParameter: it is no duration, or out of bounds.
    """
    every_s = checked(parse_duration, text)
    if not OFTEN_S <= every_s <= SELDOM_S:
        raise click.BadParameter(f"expected {OFTEN_S:g}s to {SELDOM_S:g}s")
    return every_s


def push_options(command: F) -> F:
    """``--remote-write``, ``--otlp`` and ``--push-every``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: Final = (
    click.option(
        "--remote-write",
        metavar="URL",
        envvar=REMOTE_WRITE_VARIABLE,
        show_envvar=True,
        help="Send metrics by Prometheus' remote write, e.g. to http://HOST:9090/api/v1/write.",
    ),
    click.option(
        "--otlp",
        metavar="URL",
        envvar=OTLP_VARIABLE,
        show_envvar=True,
        help="Send metrics by OpenTelemetry's OTLP/HTTP; 'env': to where OTEL_EXPORTER_OTLP_… says.",
    ),
    click.option(
        "--push-every",
        "push_every_s",
        default="5s",
        show_default=True,
        callback=every,
        metavar="TIME",
        help="How often they are sent.",
    ),
)


def open_receivers(remote_write: str | None, otlp: str | None) -> list[Receiver]:
    """Everybody that metrics are to be sent to.

    Raises:
        BadParameter: a URL is none.
        UsageError: a library is not installed, or a variable cannot be read.
    """
    from loadgen.metrics.push.opening import receivers

    return [
        *_named("--remote-write", lambda: receivers(remote_write, None, os.environ)),
        *_named("--otlp", lambda: receivers(None, otlp, os.environ)),
    ]


def _named(option: str, opened: Callable[[], list[Receiver]]) -> list[Receiver]:
    try:
        return opened()
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=f"'{option}'") from None
