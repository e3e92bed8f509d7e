"""A recording as a script: steps with their statements, and all that these need around them. No text yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from loadgen.recording.answers import Answers
from loadgen.recording.code import Call, List, Name, Node
from loadgen.recording.exchange import Exchange
from loadgen.recording.graphql import is_graphql
from loadgen.recording.headers import Headers
from loadgen.recording.naming import Names
from loadgen.recording.references import References
from loadgen.recording.requests import Requests, Statement
from loadgen.recording.secrets import Secrets
from loadgen.recording.sorting import Sorted
from loadgen.recording.steps import Step, steps_of
from loadgen.recording.templates import Templates
from loadgen.recording.values import Values


@dataclass(slots=True)
class WrittenStep:
    """A step with its statements.

    Attributes:
        step: as recorded.
        statements: in order; those with several exchanges are batches.
    """

    step: Step
    statements: list[Statement | Batch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Batch:
    """Several requests at once."""

    exchanges: tuple[Exchange, ...]
    node: Node


@dataclass(slots=True)
class Script:
    """All that a journey is written from.

    Attributes:
        steps: in order.
        references: variables, constants, helpers in use.
        values: what is made up or comes from the environment.
        headers: of API requests.
        endpoint: where GraphQL is asked for.
    """

    steps: list[WrittenStep]
    references: References
    values: Values
    headers: Headers
    endpoint: str


def script_of(recording: Sorted, everything: Sequence[Exchange], known: Iterable[str] = ()) -> Script:
    """Go through a recording once, from its first request to its last.

    Args:
        recording: what the shopper does.
        everything: the whole recording, whose secrets must not be written.
        known: templates of paths, from a description of the shop's API.
    """
    templates = Templates(recording.kept, known)
    steps = steps_of(recording.kept, recording.busy, templates)
    step_names = {exchange.number: step.name for step in steps for exchange in step.exchanges}
    names, answers = Names(), Answers()
    references = References(names, answers, step_names)
    values = Values(names, answers, references, Secrets(everything), step_names)
    headers = Headers(recording.kept, answers, references, values)
    followed = {one.follows.number for one in recording.kept if one.follows and one.follows.location == one.url}
    requests = Requests(
        recording.home, templates, answers, references, values, followed=followed, has_headers=headers.exist
    )
    written = [WrittenStep(step) for step in steps]
    for one in written:
        for group in _groups(one.step.exchanges):
            for exchange in group:
                headers.note(exchange)
            if len(group) > 1:
                calls = [requests.in_batch(exchange) for exchange in group]
                one.statements.append(Batch(tuple(group), Call(Name("self.batch"), [List(calls)])))
            else:
                one.statements.extend(requests.write(group[0]))
            for exchange in group:
                answers.add(exchange)
    return Script(written, references, values, headers, values.cleaned(requests.endpoint))


def _groups(exchanges: Sequence[Exchange]) -> Iterator[list[Exchange]]:
    """What a page's scripts asked for at once, together; everything else alone."""
    group: list[Exchange] = []
    for exchange in exchanges:
        if group and not (_may_join(group[0]) and _may_join(exchange) and exchange.started_s < group[0].ended_s):
            yield group
            group = []
        group.append(exchange)
    if group:
        yield group


def _may_join(exchange: Exchange) -> bool:
    return exchange.method == "GET" and not exchange.is_page and not is_graphql(exchange)
