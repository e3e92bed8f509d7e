"""What GraphQL requests say about themselves: the operation's name, its kind, and what its variables are for."""

from __future__ import annotations

import re
from typing import Any, Final

from loadgen.recording.exchange import Exchange

_OPERATION: Final = re.compile(r"\b(query|mutation)\s+([A-Za-z_]\w{0,80})")
_ARGUMENT: Final = re.compile(r"([A-Za-z_]\w{0,80})\s{0,9}:\s{0,9}\$([A-Za-z_]\w{0,80})")
_FIELD: Final = re.compile(r"(?:\s{0,99}(?:query|mutation))?\s{0,99}\{\s{0,999}([A-Za-z_]\w{0,80})")
_NAME: Final = re.compile(r"[A-Za-z_]\w{0,80}")


def is_graphql(exchange: Exchange) -> bool:
    """Whether a request is a GraphQL document with a name, and its variables."""
    asked = exchange.body.json
    return (
        isinstance(asked, dict)
        and isinstance(asked.get("query"), str)
        and isinstance(asked.get("variables") or {}, dict)
        and set(asked) <= {"query", "variables", "operationName", "extensions"}
        and not asked.get("extensions")
        and bool(_named(exchange))
    )


def operation_of(exchange: Exchange) -> str:
    """What a request asks for: the operation's name, else its first field; empty if it is no GraphQL."""
    asked = exchange.body.json
    document = asked.get("query") if isinstance(asked, dict) else None
    field = _FIELD.match(document) if isinstance(document, str) else None
    return _named(exchange) or (field[1] if field else "")


def _named(exchange: Exchange) -> str:
    asked: Any = exchange.body.json
    if isinstance(asked, list) and asked:
        asked = asked[0]  # several at once
    if not isinstance(asked, dict):
        return ""
    name = asked.get("operationName")
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    document = asked.get("query")
    found = _OPERATION.search(document) if isinstance(document, str) and "{" in document else None
    return found[2] if found else ""


def is_mutation(exchange: Exchange) -> bool:
    """Whether it changes something."""
    asked = exchange.body.json
    document = asked.get("query") if isinstance(asked, dict) else None
    return isinstance(document, str) and bool(re.match(r"\s{0,999}mutation\b", document))


def arguments_of(document: str) -> dict[str, str]:
    """What variables are given to: ``orderLineId: $line`` tells what ``line`` is."""
    return {variable: argument for argument, variable in _ARGUMENT.findall(document)}


def outcome_of(exchange: Exchange, answer: Any) -> str:
    """The ``__typename`` of what a mutation gave: shops refuse with status 200 and another one."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not is_mutation(exchange) or not isinstance(data, dict) or len(data) != 1:
        return ""
    (given,) = data.values()
    name = given.get("__typename") if isinstance(given, dict) else None
    return name if isinstance(name, str) and _NAME.fullmatch(name) else ""
