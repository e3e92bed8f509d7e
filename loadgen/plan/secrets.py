"""``${env:NAME}``: secrets that a plan names but never holds.

Strings of ``target`` and ``data`` may contain references. They stay as written in the plan, in Redis, in logs and in
reports; each worker puts the values of its own environment in, just before it uses them::

    Authorization: "Bearer ${env:SHOP_TOKEN}"        a reference
    X-Price: "$${5}"                                 a plain ${5}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from loadgen.errors import PlanError

if TYPE_CHECKING:
    from loadgen.plan.model import Plan
    from loadgen.plan.target import Target

HIDDEN = "[hidden]"
"""What stands where a secret was."""

_PIECE = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


def check_references(text: str) -> str:
    """The text, if every ``${`` in it is a whole reference or escaped.

    Raises:
        ValueError: a ``${…}`` that is no reference; the message is for people.
    """
    for match in _PIECE.finditer(text):
        if match[0] != "$${" and _REFERENCE.fullmatch(match[0]) is None:
            raise ValueError(f"expected ${{env:NAME}}; got '{match[0]}' (write $${{ for a plain ${{)")
    return text


def has_references(text: str) -> bool:
    """Whether the text's value depends on the environment."""
    return any(_references(text))


def names_in(plan: Plan) -> set[str]:
    """The environment variables that a worker needs for this plan."""
    texts = [plan.target.base_url, *plan.target.headers.values(), *(data.file or "" for data in plan.data)]
    return {name for text in texts for name in _references(text)}


def resolve(text: str, environ: Mapping[str, str]) -> str:
    """Put the values of the environment in.

    Raises:
        PlanError: variables are not set; all of them are named.
    """
    missing = sorted({name for name in _references(text) if name not in environ})
    if missing:
        raise _missing(missing)
    return _PIECE.sub(lambda match: "${" if match[0] == "$${" else environ[match[0][6:-1]], text)


def resolve_target(target: Target, environ: Mapping[str, str]) -> Target:
    """The target with the values of the environment in its URL and headers.

    Raises:
        PlanError: variables are not set (all are named), or the URL they give is none.
    """
    texts = [target.base_url, *target.headers.values()]
    missing = sorted({name for text in texts for name in _references(text) if name not in environ})
    if missing:
        raise _missing(missing)
    headers = {name: resolve(text, environ) for name, text in target.headers.items()}
    return target.with_values(resolve(target.base_url, environ), headers)


def values_in(plan: Plan, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The secrets' values as far as they are set: what :func:`redact` has to hide."""
    return tuple(sorted({environ[name] for name in names_in(plan) if environ.get(name)}))


def redact(text: str, values: Iterable[str]) -> str:
    """The text with each secret replaced by :data:`HIDDEN`, the longest first."""
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return text


def _references(text: str) -> Iterator[str]:
    for match in _PIECE.finditer(text):
        reference = _REFERENCE.fullmatch(match[0])
        if reference is not None:
            yield reference[1]


def _missing(names: list[str]) -> PlanError:
    plural = "s" if len(names) > 1 else ""
    return PlanError(
        f"the environment variable{plural} {', '.join(names)} {'are' if plural else 'is'} not set",
        hint="set it where the workers start: the plan refers to it by ${env:…}",
    )
