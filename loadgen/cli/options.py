"""Options that several commands share, and reading what people write in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

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
