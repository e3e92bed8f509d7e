"""Whether what a worker does for each request runs compiled or interpreted; ``hatch_build.py`` decides it."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path


def form() -> str:
    """``compiled``, or ``interpreted`` where no compiler was at hand when this was installed."""
    journal = Path(__file__).parent / "journal"
    return "compiled" if any((journal / f"writing{end}").exists() for end in EXTENSION_SUFFIXES) else "interpreted"
