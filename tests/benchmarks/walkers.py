"""The visitors of the sales day, who tell where they went and how long they looked: run by worker processes.

Each way from one state to the next, or out, is counted as ``home > search``; out of their own will is ``(leave)``, with
what they came for ``(done)``, and for anything else ``(error)``. Times go to the folder ``thoughts`` of the plan's
``options``, one file for each process, one time in each line: the journey, the time drawn and the time passed, seconds.
Shoppers wait for ``pace`` times the time drawn; what passed is told divided by it.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from time import monotonic

from sales_day import BargainHunter, LateBuyer, Stroller

from loadgen.journey import DONE, LEAVE, Flow, GaveUp
from loadgen.journey.thinking import Think

ERROR = "(error)"


class Watched(Flow):
    """A flow that keeps a diary."""

    abstract = True

    def on_start(self) -> None:
        super().on_start()
        self._here = ""
        self._thoughts: list[str] = []

    def journey(self) -> None:
        end = ERROR
        try:
            super().journey()
            end = DONE
        except GaveUp as gone:
            end = LEAVE if gone.reason == "will" else ERROR
            raise
        finally:
            self._go(end)
            self._write()

    def step(self, name: str) -> AbstractContextManager[None]:
        session = self.loadgen_session
        if session is not None and session.step != name:  # else the state's own word
            self._go(name)
        return super().step(name)

    def think_time(self, think: Think | None = None) -> None:
        usual, pace, drawn = think or self.think, self.environment.parsed_options.pace, []

        def draw(dice: Random) -> float:
            drawn.append(usual.draw(dice))
            return drawn[0] * pace

        began_s = monotonic()
        super().think_time(Think(draw))
        self._thoughts.append(f"{type(self).__name__} {drawn[0]!r} {(monotonic() - began_s) / pace!r}\n")

    def _go(self, there: str) -> None:
        if self._here:
            self.count(f"{self._here} > {there}")
        self._here = there

    def _write(self) -> None:
        folder = Path(self.environment.parsed_options.thoughts)
        with (folder / f"{os.getpid()}.txt").open("a") as diary:
            diary.writelines(self._thoughts)


class Strolling(Watched, Stroller):
    pass


class Hunting(Watched, BargainHunter):
    pass


class Returning(Watched, LateBuyer):
    pass
