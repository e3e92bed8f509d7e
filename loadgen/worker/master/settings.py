"""What ``loadgen run`` tells the master it starts, and what the master tells it when the run has ended."""

from __future__ import annotations

import os
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

MASTER_VARIABLE: Final = "LOADGEN_MASTER_SETTINGS"


class MasterSettings(BaseModel):
    """What a master needs.

    Attributes:
        redis_url: where the cluster meets.
        run: the run's id.
        root: the folder that holds the locustfiles.
        files: their paths in it.
        users: names of the user classes that take part.
        options: Locust's options by name.
        workers: how many workers it waits for; None takes those that come.
        reacts: whether the shape looks at figures of the run, and must be asked while it goes on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    redis_url: str
    run: str
    root: str
    files: tuple[str, ...]
    users: tuple[str, ...]
    options: dict[str, Any]
    workers: int | None = None
    reacts: bool = False

    @classmethod
    def from_environment(cls) -> MasterSettings:
        """The settings that ``loadgen run`` left for this process."""
        return cls.model_validate_json(os.environ[MASTER_VARIABLE])


class MasterResult(BaseModel):
    """How it ended, as the master's scripts see it.

    Attributes:
        exit_code: what a script put into ``environment.process_exit_code``; None when none did.
        asked: whether a script ended the run, which then ended by itself.
        stats: Locust's own JSON of the figures.
        failed: what went wrong in the master itself, for people; empty when nothing did.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exit_code: int | None = None
    asked: bool = False
    stats: list[dict[str, Any]] = []
    failed: str = ""
