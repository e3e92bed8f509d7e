"""The files of the shop's front: style sheet, script, ornament, icon.

Each is served under its plain name, to be asked about again after an hour, and under one with its digest, which holds
for good: ``app.css`` and ``app.5d1f9c02.css``. Pages name the latter, as most shops' pages do; so does the style sheet.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Final

from loadgen.demoshop.answers import Precomputed

_FILES: Final = {
    "hero.svg": b"image/svg+xml",
    "icon.svg": b"image/svg+xml",
    "app.css": b"text/css; charset=utf-8",
    "app.js": b"text/javascript; charset=utf-8",
}
"""What there is, and its type. A file may name those above it."""

_HOUR: Final = b"public, max-age=3600"
_FOR_GOOD: Final = b"public, max-age=31536000, immutable"


class Files:
    """All files of the front.

    Attributes:
        by_name: what is served, by the last part of its path.
        names: the name with the digest, by plain name.
    """

    def __init__(self) -> None:
        self.by_name: dict[str, Precomputed] = {}
        self.names: dict[str, str] = {}
        for name, kind in _FILES.items():
            body = files("loadgen.demoshop").joinpath("static", name).read_bytes()
            for plain, digested in self.names.items():
                body = body.replace(plain.encode(), digested.encode())
            stem, _, ending = name.partition(".")
            self.names[name] = f"{stem}.{hashlib.sha256(body).hexdigest()[:8]}.{ending}"
            self.by_name[name] = _precomputed(body, kind, _HOUR)
            self.by_name[self.names[name]] = _precomputed(body, kind, _FOR_GOOD)


def _precomputed(body: bytes, kind: bytes, control: bytes) -> Precomputed:
    return Precomputed(body, b"Content-Type: %b\r\nCache-Control: %b\r\n" % (kind, control), cacheable=True)
