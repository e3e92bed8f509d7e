"""Descriptions of a shop's API as a second source of names.

An OpenAPI 3 document (JSON or YAML) gives path templates: ``/carts/{cartId}/lines``. A file of GraphQL operations, as
front ends have them, gives the name of an operation that was sent without one.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from loadgen.errors import PlanError, UsageError
from loadgen.plan.source import read_text
from loadgen.plan.yamltree import TreeError, grow
from loadgen.recording.exchange import Exchange

MAX_BYTES: Final = 16 * 1024 * 1024

MAX_OPERATION_CHARS: Final = 100_000

_PARAMETER: Final = re.compile(r"\{[^{}/]*\}")
_ODD: Final = re.compile(r"[^A-Za-z0-9_-]")
_BEGIN: Final = re.compile(r"\b(?:query|mutation)\s+([A-Za-z_]\w{0,80})[^{]{0,4000}(?=\{)")


def path_templates(path: Path) -> list[str]:
    """The path templates of an OpenAPI document, behind the path of each of its servers.

    Raises:
        UsageError: it cannot be read, or is no OpenAPI 3.
    """
    described = _read(path)
    version = described.get("openapi") if isinstance(described, dict) else None
    paths = described.get("paths") if isinstance(described, dict) else None
    if not isinstance(version, str) or not version.startswith("3") or not isinstance(paths, dict):
        raise UsageError(f"{path} is no OpenAPI 3 document", hint="it has to begin with openapi: 3.… and to have paths")
    bases = [_path_of(server) for server in described.get("servers") or [{}] if isinstance(server, dict)]
    named = [_named(one) for one in paths if isinstance(one, str) and one.startswith("/")]
    return [f"{base}{one}" for base in dict.fromkeys(bases) for one in named]


def name_operations(exchanges: Iterable[Exchange], path: Path) -> None:
    """Give GraphQL operations that were sent without a name the one that they have in a file.

    Raises:
        UsageError: the file cannot be read, or holds no operation with a name.
    """
    known = _operations(_text(path))
    if not known:
        raise UsageError(f"{path} has no operation with a name", hint="it has to hold such as query Search { … }")
    for exchange in exchanges:
        asked = exchange.body.json
        if not isinstance(asked, dict) or not isinstance(asked.get("query"), str) or asked.get("operationName"):
            continue
        name = known.get(_bare(asked["query"].partition("{")[2]))
        if name and not _BEGIN.search(asked["query"]):
            kind, brace, rest = _head(asked["query"])
            document = f"{kind or 'query'} {name} {brace}{rest}"
            exchange.body = dataclasses.replace(exchange.body, json={**asked, "query": document, "operationName": name})


def _head(document: str) -> tuple[str, str, str]:
    """An operation without a name: its kind, and what comes behind it."""
    found = re.match(r"\s{0,999}(query|mutation)?\s{0,999}([({]?)", document)
    return (found[1] or "", found[2], document[found.end() :]) if found else ("", "", document)


def _operations(text: str) -> dict[str, str]:
    """Names of operations by what they ask for."""
    return {_bare(_block(text, begin.end())[1:]): begin[1] for begin in _BEGIN.finditer(text)}


def _block(text: str, at: int) -> str:
    """From a brace to the one that closes it."""
    depth = 0
    for end in range(at, min(len(text), at + MAX_OPERATION_CHARS)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if not depth:
            return text[at : end + 1]
    return text[at:]


def _bare(document: str) -> str:
    """A selection without its spaces, to be compared."""
    return re.sub(r"[\s,]+", " ", document).replace(" ", "")


def _named(template: str) -> str:
    return _PARAMETER.sub(lambda found: f"{{{_ODD.sub('', found[0][1:-1])[:40] or 'id'}}}", template)


def _path_of(server: dict[str, Any]) -> str:
    url = server.get("url")
    try:
        return urlsplit(url).path.rstrip("/") if isinstance(url, str) else ""
    except ValueError:
        return ""


def _read(path: Path) -> Any:
    text = _text(path)
    try:
        return json.loads(text) if text.lstrip().startswith("{") else grow(text).data
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}:{error.lineno}:{error.colno}: no JSON: {error.msg}") from error
    except TreeError as error:
        mark = error.flaw.mark
        hint = "a long document is read as JSON"
        raise UsageError(f"{path}:{mark.line}:{mark.column}: {error.flaw.message}", hint=hint) from error
    except RecursionError:
        raise UsageError(f"{path} is nested too deeply") from None


def _text(path: Path) -> str:
    try:
        return read_text(path, MAX_BYTES)
    except PlanError as error:
        raise UsageError(error.message, hint=error.hint) from error
