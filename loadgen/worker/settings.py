"""What an operator says when starting workers, as the supervisor hands it to its processes.

It travels in an environment variable: command lines can be read by every user of a machine, and a Redis URL may hold
a password. The cluster's key stays in ``LOADGEN_KEY``.
"""

from __future__ import annotations

import os
from typing import Final

from pydantic import BaseModel, ConfigDict

SETTINGS_VARIABLE: Final = "LOADGEN_WORKER_SETTINGS"
KEY_VARIABLE: Final = "LOADGEN_KEY"


class WorkerSettings(BaseModel):
    """How one worker process behaves.

    Attributes:
        redis_url: where the cluster meets.
        name: the process's name, unique for its life.
        node: its machine's name.
        labels: what runs may choose it by.
        weight: how much of a run's load it takes, compared with other workers.
        journeys_dir: folder of installed journey code; empty takes only shipped code.
        data_dirs: folders of installed data files.
        allow_targets: patterns of hosts it may aim at; loopback is always allowed.
        lease_s: how long it is believed to be there without a word, seconds.
        spool: folder for what must outlive the process; empty keeps it in the process alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    redis_url: str
    name: str
    node: str
    labels: dict[str, str] = {}
    weight: float = 1.0
    journeys_dir: str = ""
    data_dirs: tuple[str, ...] = ()
    allow_targets: tuple[str, ...] = ()
    lease_s: float = 5.0
    spool: str = ""

    @classmethod
    def from_environment(cls) -> WorkerSettings:
        """The settings that a supervisor left for this process."""
        return cls.model_validate_json(os.environ[SETTINGS_VARIABLE])


def cluster_key() -> bytes:
    """The cluster's key, empty when this machine has none."""
    return os.environ.get(KEY_VARIABLE, "").encode()
