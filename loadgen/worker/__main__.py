"""``python -m loadgen.worker``: one worker process, as a supervisor starts it."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import logging
import sys
from urllib.parse import urlsplit

from loadgen.bus import connect
from loadgen.errors import LoadgenError
from loadgen.worker.process import WorkerProcess
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
    own = [address.rpartition("@")[2] for address in urlsplit(settings.redis_url).netloc.split(",")]
    try:
        bus = connect(settings.redis_url)
        enforce(AllowedTargets([*settings.allow_targets, *own]))  # the process itself must reach Redis; plans must not
        well = WorkerProcess(bus, settings, cluster_key(), AllowedTargets(settings.allow_targets)).run()
    except LoadgenError as error:
        logging.getLogger("loadgen.worker").error("%s", error.message)  # noqa: TRY400 -- the sentence says all
        return error.exit_code
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
