"""A run's list of what its shoppers created, as a file: a run, and one thing in each line.

::

    {"run": "sales-1122-080000-1f2e", "target": "https://shop.example"}
    {"kind": "order", "number": "100042", "path": "/orders/100042?email=…"}

It holds what shops put into such paths, e-mail addresses too, so it is for its owner alone to read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from loadgen.errors import MessageError, UsageError
from loadgen.messages.created import Created


class CreatedFile(NamedTuple):
    """What such a file says.

    Attributes:
        run: the run's id.
        target: the base URL of the shop, as the plan has it.
        things: what its shoppers created, as far as it is not undone.
    """

    run: str
    target: str
    things: list[Created]


def write_created(path: Path, run: str, target: str, things: Iterable[Created]) -> None:
    """Write the file whole, or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    from loadgen.report import write_file

    lines = [json.dumps({"run": run, "target": target}), *(thing.encode().decode() for thing in things)]
    write_file(path, "\n".join(lines) + "\n")
    if path.is_file():
        path.chmod(0o600)


def read_created(path: Path) -> CreatedFile:
    """Read such a file.

    Raises:
        UsageError: it is none.
    """
    try:
        first, *lines = path.read_text(encoding="utf-8").splitlines()
        head = json.loads(first)
        return CreatedFile(head["run"], head["target"], [Created.decode(line) for line in lines])
    except (OSError, ValueError, KeyError, TypeError, MessageError) as error:
        raise UsageError(
            f"{path} is no list of what a run created: {error}", hint="loadgen run PLAN --created FILE writes one"
        ) from error
