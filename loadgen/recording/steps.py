"""A recording as steps: what belongs to one page or one click, and how long was thought before it.

A step begins with each page that a person went to. In a shop without pages of its own (a headless one) it begins where
what is asked for means another step, or where nothing was asked for a while.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from loadgen.recording.exchange import Exchange
from loadgen.recording.graphql import operation_of
from loadgen.recording.templates import Templates
from loadgen.recording.vocabulary import step_of_operation, step_of_path

CLICK_S: Final = 1.0
"""Who is quiet for so long has waited for a person; scripts of a page ask sooner."""

BREAK_S: Final = 120.0
"""A longer pause is no thinking: somebody was away."""

LEAST_S: Final = 0.3
"""Shorter pauses are the browser's own."""

ACTIONS: Final = frozenset({"add_to_cart", "login", "register", "checkout", "delivery", "payment", "confirmation"})


@dataclass(slots=True)
class Step:
    """What belongs together.

    Attributes:
        name: of the funnel.
        think_s: pause before it, as it was; 0 if there was none to speak of.
        exchanges: in order.
    """

    name: str
    think_s: float = 0.0
    exchanges: list[Exchange] = field(default_factory=list)


def steps_of(kept: Iterable[Exchange], busy: Iterable[tuple[float, float]], templates: Templates) -> list[Step]:
    """Cut a recording into steps.

    Args:
        kept: what the shopper does.
        busy: when requests to the shop began and ended, in order: a pause is where nothing is under way.
        templates: of its paths.
    """
    steps: list[Step] = []
    quiet_since = _Quiet(busy)
    for exchange in kept:
        pause_s = exchange.started_s - quiet_since(exchange.started_s)
        name = name_of(exchange, templates)
        if not steps or _begins(exchange, steps[-1], name, pause_s):
            think_s = pause_s if steps and pause_s >= LEAST_S else 0.0
            steps.append(Step(name, min(think_s, BREAK_S)))
        steps[-1].exchanges.append(exchange)
    for step, following in pairwise(steps):
        if step.name == "category" and _leads_to_cart(following):
            step.name = "product"
    return steps


def name_of(exchange: Exchange, templates: Templates) -> str:
    """The step that an exchange would begin."""
    operation = operation_of(exchange)
    if operation:
        return step_of_operation(operation)
    return step_of_path(exchange.method, templates(exchange.path), (name for name, _ in exchange.parameters))


def _begins(exchange: Exchange, step: Step, name: str, pause_s: float) -> bool:
    if exchange.follows is not None:
        return False
    if _is_navigation(exchange):
        return True
    if any(map(_is_navigation, step.exchanges)):
        return pause_s >= CLICK_S or (name in ACTIONS and name != step.name and exchange.method != "GET")
    return name != step.name or pause_s >= CLICK_S


def _is_navigation(exchange: Exchange) -> bool:
    if exchange.kind:
        return exchange.kind == "document"
    return exchange.is_page or (bool(exchange.location) and exchange.body.kind == "form")


def _leads_to_cart(step: Step) -> bool:
    first = step.exchanges[0]
    return step.name == "add_to_cart" and first.method == "POST" and first.body.kind == "form"


class _Quiet:
    """Since when nothing was under way, asked in the order of time."""

    def __init__(self, busy: Iterable[tuple[float, float]]) -> None:
        self._busy = iter(busy)
        self._next = next(self._busy, None)
        self._ended_s = 0.0

    def __call__(self, now_s: float) -> float:
        while self._next is not None and self._next[0] < now_s:
            self._ended_s = max(self._ended_s, self._next[1])
            self._next = next(self._busy, None)
        return self._ended_s or now_s
