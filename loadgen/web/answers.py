"""What the page's server answers with, and what every answer forbids the browser. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

from loadgen.errors import BusError, LoadgenError, NotFoundError
from loadgen.web.watching import FullError

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing from anywhere else, nothing inline, and no text that is made into markup."""

REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts allow-downloads"
)
"""A report is one file with its scripts inside: it may run them, in an origin of its own, and reach nothing: no
figures, no other page, no new window."""

ALWAYS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_KINDS: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

_STATUS: Final[dict[type[LoadgenError], int]] = {NotFoundError: 404, BusError: 503, FullError: 503}


@dataclass(frozen=True)
class Answer:
    """One answer over HTTP."""

    status: int
    body: bytes
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    policy: str = PAGE_POLICY


def said(value: Any, status: int = 200, **headers: str) -> Answer:
    """A value as JSON."""
    return Answer(status, json.dumps(value).encode(), headers=headers)


def refused(status: int, message: str, hint: str = "", **headers: str) -> Answer:
    """An error in words."""
    return said({"error": message, "hint": hint}, status, **headers)


def failed(error: LoadgenError) -> Answer:
    """What went wrong, with the status that says the same."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 422)
    return refused(status, error.message, error.hint)


def static_files() -> dict[str, Answer]:
    """The page and its files by path. All are known beforehand, so no path leads anywhere else."""
    folder = resources.files("loadgen.web") / "static"
    files = {}
    for file in folder.iterdir():
        kind = _KINDS.get(file.name.rpartition(".")[2])
        if kind is not None:
            files[f"/static/{file.name}"] = Answer(200, file.read_bytes(), kind)
    files["/"] = files.pop("/static/index.html")
    return files
