"""The master as a process: its settings in the environment, its result on standard output."""

from __future__ import annotations

import logging
import os
import sys

from loadgen.bus import connect
from loadgen.errors import LoadgenError
from loadgen.worker.master.process import Master
from loadgen.worker.master.settings import MasterResult, MasterSettings


def main() -> int:
    """Run the master; its settings are in the environment.

    Returns:
        The exit code.
    """
    result_to = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    settings = MasterSettings.from_environment()
    level = logging.getLevelName(str(settings.options.get("loglevel") or "INFO"))
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s master %(levelname)s %(message)s")
    try:
        result = Master(connect(settings.redis_url), settings).serve()
    except LoadgenError as error:
        result = MasterResult(failed=f"{error.message} ({error.hint})" if error.hint else error.message)
    sys.stdout.flush()
    result_to.write(result.model_dump_json() + "\n")
    result_to.close()
    return 1 if result.failed else 0
