"""``python -m loadgen.journey.inspect FILE...``: what journey files offer, as JSON.

Whoever must not import locust, such as ``loadgen plan check``, asks in a process of its own, and bounds its time.
What a journey file prints while it is imported goes to standard error, so that standard output is JSON alone.

::

    {"files": {"buy.py": {"users": [{"name": "GuestBuyer", "weight": 1, "fixed_count": 0, "host": null}],
                          "dialects": [], "shape": false, "error": null}}}
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from loadgen.errors import JourneyError
from loadgen.journey.load import load_users


def inspect(file: str) -> dict[str, Any]:
    """What one journey file offers; what is wrong with it is in ``error``."""
    path = Path(file)
    try:
        journey = load_users(path.parent, [path.name])[path.name]
    except JourneyError as error:
        text = f"{error.message}\n{error.hint}" if error.hint else error.message
        return {"users": [], "dialects": [], "shape": False, "error": text}
    users = [
        {"name": name, "weight": user.weight, "fixed_count": user.fixed_count, "host": user.host}
        for name, user in journey.users.items()
    ]
    return {"users": users, "dialects": list(journey.dialects), "shape": bool(journey.shapes), "error": None}


def main(files: list[str]) -> None:
    """Write what some files offer to standard output."""
    with contextlib.redirect_stdout(sys.stderr):
        found = {file: inspect(file) for file in files}
    json.dump({"files": found}, sys.stdout, default=str)


if __name__ == "__main__":
    main(sys.argv[1:])
