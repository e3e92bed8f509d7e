"""Where people read: a terminal as wide as it is, or plain lines for a log."""

from __future__ import annotations

from rich.console import Console


def console(*, stderr: bool = False) -> Console:
    """The console of this process.

    Args:
        stderr: write to standard error, where views of a run under way belong; results go to standard output.
    """
    return Console(stderr=stderr, highlight=False)
