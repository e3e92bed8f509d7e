"""Journeys as graphs: states with probabilities, think times and exits, in the place of one straight line.

::

    class Visitor(Flow):
        @state({"search": 0.5, "category": 0.3, LEAVE: REST})
        def home(self) -> None:
            self.must(self.client.get("/"))

        @state({"product": 0.7, "home": 0.1, LEAVE: REST}, think=uniform(2, 5))
        def search(self) -> None: ...

        @state(DONE)
        def confirmation(self) -> None: ...

Each state is a method, measured as a step of its name. When it ends the next one is drawn, the shopper thinks for as
long as the state says, and goes there. The draws have dice of their own, seeded by the plan's seed and the arrival: the
same seed makes the same walk, however the shop answers and whatever else the journey draws.

A flow is checked when its class is made, so when its file is imported: unknown states, probabilities that do not add
up to 1, states that nobody comes to or gets out of are all named at once, each with its line
(:mod:`loadgen.journey.graph`).

A subclass may override what a state does, where it leads (``@state`` anew, or a table ``moves``), where visits begin
(``first``), and ``think``; ``search = None`` drops a state. So one set of states makes many mixes. A class with
``abstract = True`` is not checked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

from loadgen.journey.dice import Dice
from loadgen.journey.graph import DONE, LEAVE, Draft, FlowError, Graph, Moves, State
from loadgen.journey.shopper import Shopper
from loadgen.journey.thinking import Think, exponential
from loadgen.plan.nearest import did_you_mean

F = TypeVar("F", bound=Callable[[Any], None])

_MARK: Final = "loadgen_state"


@dataclass(frozen=True, slots=True)
class _Told:
    moves: Moves | None
    step: str | None
    think: Think | None


def state(to: Moves | None = None, *, think: Think | None = None, step: str | None = None) -> Callable[[F], F]:
    """Make a method of a :class:`Flow` a state.

    Args:
        to: where it leads: probabilities by the name of the next state or exit, or the only one. Without it, the
            class's ``moves`` must say so.
        think: how long a shopper looks at it before going on; the journey's own ``think`` by default.
        step: the step as which it is measured, by default its own name; ``""`` where the method opens its steps itself.
    """

    def mark(method: F) -> F:
        vars(method)[_MARK] = _Told(to, step, think)
        return method

    return mark


class Flow(Shopper):
    """A shopper whose journey is a graph of states.

    Attributes:
        first: where visits begin: a state, or probabilities by state; the first state by default.
        moves: where states lead, by their name, instead of what their ``@state`` says.
        think: TPC-W's by default, 7 s in the mean.
        graph: checked and compiled; made with the class.
    """

    abstract = True

    first: ClassVar[Moves] = ""
    moves: ClassVar[Mapping[str, Moves]] = {}
    think: ClassVar[Think] = exponential()
    graph: ClassVar[Graph]

    _walking: Dice | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not vars(cls).get("abstract"):
            cls.graph = _graph_of(cls)

    def journey(self) -> None:
        """Walk from state to state until the visit ends."""
        if self._walking is None:
            self._walking = self.dice_for("walk")
        states = self.graph.states
        here = states[self.graph.first.choose(self._walking)]
        while (there := self._pass(here, self._walking)) != DONE:
            self.think_time(here.think)
            here = states[there]

    def _pass(self, here: State, dice: Dice) -> str:
        """Do what a state is for; the name of what follows."""
        with self.step(here.step) if here.step else nullcontext():
            getattr(self, here.name)()
            there = here.then.choose(dice)
            if there == LEAVE:
                self.give_up("will")
        return there


def _graph_of(cls: type[Flow]) -> Graph:
    told: dict[str, tuple[_Told, str]] = {}
    for base in reversed(cls.__mro__):
        for name, member in vars(base).items():
            mark = getattr(member, _MARK, None)
            if isinstance(mark, _Told):
                code = member.__code__
                told[name] = mark, f"{Path(code.co_filename).name}:{code.co_firstlineno} {cls.__name__}.{name}"
            elif member is None:
                told.pop(name, None)
    where = f"{_place_of(cls)} {cls.__name__}"
    for name in cls.moves:
        if name not in told:
            raise FlowError(f"{where}.moves: there is no state '{name}'", hint=did_you_mean(name, told))
    drafts = []
    for name, (mark, place) in told.items():
        step = name if mark.step is None else mark.step
        if name in cls.moves:
            drafts.append(Draft(name, f"{where}.moves['{name}']", cls.moves[name], step, mark.think))
        else:
            drafts.append(Draft(name, place, mark.moves, step, mark.think))
    return Graph.of(where, cls.first, drafts)


def _place_of(cls: type[Flow]) -> str:
    """File and line of the class statement that is being carried out."""
    path = getattr(sys.modules.get(cls.__module__), "__file__", None)
    frame = sys._getframe()  # noqa: SLF001 - a class does not know its line before Python 3.13
    while frame.f_back is not None and frame.f_code.co_filename != path:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
