"""A journey as a graph: where a shopper may go from each page, with which probability, and where the visit ends.

This is the customer behaviour model graph of Menascé and Almeida (Scaling for E-Business, 2000): states, and
transitions whose probabilities add up to 1. There are two ways out:

=======  ==============================================================================================
LEAVE    the shopper goes, of its own will, without what it might have come for: the state is abandoned
DONE     the shopper has what it came for: the state is completed, and so is the journey
=======  ==============================================================================================

With P the matrix of transitions between states and f the row of where shoppers begin, the mean number of times that a
shopper comes to each state is the row ``f · (I − P)⁻¹``. Pure: no clock, no I/O; the dice are an argument.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from random import Random
from typing import Final

import numpy as np

from loadgen.errors import JourneyError
from loadgen.journey.thinking import Think
from loadgen.plan.nearest import did_you_mean


class Rest(Enum):
    """Stands for what is missing to 1."""

    REST = "the rest"


REST: Final = Rest.REST
"""The probability that is left: ``{"search": 0.6, LEAVE: REST}``."""

LEAVE: Final = "(leave)"
DONE: Final = "(done)"
"""No state can have such a name: states are methods."""

EXITS: Final = (LEAVE, DONE)

Share = float | Rest
Moves = Mapping[str, Share] | str
"""Probabilities by the name of the next state or exit; or the only one."""

_ROUNDING: Final = 1e-9
"""Probabilities such as 0.1 + 0.2 + 0.7 add up to 1 within this."""


class FlowError(JourneyError):
    """A graph cannot be walked; the message lists everything that is wrong with it, each with its place."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A state as its author wrote it.

    Attributes:
        name: of the method.
        where: where it is written, ``flow.py:12 Visitor.home``.
        moves: where it leads; None if nothing was said.
        step: the step as which it is measured; empty for none.
        think: how long a shopper looks at it; None for the journey's own think time.
    """

    name: str
    where: str
    moves: Moves | None
    step: str
    think: Think | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where one goes from here.

    Attributes:
        ways: names of states and exits.
        upto: for each way, the probability of it and those before it together.
    """

    ways: tuple[str, ...]
    upto: tuple[float, ...]

    def choose(self, dice: Random) -> str:
        """Draw one way."""
        return self.ways[min(bisect_right(self.upto, dice.random()), len(self.ways) - 1)]

    def shares(self) -> dict[str, float]:
        """Probability of each way."""
        before = (0.0, *self.upto)
        return {way: upto - before[place] for place, (way, upto) in enumerate(zip(self.ways, self.upto, strict=True))}

    def possible(self) -> set[str]:
        """The ways with a probability above 0."""
        return {way for way, share in self.shares().items() if share}


@dataclass(frozen=True, slots=True)
class State:
    """A page, or whatever a shopper does at once. See :class:`Draft`."""

    name: str
    step: str
    think: Think | None
    then: Crossing


@dataclass(frozen=True, slots=True)
class Graph:
    """States, and where shoppers begin. Every state can be reached, and from every one there is a way out."""

    first: Crossing
    states: Mapping[str, State]

    @classmethod
    def of(cls, where: str, first: Moves, drafts: Iterable[Draft]) -> Graph:
        """Check and compile a graph.

        Args:
            where: where it is written, ``flow.py:8 Visitor``.
            first: where shoppers begin; empty for the first state.
            drafts: its states, in the author's order.

        Raises:
            FlowError: with everything that is wrong.
        """
        known = {draft.name: draft for draft in drafts}
        if not known:
            raise FlowError(f"{where}: a flow needs states", hint="make its methods states: @state(DONE)")
        problems: list[str] = []
        begin = _crossing(f"{where}.first", first or next(iter(known)), known, (), problems)
        states = {}
        for draft in known.values():
            if draft.moves is None:
                problems.append(f"{draft.where}: it does not say where it leads")
            then = _crossing(draft.where, draft.moves or {LEAVE: REST}, known, EXITS, problems)
            states[draft.name] = State(draft.name, draft.step, draft.think, then)
        graph = cls(begin, states)
        if not problems:  # otherwise much would seem to lie apart that does not
            problems += [f"{known[state].where}: {what}" for state, what in graph.dead_ends()]
        if problems:
            count = f"{len(problems)} mistakes" if len(problems) > 1 else "a mistake"
            raise FlowError(
                "\n  ".join([f"the flow of {where.rpartition(' ')[2]} has {count}", *problems]),
                hint="probabilities add up to 1; REST stands for what is missing, LEAVE and DONE are the ways out",
            )
        return graph

    def dead_ends(self) -> Iterator[tuple[str, str]]:
        """States that nobody comes to, and states that nobody gets out of, each with a sentence."""
        ways = {name: state.then.possible() for name, state in self.states.items()}
        reached = _spread(self.first.possible(), ways)
        back: dict[str, set[str]] = {}
        for name, there in ways.items():
            for way in there:
                back.setdefault(way, set()).add(name)
        ending = _spread(set(EXITS), back)
        for name in self.states:
            if name not in reached:
                yield name, "no shopper can come here"
            elif name not in ending:
                yield name, "from here there is no way out, neither LEAVE nor DONE"

    def visits(self) -> dict[str, float]:
        """How often a shopper comes to each state and exit, in the mean; of exits that is the share of shoppers."""
        names = list(self.states)
        at = {name: number for number, name in enumerate(names)}
        between, begin = np.zeros((len(names), len(names))), np.zeros(len(names))
        for way, share in self.first.shares().items():
            begin[at[way]] = share
        for name, state in self.states.items():
            for way, share in state.then.shares().items():
                if way in at:
                    between[at[name], at[way]] = share
        mean = np.linalg.solve(np.eye(len(names)) - between.T, begin).tolist()
        visits = dict(zip(names, mean, strict=True))
        for exit_ in EXITS:
            visits[exit_] = sum(visits[name] * self.states[name].then.shares().get(exit_, 0.0) for name in names)
        return visits


def _crossing(
    where: str, moves: Moves, known: Mapping[str, Draft], exits: tuple[str, ...], problems: list[str]
) -> Crossing:
    """Compile the ways from one place; what is wrong with them goes to ``problems``."""
    ways = {moves: 1.0} if isinstance(moves, str) else dict(moves)
    numbers = {way: share for way, share in ways.items() if not isinstance(share, Rest)}
    for way in ways:
        if way not in known and way not in exits:
            meant = did_you_mean(way, known)
            what = "a visit cannot begin with it" if way in EXITS else f"there is no state '{way}'"
            problems.append(f"{where}: {what}{f' ({meant})' if meant else ''}")
    for way, share in numbers.items():
        if not isinstance(share, int | float) or not math.isfinite(share) or not 0 <= share <= 1:
            problems.append(f"{where}: the probability of {way} must lie between 0 and 1; got {share!r}")
            numbers[way] = 0.0
    whole = math.fsum(numbers.values())
    if whole > 1 + _ROUNDING:
        problems.append(f"{where}: its probabilities add up to {whole:g}, which is more than 1")
    elif len(ways) - len(numbers) > 1:
        problems.append(f"{where}: only one way can have the REST")
    elif len(ways) == len(numbers) and whole < 1 - _ROUNDING:
        problems.append(f"{where}: its probabilities add up to {whole:g}; say who has the REST, such as LEAVE: REST")
    rest = max(0.0, 1 - whole)
    shares = [numbers.get(way, rest) for way in ways]
    return Crossing(tuple(ways), tuple(accumulate(shares)))


def _spread(begin: set[str], ways: Mapping[str, set[str]]) -> set[str]:
    """All that can be reached."""
    reached, fresh = set(begin), list(begin)
    while fresh:
        new = ways.get(fresh.pop(), set()) - reached
        reached |= new
        fresh += new
    return reached
