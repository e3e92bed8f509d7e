"""``python -m loadgen.worker.simulated``: one process of simulated workers. Writes its sums to the standard output."""

from __future__ import annotations

import logging
import signal
import sys
import threading

from loadgen.bus import connect
from loadgen.errors import LoadgenError
from loadgen.worker.simulated.crowd import Crowd
from loadgen.worker.simulated.settings import CrowdSettings
from loadgen.worker.simulated.sums import Sums


def main() -> int:
    """Simulate workers until their run has ended; the settings are in the environment.

    Returns:
        The exit code.
    """
    settings = CrowdSettings.from_environment()
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format=f"%(asctime)s {settings.name} %(levelname)s %(message)s"
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        Crowd(connect(settings.redis_url), settings).run(stop, _say)
    except LoadgenError as error:
        logging.getLogger("loadgen.worker").error("%s", error.message)  # noqa: TRY400 -- the sentence says all
        return error.exit_code
    return 0


def _say(sums: Sums) -> None:
    sys.stdout.write(sums.line() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
