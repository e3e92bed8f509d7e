"""What a request sends, value by value: what an earlier answer gave, what is made up, or the text as it was typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from loadgen.recording.answers import Answers
from loadgen.recording.code import Call, Dict, List, Lit, Name, Node, quoted, width
from loadgen.recording.exchange import Exchange
from loadgen.recording.graphql import is_graphql
from loadgen.recording.naming import Names
from loadgen.recording.references import References
from loadgen.recording.secrets import TEST_CARD, Secrets, Sensitive, kind_of, looks_made
from loadgen.recording.vocabulary import is_search_word, words_of

MAX_DEPTH: Final = 50
"""JSON nested deeper is no body of a shop's API."""

LONG: Final = 80
"""Characters of a text that gets a constant of its own."""

_NEW: Final = frozenset({"register", "registration", "signup", "create"})

MADE_UP: Final = {
    "email": 'f"shopper-{uuid4().hex[:12]}@example.test"',
    "password": 'f"Pass-{uuid4().hex[:12]}-1"',
    "uuid": "str(uuid4())",
}


class Values:
    """Writes values.

    Args:
        names: gives names.
        answers: what came before.
        references: makes expressions of it.
        secrets: what is never written.
        steps: name of the step of each exchange, by its number.
    """

    def __init__(
        self, names: Names, answers: Answers, references: References, secrets: Secrets, steps: dict[int, str]
    ) -> None:
        self._names, self._answers, self._references = names, answers, references
        self._secrets, self._steps = secrets, steps
        self.first: list[tuple[str, str]] = []
        """Assignments at the beginning of the journey: what is made up for each shopper."""
        self.from_environment: dict[str, str] = {}
        """Constants that are read from the environment: name of the variable, by constant."""
        self.search_words: list[str] = []
        """What visitors searched for."""
        self._made: dict[str, Name] = {}

    def of(self, name: str, value: str, asking: Exchange, also: Sequence[str] = ()) -> Node:
        """One value.

        Args:
            name: what it is sent as.
            value: text.
            asking: the request.
            also: further names of it.
        """
        if value in self._made:
            return self._made[value]
        step = self._steps.get(asking.number, "")
        kinds = [kind_of(one, value, step) for one in (name, *also)]
        sensitive = next((kind for kind in kinds if kind), None)
        if sensitive:
            return self._invented(sensitive, name, value, step)
        words = [word for one in (name, *also) for word in words_of(one)]
        source = self._answers.find(value, words, asking)
        if source is not None and source.how == "header" and is_graphql(source.exchange):
            return self._invented("token", name, value, step)  # what is asked gives its data, not its headers
        if source is not None:
            self._references.correlated.append(name)
            return self._references.of(source)
        made = looks_made(name, value) or ("token" if self._secrets.holds(value) else "")
        if made:
            return self._invented(made, name, value, step)
        if is_search_word(name) and step == "search":
            return self._searched(value)
        return self.text(value, name)

    def cleaned(self, text: str) -> str:
        """A text without what must not be written."""
        return self._secrets.cleaned(text)

    def is_secret(self, value: str) -> bool:
        """Whether a text must not be written."""
        return self._secrets.holds(value)

    def text(self, value: str, name: str) -> Node:
        """A text as it was typed; a long one as a constant."""
        if self._secrets.holds(value):
            self._references.doubts.append(f"{name[:60]} held a secret of the recording, which was left out")
            return Lit("")
        if width(quoted(value)) <= LONG:
            return Lit(value)
        return Name(self.constant(name, value))

    def document(self, name: str, text: str) -> str:
        """The constant of a GraphQL document; secrets in it are left out."""
        clean = self._secrets.cleaned(text)
        if clean != text:
            self._references.doubts.append(f"{name} held a secret of the recording, which was left out")
        return self.constant(name, clean)

    def constant(self, name: str, value: str) -> str:
        """A constant of the module that holds a text."""
        constant = self._names.constant(name)
        self._references.constants.append((constant, _pieces(value, len(constant))))
        return constant

    def of_json(self, value: Any, asking: Exchange, name: str = "", also: dict[str, str] | None = None) -> Node:
        """A value of JSON with all that is in it."""
        return self._of_json(value, asking, (name,), also or {}, 0)

    def _of_json(self, value: Any, asking: Exchange, path: tuple[str, ...], also: dict[str, str], depth: int) -> Node:
        if depth > MAX_DEPTH:
            return Lit(None)
        if isinstance(value, dict):
            return Dict(
                [
                    (self.text(key, "key"), self._of_json(one, asking, (*path, key), also, depth + 1))
                    for key, one in value.items()
                ]
            )
        if isinstance(value, list):
            return List([self._of_json(one, asking, path, also, depth + 1) for one in value])
        name, around = path[-1], [also.get(path[-1], "")]
        if isinstance(value, str):
            return self.of(name, value, asking, around)
        if isinstance(value, int) and not isinstance(value, bool):
            words = [word for one in (name, *around) for word in words_of(one)]
            source = self._answers.find(str(value), words, asking) if {"id"} & set(words) else None
            if source is not None and source.how == "json":
                self._references.correlated.append(name)
                return self._references.of(source)
            kinds = {kind_of(one, str(value), "") for one in (name, *around)}
            for kind in kinds & {"card", "check number", "password"}:
                return Call(Name("int"), [self._invented(kind, name, str(value), "")])
        return Lit(value)

    def form(self, pairs: Sequence[tuple[str, str]], asking: Exchange, spread: Node | None = None) -> Node:
        """Fields of a form or a query; a name that comes several times has a list."""
        grouped: dict[str, list[Node]] = {}
        for name, value in pairs:
            grouped.setdefault(name, []).append(self.of(name, value, asking))
        return Dict(
            [(self.text(name, "field"), ones[0] if len(ones) == 1 else List(ones)) for name, ones in grouped.items()],
            spread,
        )

    def _invented(self, kind: Sensitive, name: str, value: str, step: str) -> Node:
        if kind == "card":
            if "CARD" not in dict(self._references.constants):
                self._references.constants.append(("CARD", f'"{TEST_CARD}"'))
            return Name("CARD")
        if kind == "check number":
            return Lit("123")
        logs_in = step == "login" and not set(words_of(name)) & _NEW
        if kind == "uuid" or (kind == "email" and not logs_in) or (kind == "password" and not logs_in):
            variable = self._names.variable(kind if kind != "uuid" else name)
            self.first.append((variable, MADE_UP[kind]))
            self._references.used.add("uuid4")
            self._made[value] = Name(variable)
        else:
            wish = {"password": "password", "email": "email", "login": "login"}.get(kind, name)
            constant = self._names.constant(wish)
            self.from_environment[constant] = f"SHOP_{constant}"
            self._references.used.add("os")
            if kind == "token":
                self._references.doubts.append(f"{name[:60]} came from no answer: a script of the page makes it")
            self._made[value] = Name(constant)
        return self._made[value]

    def _searched(self, value: str) -> Node:
        if value not in self.search_words:
            self.search_words.append(value)
        return Call(Name("self.pick"), [Name("SEARCH_WORDS")])


def _pieces(text: str, used: int) -> str:
    """A long text as literals one below the other, cut behind its lines or its words."""
    if used + 3 + width(quoted(text)) <= 120:
        return quoted(text)
    pieces, rest = [], text
    while rest:
        cut = _cut(rest)
        pieces.append(quoted(rest[:cut]))
        rest = rest[cut:]
    lines = "\n".join(f"    {piece}" for piece in pieces)
    return f"(\n{lines}\n)"


def _cut(text: str) -> int:
    """Where a piece ends: its literal must fit into a line."""
    limit = 100
    while width(quoted(text[:limit])) > 110:
        limit = max(limit * 3 // 4, 1)
    if len(text) <= limit and "\n" not in text:
        return len(text)
    line = text.find("\n", 0, limit)
    if line >= 0:
        return line + 1
    word = text.rfind(" ", 0, limit)
    return word + 1 if word > 0 else limit
