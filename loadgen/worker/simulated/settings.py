"""How a crowd behaves: left in the environment of its process by whoever starts it."""

from __future__ import annotations

import os
from typing import Final

from pydantic import BaseModel, ConfigDict

CROWD_VARIABLE: Final = "LOADGEN_CROWD_SETTINGS"
"""Holds the settings as JSON: not arguments, for the address may have a password in it."""


class CrowdSettings(BaseModel):
    """How one process of simulated workers behaves.

    Attributes:
        redis_url: where the cluster meets.
        name: begins the names of its workers.
        workers: how many there are.
        labels: what they say of themselves; the run that is simulated asks for it.
        series: how many series of requests there are in a frame.
        lease_s: their lease, seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    redis_url: str
    name: str
    workers: int
    labels: dict[str, str]
    series: int
    lease_s: float = 5.0

    @classmethod
    def from_environment(cls) -> CrowdSettings:
        """The settings that were left for this process."""
        return cls.model_validate_json(os.environ[CROWD_VARIABLE])
