"""What earlier answers gave, as expressions of the journey: ``item["slug"]``, ``self.find(home, TOKEN)``.

A variable is made when something first refers to it. Which ones an exchange must leave behind is known only when all
that follows has been gone through; so expressions name variables, and :attr:`References.needs` says which are wanted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from loadgen.recording.answers import Answers, Source
from loadgen.recording.code import Attr, Call, Item, Lit, Name, Node, pattern
from loadgen.recording.exchange import Exchange
from loadgen.recording.graphql import is_graphql, operation_of
from loadgen.recording.naming import Names
from loadgen.recording.templates import varies
from loadgen.recording.vocabulary import singular

BROWSING: Final = frozenset({"home", "category", "search", "product"})
"""Steps in which a visitor takes one of what is shown, and the next visitor another one."""


@dataclass(slots=True)
class Needs:
    """What must be kept of an exchange.

    Attributes:
        value: variable for what it gave: a page, or the value of its JSON.
        answer: variable for the answer itself, beside the JSON.
        then: assignments after it.
    """

    value: str = ""
    answer: str = ""
    then: list[tuple[str | Node, Node]] = field(default_factory=list)


class References:
    """Makes expressions of sources.

    Args:
        names: gives names.
        answers: what the answers held.
        steps: name of the step of each exchange, by its number.
    """

    def __init__(self, names: Names, answers: Answers, steps: dict[int, str]) -> None:
        self._names, self._answers, self._steps = names, answers, steps
        self.needs: defaultdict[int, Needs] = defaultdict(Needs)
        self.constants: list[tuple[str, str]] = []
        self.used: set[str] = set()
        self.correlated: list[str] = []
        """What earlier answers gave, by name."""
        self.doubts: list[str] = []
        """What a person should look at, in words."""
        self._picked: dict[tuple[Any, ...], str] = {}
        self._values: dict[Source, str] = {}
        self._patterns: dict[str, str] = {}

    def page(self, exchange: Exchange) -> Name:
        """The variable of a page, or of what a request gave."""
        needs = self.needs[exchange.number]
        if not needs.value:
            needs.value = self._names.variable(self._called(exchange))
        return Name(needs.value)

    def of(self, source: Source) -> Node:
        """The expression of a value."""
        match source.how:
            case "json":
                return self._json(source)
            case "cookie":
                return Call(Name("self.client.cookiejar.get"), [Lit(source.key)])
            case "header":
                return Item(Name(f"{self._answer(source.exchange)}.headers"), (source.key,))
            case "form":
                form = Call(Name("self.form"), [self.page(source.exchange), Lit(source.action)])
                return Item(Attr(form, "fields"), (source.key,))
            case "text":
                self.used.add("find")
                constant = self.pattern(source.key, "value")
                return Call(Name("self.find"), [self.page(source.exchange), Name(constant)])

    def as_name(self, source: Source, wish: str) -> Name:
        """The same as a variable of its own, to be put into text."""
        known = self._values.get(source)
        if known is None:
            node = self.of(source)
            known = self._values[source] = self._names.variable(wish)
            self.needs[source.exchange.number].then.append((known, node))
        return Name(known)

    def pattern(self, text: str, wish: str) -> str:
        """The constant of a compiled pattern."""
        known = self._patterns.get(text)
        if known is None:
            known = self._patterns[text] = self._names.constant(wish)
            self.used.add("re")
            self.constants.append((known, f"re.compile({pattern(text)})"))
        return known

    def _json(self, source: Source) -> Node:
        base, path = self.page(source.exchange), source.path
        value = self._answers.json[source.exchange.number]
        if is_graphql(source.exchange) and path[:1] == ("data",):
            value, path = value["data"], path[1:]
        if self._steps.get(source.exchange.number) in BROWSING:
            for at, key in enumerate(path):
                if isinstance(key, int) and len(value) > 1 and isinstance(value[key], dict):
                    rest = tuple(0 if isinstance(one, int) else one for one in path[at + 1 :])
                    return Item(Name(self._pick(source.exchange, base, path[: at + 1])), rest)
                value = value[key]
        return Item(base, path) if path else base

    def _pick(self, exchange: Exchange, base: Node, path: tuple[str | int, ...]) -> str:
        """The variable of one of a list, taken by chance."""
        key = (exchange.number, path)
        if key not in self._picked:
            *folder, _ = path
            holder = next((one for one in reversed(folder) if isinstance(one, str)), self._called(exchange))
            self._picked[key] = self._names.variable(singular(holder))
            picked = Call(Name("self.pick"), [Item(base, tuple(folder)) if folder else base])
            self.needs[exchange.number].then.append((self._picked[key], picked))
        return self._picked[key]

    def _answer(self, exchange: Exchange) -> str:
        if self._answers.json.get(exchange.number) is None:
            return self.page(exchange).code
        needs = self.needs[exchange.number]
        if not needs.answer:
            needs.answer = self._names.variable(f"{self._called(exchange)} answer")
        return needs.answer

    def _called(self, exchange: Exchange) -> str:
        if exchange.is_page:
            return self._steps.get(exchange.number, "page")
        literal = [one for one in exchange.segments if one and not varies(one) and not any(map(str.isdigit, one))]
        return operation_of(exchange) or (literal[-1] if literal else "answer")
