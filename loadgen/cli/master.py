"""The process beside ``loadgen run`` that is the master to locustfiles, and what its word means for the exit code."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import click
from pydantic import ValidationError

from loadgen.children import module_command, start_child, stop_child
from loadgen.cli.locustfile import LocustWanted
from loadgen.endings import Outcome, Validity
from loadgen.errors import JourneyError
from loadgen.messages import RunRecord
from loadgen.stats import RunStats
from loadgen.worker.master.settings import MASTER_VARIABLE, MasterResult, MasterSettings

END_S: Final = 30.0
"""How long the master's scripts may take after the run has ended."""


class MasterProcess:
    """Starts the master of a run, and hears its result.

    Args:
        redis_url: where the cluster meets.
        run: the run's id.
        wanted: what the command line asked for.
        workers: how many workers it waits for; None takes those that come.
    """

    def __init__(self, redis_url: str, run: str, wanted: LocustWanted, workers: int | None) -> None:
        settings = MasterSettings(
            redis_url=redis_url,
            run=run,
            root=str(wanted.root),
            files=tuple(file.relative_to(wanted.root).as_posix() for file in wanted.files),
            users=wanted.plan.plan.users,
            options=dict(wanted.plan.plan.options),
            workers=workers,
            reacts=wanted.reacts,
        )
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the process
        self._child = start_child(
            module_command("loadgen.worker.master"),
            env={MASTER_VARIABLE: settings.model_dump_json()},
            stdout=subprocess.PIPE,
            stderr=self._said,
        )
        self._result: MasterResult | None = None

    def __enter__(self) -> MasterProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop_child(self._child)
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._said.close()

    def check(self) -> None:
        """Make sure that it is there until the run starts; what shoppers do then does not depend on it.

        Raises:
            JourneyError: its scripts have put an end to it.
        """
        if self._child.poll():  # its end in peace may be seen before the run's
            raise JourneyError(f"the locustfile's master ended: {self.result().failed}", hint=self._last_words())

    def result(self) -> MasterResult:
        """Wait for its end; what its scripts made of the run."""
        if self._result is None:
            self._result = self._wait_for_result()
        return self._result

    def _wait_for_result(self) -> MasterResult:
        try:
            out, _ = self._child.communicate(timeout=END_S)
            return MasterResult.model_validate_json(out)
        except subprocess.TimeoutExpired:
            return MasterResult(failed=f"its scripts took more than {END_S:g} s to end")
        except (ValidationError, ValueError):
            return MasterResult(failed="it gave no answer")

    def said(self) -> str:
        """What its scripts printed and logged."""
        self._said.seek(0)
        return self._said.read().decode(errors="replace")

    def _last_words(self) -> str:
        lines = self.said().strip().splitlines()
        return "its last words: " + " | ".join(lines[-3:]) if lines else "it said nothing"


def exit_code(record: RunRecord, stats: RunStats, result: MasterResult, options: dict[str, Any], code: int) -> int:
    """The exit code of a locustfile's run.

    A script can make a run fail, not pass: what speaks against the run itself stays. Without a word of any script,
    failed requests and errors of users give ``--exit-code-on-error``, as in Locust.

    Args:
        record: how the run ended.
        stats: what was counted.
        result: what the scripts made of it.
        options: Locust's options.
        code: the exit code of the run's own outcome.
    """
    verdict = record.verdict
    if result.asked and verdict is not None and verdict.outcome is Outcome.STOPPED:  # a script did: it ended by itself
        code = Outcome.INVALID.exit_code if verdict.validity.verdict is Validity.INVALID else 0
    if result.exit_code:
        return int(result.exit_code)
    failed = stats.total.failures or any(journey.failed for journey in stats.total.journeys.values())
    if code == 0 and result.exit_code is None and failed:
        return int(options["exit_code_on_error"])
    return code


def tell(said: str, options: dict[str, Any]) -> None:
    """Put what the scripts said where ``--logfile`` wants it, or on standard error."""
    if named := options.get("logfile"):
        with Path(named).open("a", encoding="utf-8") as file:
            file.write(said)
    elif said:
        click.echo(said.rstrip(), err=True)
