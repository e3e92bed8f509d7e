"""Asking what journey files offer.

Another process imports them: that takes Locust, which patches its process, and runs the code of whoever wrote them. It
may hang, print, or end itself; here that is one sentence.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

from loadgen.children import module_command
from loadgen.errors import JourneyError

TIMEOUT_S: Final = 60
"""Importing Locust takes a second or two, and a journey hardly more; what takes a minute hangs."""


def inspect_journeys(files: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Import journey files in a process of their own.

    Returns:
        What each offers by its path, as :mod:`loadgen.journey.inspect` says it.

    Raises:
        JourneyError: the process gave no answer, or not in time.
    """
    names = [str(file) for file in files]
    hint = "run this and see what it prints: python -m loadgen.journey.inspect " + " ".join(names)
    try:
        done = subprocess.run(
            module_command("loadgen.journey.inspect", *names),
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
        )
        found = json.loads(done.stdout)["files"]
    except subprocess.TimeoutExpired:
        raise JourneyError(f"importing the journeys took more than {TIMEOUT_S} s", hint=hint) from None
    except (ValueError, KeyError, TypeError) as error:
        raise JourneyError("the journeys' inspection gave no answer", hint=hint) from error
    return cast("dict[str, dict[str, Any]]", found)
