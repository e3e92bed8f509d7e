"""What can go wrong that a user can cause or mend.

::

    LoadgenError                exit   raised when
    ├── UsageError                 2   the command line does not make sense (click's own code)
    ├── PlanError                  3   a plan cannot be read or is not valid
    ├── JourneyError               4   journey code does not import, differs, or is not trusted
    ├── BusError                   5   Redis cannot be reached, refuses us, or is too old
    │   ├── FencedError            5   another coordinator leads; what this one wanted was not done
    │   └── StaleError             5   Redis holds something else than was left there: read it again
    ├── TargetError                6   a target does not resolve or is not allowed
    ├── NotFoundError              7   a run, a file or a worker of that name does not exist
    ├── WorkersError               8   too few workers took part, or none could prepare the run
    ├── PortError                  9   an address to listen on is taken or not ours
    └── MessageError               1   a frame or message is malformed (counted, never fatal)

Every error carries one sentence, a hint that says what to do next, and the exit code of the process
it ends. How a run *ended* is no error: see :mod:`loadgen.endings`. Exit code 1 is an error of loadgen itself.
"""

from __future__ import annotations

from typing import ClassVar


class LoadgenError(Exception):
    """Base of all errors with a sentence for people.

    Args:
        message: one sentence, without a final full stop, that says what is wrong.
        hint: what to do next; empty when there is nothing sensible to say.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(LoadgenError):
    """The command line does not make sense."""

    exit_code = 2


class PlanError(LoadgenError):
    """A plan cannot be read or is not valid."""

    exit_code = 3


class JourneyError(LoadgenError):
    """Journey code does not import, differs from the author's, or is not trusted."""

    exit_code = 4


class BusError(LoadgenError):
    """Redis cannot be reached, refuses us, or is too old."""

    exit_code = 5


class FencedError(BusError):
    """Another coordinator leads: the fence of this one is out of date and nothing was written."""


class StaleError(BusError):
    """Redis holds something else than this process left there, after a fail-over or a flush: it must be read again."""


class TargetError(LoadgenError):
    """A target does not resolve, or the operator of this worker did not allow it."""

    exit_code = 6


class NotFoundError(LoadgenError):
    """A run, file or worker of that name does not exist."""

    exit_code = 7


class WorkersError(LoadgenError):
    """Too few workers took part, or none of them could prepare the run."""

    exit_code = 8


class PortError(LoadgenError):
    """An address to listen on is taken, or is not one of this machine."""

    exit_code = 9


class MessageError(LoadgenError):
    """A frame or message is malformed. It is quarantined and counted, never fatal."""
