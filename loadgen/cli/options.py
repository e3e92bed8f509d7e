"""Options that several commands share, and reading what people write in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from loadgen.units import parse_rate

Value = TypeVar("Value")
F = TypeVar("F", bound=Callable[..., Any])

REDIS_VARIABLE = "LOADGEN_REDIS"


def redis_option(*, required: bool = True) -> Callable[[F], F]:
    """``--redis URL``, also from the environment, as a URL may hold a password."""
    return click.option(
        "--redis",
        "redis_url",
        metavar="URL",
        envvar=REDIS_VARIABLE,
        show_envvar=True,
        required=required,
        help="Redis or Valkey of the cluster: redis://, rediss://, redis+sentinel:// or redis+cluster://.",
    )


def labels(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read ``key=value`` pairs.

    Raises:
        BadParameter: one of them is no pair.
    """
    pairs = {}
    for value in values:
        key, separator, text = value.partition("=")
        if not separator or not key:
            raise click.BadParameter(f"expected key=value, got {value!r}")
        pairs[key] = text
    return pairs


def checked(parse: Callable[[str], Value], text: str) -> Value:
    """Read what somebody wrote in an option.

    Raises:
        BadParameter: it cannot be read, in the words of ``parse``.
    """
    try:
        return parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def knee(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float | None:
    """Read the rate at which the demo shop saturates, visitors per second.

    Raises:
        BadParameter: it is no rate, or 0.
    """
    knee_per_s = None if text is None else checked(parse_rate, text)
    if knee_per_s == 0:
        raise click.BadParameter("a shop whose knee is 0 could serve nobody")
    return knee_per_s
