"""``python -m loadgen.worker``: one worker process, as a supervisor starts it."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import logging
import sys

from loadgen.bus import connect, is_speaking
from loadgen.errors import LoadgenError
from loadgen.worker.leases import Leases
from loadgen.worker.process import BEATS_A_LEASE, WorkerProcess
from loadgen.worker.settings import WorkerSettings, cluster_key
from loadgen.worker.targets import AllowedTargets, enforce


def main() -> int:
    """Run one worker process; its settings are in the environment.

    Returns:
        The exit code.
    """
    settings = WorkerSettings.from_environment()
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format=f"%(asctime)s {settings.name} %(levelname)s %(message)s"
    )
    logging.getLogger("locust").setLevel(logging.WARNING)
    try:
        bus = connect(settings.redis_url)
        beat_s = max(0.5, settings.lease_s / BEATS_A_LEASE)
        leases = Leases(lambda: connect(settings.redis_url, timeout_s=beat_s, again=False))
        targets = AllowedTargets(settings.allow_targets)
        enforce(targets, exempt=is_speaking)
        well = WorkerProcess(bus, leases, settings, cluster_key(), targets).run()
    except LoadgenError as error:
        logging.getLogger("loadgen.worker").error("%s", error.message)  # noqa: TRY400 -- the sentence says all
        return error.exit_code
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
