"""What dead worker processes left is sent in their name. Never touches gevent.

::

    process dies ──▶ frames in its spool  ─┐
                     journal, folded ──────┴─▶ sent, and sent again until sealed ──▶ folder removed

A process that ended well leaves the frames of its last half minute too: should Redis forget that they were sealed, as
in a fail-over, they are sent again. Frames are numbered, so one that was sent already is passed over, and two
supervisors that send the same do no harm. What an earlier supervisor left, because it was killed together with its
processes, is found in the same place and treated alike.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadgen.bus import Bus, RunBus
from loadgen.errors import BusError, LoadgenError
from loadgen.journal import JournalError, Remains, remains
from loadgen.messages import Frame, Health, RunState, pack_tally
from loadgen.worker.outbox import KEPT_SEALED_S
from loadgen.worker.spool import JOURNAL, SEALED, frames_in

log = logging.getLogger("loadgen.worker")

RESEND_S: Final = 3.0
"""Frames that are not sealed after so long are sent again."""

ASK_S: Final = 1.0
"""How often it is asked which are sealed."""

_WAITING: Final = "what dead workers left is not sent"


@dataclass(slots=True)
class _Estate:
    """What one process left.

    Attributes:
        folder: where it lies.
        run: the run it served.
        worker: its name.
        frames: encoded, by number.
        last: number of the last one.
        send_at_s: when to send again, monotonic.
        ask_at_s: when to ask again, monotonic.
        settled_at_s: since when nothing is left to send, monotonic; None while there is.
    """

    folder: Path
    run: str
    worker: str
    frames: dict[int, bytes]
    send_at_s: float = 0.0
    ask_at_s: float = 0.0
    settled_at_s: float | None = None

    @property
    def last(self) -> int:
        return max(self.frames)


class Inheritance:
    """Sends what dead processes left.

    Args:
        bus: open connection.
        folder: where processes keep their folders, see :func:`loadgen.worker.spool.cluster_folder`.
        monotonic: the clock.
    """

    def __init__(self, bus: Bus, folder: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bus, self._folder, self._monotonic = bus, folder, monotonic
        self._estates: list[_Estate] = []

    def __len__(self) -> int:
        """How many processes left something that is not sealed."""
        return sum(estate.settled_at_s is None for estate in self._estates)

    def clear(self) -> None:
        """This supervisor ends: what is sealed is not kept any longer."""
        for estate in self._estates:
            if estate.settled_at_s is not None:
                shutil.rmtree(estate.folder, ignore_errors=True)

    def find(self, own: Set[str] = frozenset()) -> None:
        """Take over what processes left that no supervisor looks after any more.

        A process whose supervisor was killed may go on until its shoppers have left, so look now and again.

        Args:
            own: processes of this supervisor, which sees for itself when they end.
        """
        known = own | {estate.folder.name for estate in self._estates}
        try:
            folders = sorted(self._folder.iterdir())
        except FileNotFoundError:  # another supervisor has ended, and removed it as it was empty
            return
        for folder in folders:
            if folder.name not in known and (folder / JOURNAL).is_file():
                self._take(folder, surely_ended=False)

    def take_over(self, worker: str) -> None:
        """A process of ours has ended: take what it left, and send it at once."""
        folder = self._folder / worker
        if (folder / JOURNAL).is_file():
            self._take(folder, surely_ended=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)  # it served no run
        self.tend()

    def tend(self) -> None:
        """Go one step further with all that was left."""
        now_s = self._monotonic()
        for estate in [estate for estate in self._estates if now_s >= min(estate.send_at_s, estate.ask_at_s)]:
            try:
                done = self._tend(estate, now_s)
            except BusError as error:
                self._bus.outage.met(_WAITING, error)
                self._wait()
                return
            self._bus.outage.over(_WAITING)
            if done:
                self._estates.remove(estate)
                shutil.rmtree(estate.folder, ignore_errors=True)

    def _wait(self) -> None:
        """No Redis for one is none for all: each question may take seconds in which nobody looks after the living."""
        for estate in self._estates:
            estate.send_at_s = estate.ask_at_s = self._monotonic() + RESEND_S

    def _take(self, folder: Path, *, surely_ended: bool) -> None:
        try:
            left = remains(folder / JOURNAL, surely_ended=surely_ended)
            if left is None:
                return
            frames = frames_in(folder)
        except FileNotFoundError:  # another supervisor has seen to it
            return
        except (JournalError, OSError) as error:
            log.error("what worker %s left cannot be read and is lost: %s", folder.name, error)  # noqa: TRY400 -- says all
            shutil.rmtree(folder, ignore_errors=True)
            return
        frames |= _frames_of(left, after=max(frames, default=0))
        if frames:
            estate = _Estate(folder, left.run, left.worker, frames)
            if (folder / SEALED).exists():
                estate.settled_at_s = self._monotonic()
            self._estates.append(estate)
        else:
            shutil.rmtree(folder, ignore_errors=True)

    def _tend(self, estate: _Estate, now_s: float) -> bool:
        """Whether nothing is left to do."""
        bus = RunBus(self._bus, estate.run)
        try:
            record = bus.record()
            sealed = bus.sealed_sequence(estate.worker)
        except BusError:
            raise
        except LoadgenError as error:
            log.error("what worker %s left cannot be sent: %s", estate.worker, error.message)  # noqa: TRY400 -- says all
            return True
        estate.ask_at_s = now_s + ASK_S
        if record is None or record.state is RunState.FINISHED or sealed >= estate.last:
            estate.settled_at_s = estate.settled_at_s or now_s
            return now_s - estate.settled_at_s >= KEPT_SEALED_S
        estate.settled_at_s = None
        if now_s >= estate.send_at_s:
            bus.send(estate.worker, [frame for number, frame in sorted(estate.frames.items()) if number > sealed])
            estate.send_at_s = now_s + RESEND_S
            log.info("worker %s left %d frames; sent in its name", estate.worker, len(estate.frames))
        return False


def _frames_of(left: Remains, after: int) -> dict[int, bytes]:
    """The frames that a process did not come to make; the last of them says that no more will come."""
    untold = [frame for frame in left.untold if frame.sequence > after]
    made = {}
    for frame in untold:
        if frame.broken:
            log.warning("worker %s left %d events that make no sense", left.worker, frame.broken)
        last = frame is untold[-1]
        made[frame.sequence] = Frame(
            left.run,
            left.worker,
            frame.sequence,
            frame.second,
            left.epoch,
            pack_tally(frame.tally),
            Health(),
            last,
        ).encode()
    return made
