"""A flow as text: ``loadgen journey show``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from loadgen.errors import JourneyError
from loadgen.journey.flow import Flow
from loadgen.journey.graph import DONE, LEAVE, Crossing
from loadgen.journey.load import find_user, load_users
from loadgen.units import format_duration, format_percent

_EXITS = {LEAVE: "leaves", DONE: "done"}


def show(file: Path, user: str | None) -> Iterator[str]:
    """The flows of a journey file, in lines.

    Args:
        file: the journey file.
        user: name of one of its classes; None takes all that are flows.

    Raises:
        JourneyError: the file does not import, has no such class, or no flow.
    """
    journey = load_users(file.parent, [file.name])[file.name]
    users = [find_user(journey, user)] if user else list(journey.users.values())
    flows = [flow for flow in users if issubclass(flow, Flow)]
    if not flows:
        raise JourneyError(
            f"{user or file.name} is no flow", hint="'loadgen journey try' shows the steps of a journey that is code"
        )
    for number, flow in enumerate(flows):
        yield from ([""] if number else [])
        yield from _lines(flow)


def _lines(flow: type[Flow]) -> Iterator[str]:
    graph, visits = flow.graph, flow.graph.visits()
    yield f"{flow.__name__} begins with {_ways(graph.first)}"
    yield ""
    rows = [
        (name, f"{visits[name]:.2f}", (state.think or flow.think).words, _ways(state.then))
        for name, state in graph.states.items()
    ]
    heads = ("state", "visits", "think time", "and then")
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(3)]
    for name, often, think, then in [heads, *rows]:
        yield f"{name:<{widths[0]}}  {often:>{widths[1]}}  {think:<{widths[2]}}  {then}"
    yield ""
    pages = sum(visits[name] for name in graph.states)
    thinking_s = sum(
        visits[name]
        * (1 - state.then.shares().get(LEAVE, 0.0) - state.then.shares().get(DONE, 0.0))
        * (state.think or flow.think).mean_s
        for name, state in graph.states.items()
    )
    yield (
        f"In the mean a visit has {pages:.2f} states and {format_duration(thinking_s)} of thinking; "
        f"{format_percent(visits[DONE])} end as done, {format_percent(visits[LEAVE])} leave"
    )


def _ways(crossing: Crossing) -> str:
    ways = sorted(crossing.shares().items(), key=lambda way: -way[1])
    if len(ways) == 1:
        return _EXITS.get(ways[0][0], ways[0][0])
    return ", ".join(f"{_EXITS.get(way, way)} {format_percent(share)}" for way, share in ways if share)
