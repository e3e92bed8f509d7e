"""Turn YAML (and so JSON) text into plain values that remember their line and column.

Only the plain part of YAML 1.2 is understood: text, numbers, ``true``/``false``, ``null``, lists and mappings
with text keys. ``yes`` and ``on`` stay text, ``1:30`` is no number, and tags are refused, so nothing is ever
constructed. Aliases may be used, but what they stand for counts every time: a document
that would grow beyond :data:`MAX_VALUES` values, or nests deeper than :data:`MAX_DEPTH`, is refused while it is
still small. Lines and columns count from 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from loadgen.plan.problems import Place

MAX_DEPTH = 32
"""The deepest valid plan nests nine levels; libyaml itself recurses, so the limit comes before it."""

MAX_VALUES = 20_000
"""A plan with the most streams, journeys and curve points written inline stays well below this."""

_SIMPLE_VALUES: dict[str, Any] = {"null": None, "true": True, "false": False}
_TAG = "tag:yaml.org,2002:"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """libyaml's parser where it is built in, with the few plain scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way to drop the inherited ones


_Loader.add_implicit_resolver(f"{_TAG}null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(f"{_TAG}int", re.compile(r"^[-+]?\d{1,18}$", re.ASCII), list("-+0123456789"))
_Loader.add_implicit_resolver(
    f"{_TAG}float",
    re.compile(r"^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d{1,3})?$", re.ASCII),
    list("-+.0123456789"),
)


@dataclass(frozen=True)
class Mark:
    """A line and a column in the text, both from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Flaw:
    """Something a plan may not hold, found while the tree was built."""

    mark: Mark
    place: Place
    message: str
    suggestion: str = ""


class TreeError(Exception):
    """The text has no tree: its syntax is wrong, or it is too large or too deep."""

    def __init__(self, mark: Mark, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.flaw = Flaw(mark, (), message, suggestion)


@dataclass(frozen=True)
class Tree:
    """Plain values and where each came from.

    Attributes:
        data: what the text says.
        values: where each value starts.
        keys: where the key of each value of a mapping starts.
        flaws: what was left out, with the reason.
    """

    data: Any
    values: Mapping[Place, Mark]
    keys: Mapping[Place, Mark]
    flaws: tuple[Flaw, ...]


def grow(text: str) -> Tree:
    """Read one YAML document.

    Raises:
        TreeError: wrong syntax, several documents, or too much of it.
    """
    try:
        _survey(text)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise TreeError(Mark(line, 1), f"not valid YAML: {error.reason}") from error
    builder = _Builder()
    data = None if root is None else builder.value(root, ())
    return Tree(data, builder.values, builder.keys, tuple(builder.flaws))


def _survey(text: str) -> None:
    """Walk the text's events without building anything, and stop at the first limit it breaks."""
    depth = values = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise TreeError(_mark(event.start_mark), "a plan is one YAML document; a second one starts here")
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.NodeEvent):
            values += 1
        _check_size(depth, values, event.start_mark)


def _check_size(depth: int, values: int, start: Any) -> None:
    if depth > MAX_DEPTH:
        raise TreeError(_mark(start), f"nested deeper than {MAX_DEPTH} levels")
    if values > MAX_VALUES:
        raise TreeError(
            _mark(start),
            f"more than {MAX_VALUES:,} values, aliases written out",
            "put the points of a long curve into a CSV file",
        )


@dataclass
class _Builder:
    values: dict[Place, Mark] = field(default_factory=dict)
    keys: dict[Place, Mark] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    _count: int = 0

    def value(self, node: yaml.Node, place: Place) -> Any:
        self._count += 1
        _check_size(len(place), self._count, node.start_mark)
        self.values[place] = _mark(node.start_mark)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, place)
        if isinstance(node, yaml.ScalarNode):
            try:
                return _scalar(node.tag, node.value)
            except (KeyError, ValueError):
                pass
        tag = node.tag.replace(_TAG, "!!")
        self._flaw(node, place, f"the tag {tag} is not part of a plan", "remove it")
        return None

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._flaw(key_node, place, "a key must be plain text")
                continue
            key = key_node.value
            if key in mapping:
                first = self.keys[(*place, key)].line
                self._flaw(key_node, (*place, key), f"the key is given twice, first in line {first}")
                continue
            self.keys[(*place, key)] = _mark(key_node.start_mark)
            mapping[key] = self.value(value_node, (*place, key))
        return mapping

    def _flaw(self, node: yaml.Node, place: Place, message: str, suggestion: str = "") -> None:
        self.flaws.append(Flaw(_mark(node.start_mark), place, message, suggestion))


def _scalar(tag: str, text: str) -> Any:
    kind = tag.removeprefix(_TAG)
    if kind == "str":
        return text
    if kind == "int":
        return int(text)
    if kind == "float":
        return float(text)
    return None if kind == "null" else _SIMPLE_VALUES[text.lower()] if kind == "bool" else _SIMPLE_VALUES[tag]


def _syntax_error(error: yaml.MarkedYAMLError, text: str) -> TreeError:
    where = error.problem_mark or error.context_mark
    if where is None:
        return TreeError(Mark(1, 1), f"not valid YAML: {error.problem}")
    lines = text.splitlines()
    line = lines[where.line] if where.line < len(lines) else ""
    tab = "\t" in line[: where.column + 1]
    details = ", ".join(part for part in (error.problem, error.context) if part)
    return TreeError(_mark(where), f"not valid YAML: {details}", "indent with blanks, not tabs" if tab else "")


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)
