"""Python expressions and how they are laid out: what is written here reads as if a person had formatted it with ruff.

Whatever comes from a recording is a :class:`Lit`, and is written by :func:`quoted` or ``repr``. No other node holds
text of the recording, so none of it is ever code.

::

    Call("self.page", [Lit("/cart")])                    self.page("/cart")
    Dict([("q", Name("word"))], spread=Name("form.fields"))   {**form.fields, "q": word}
    Joined(["/p/", Name("slug")])                        f"/p/{slug}"
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from unicodedata import east_asian_width

WIDTH: Final = 120
INDENT: Final = 4

_ESCAPE_OR_QUOTE: Final = re.compile(r"\\.|\"", re.DOTALL)


class Node:
    """An expression."""


@dataclass(frozen=True, slots=True)
class Name(Node):
    """Code of our own: a name, or a short expression without any text of the recording."""

    code: str


@dataclass(frozen=True, slots=True)
class Lit(Node):
    """A value of the recording: text, a number, true, false or nothing."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Item(Node):
    """``base["key"][0]``."""

    base: Node
    keys: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Attr(Node):
    """``base.name``."""

    base: Node
    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``callee(args, key=value)``."""

    callee: Node
    args: Sequence[Node] = ()
    named: Sequence[tuple[str, Node]] = ()


@dataclass(frozen=True, slots=True)
class Dict(Node):
    """``{**spread, "key": value}``."""

    pairs: Sequence[tuple[Node, Node]]
    spread: Node | None = None


@dataclass(frozen=True, slots=True)
class List(Node):
    """``[items]``, or ``(items,)``."""

    items: Sequence[Node]
    is_tuple: bool = False


@dataclass(frozen=True, slots=True)
class Joined(Node):
    """``f"text{name}"``; a name is one word of code."""

    parts: Sequence[str | Name]


def literal(value: Any) -> Node:
    """A value of JSON as it is written in Python."""
    if isinstance(value, dict):
        return Dict([(Lit(str(key)), literal(one)) for key, one in value.items()])
    if isinstance(value, list):
        return List([literal(one) for one in value])
    return Lit(value)


def quoted(text: str) -> str:
    """Text as a Python literal, in the quotes that ruff prefers: double ones, unless that needs more escapes.

    The work is that of ``repr``: nothing that is not printable, and no quote or backslash, stands there unescaped.
    """
    written = repr(text)
    body = written[1:-1]
    if written[0] == '"':
        return written
    if '"' not in body:
        return f'"{body}"'
    if text.count('"') > text.count("'"):
        return written
    return '"' + _ESCAPE_OR_QUOTE.sub(lambda found: {"\\'": "'", '"': '\\"'}.get(found[0], found[0]), body) + '"'


def width(text: str) -> int:
    """Columns of a text, as ruff counts them: wide characters have two."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def pattern(text: str) -> str:
    """A regular expression as a Python literal: a raw one if that can hold it."""
    if not text.isprintable() or ('"' in text and "'" in text) or text.endswith("\\"):
        return quoted(text)
    quote = "'" if '"' in text else '"'
    return f"r{quote}{text}{quote}"


def render(node: Node, indent: int, used: int = 0, tail: int = 0) -> str:
    """The code of an expression.

    Args:
        node: what to write.
        indent: columns of the line that it stands in.
        used: columns that stand before it in its line, the indent included.
        tail: columns that come behind it.
    """
    flat = _flat(node)
    if max(used, indent) + width(flat) + tail <= WIDTH:
        return flat
    if isinstance(node, Item):
        suffix = "".join(f"[{_scalar(key)}]" for key in node.keys)
        return render(node.base, indent, used, tail + width(suffix)) + suffix
    if isinstance(node, Attr):
        return render(node.base, indent, used, tail + len(node.name) + 1) + f".{node.name}"
    if isinstance(node, Call):
        return _broken_call(node, indent)
    if isinstance(node, Dict | List):
        return _broken(node, indent)
    return flat


def _flat(node: Node) -> str:
    match node:
        case Name(code):
            return code
        case Lit(value):
            return _scalar(value)
        case Item(base, keys):
            return _flat(base) + "".join(f"[{_scalar(key)}]" for key in keys)
        case Attr(base, name):
            return f"{_flat(base)}.{name}"
        case Call(callee, args, named):
            return f"{_flat(callee)}({', '.join(_arguments(args, named))})"
        case Dict() | List():
            opening, parts, closing = _parts(node)
            comma = "," if isinstance(node, List) and node.is_tuple and len(parts) == 1 else ""
            return f"{opening}{', '.join(before + _flat(part) for before, part in parts)}{comma}{closing}"
        case Joined(parts):
            return _joined(parts)
    raise AssertionError("unreachable")


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value).replace("e+", "e")


def _joined(parts: Sequence[str | Name]) -> str:
    words = [part for part in parts if isinstance(part, str)]
    if any(word != repr(word)[1:-1] or '"' in word for word in words):
        return f'"".join([{", ".join(_flat(part) if isinstance(part, Name) else quoted(part) for part in parts)}])'
    escaped = (
        word.replace("{", "{{").replace("}", "}}") if isinstance(word, str) else f"{{{word.code}}}" for word in parts
    )
    return f'f"{"".join(escaped)}"'


def _arguments(args: Sequence[Node], named: Sequence[tuple[str, Node]]) -> list[str]:
    return [*map(_flat, args), *(f"{name}={_flat(value)}" for name, value in named)]


def _parts(node: Dict | List) -> tuple[str, list[tuple[str, Node]], str]:
    if isinstance(node, List):
        return ("(" if node.is_tuple else "[", [("", item) for item in node.items], ")" if node.is_tuple else "]")
    spread = [("**", node.spread)] if node.spread is not None else []
    return "{", [*spread, *((f"{_flat(key)}: ", value) for key, value in node.pairs)], "}"


def _broken_call(node: Call, indent: int) -> str:
    """Arguments on a line of their own if they fit, else each on one."""
    inner = indent + INDENT
    opening, closing = f"{_flat(node.callee)}(\n", f"\n{' ' * indent})"
    flat = ", ".join(_arguments(node.args, node.named))
    if inner + width(flat) <= WIDTH:
        return f"{opening}{' ' * inner}{flat}{closing}"
    parts = [("", arg) for arg in node.args] + [(f"{name}=", value) for name, value in node.named]
    if len(parts) == 1:
        before, part = parts[0]
        return f"{opening}{' ' * inner}{before}{render(part, inner, inner + width(before))}{closing}"
    return opening + _lines(parts, inner) + closing


def _broken(node: Dict | List, indent: int) -> str:
    opening, parts, closing = _parts(node)
    return f"{opening}\n{_lines(parts, indent + INDENT)}\n{' ' * indent}{closing}" if parts else opening + closing


def _lines(parts: Sequence[tuple[str, Node]], indent: int) -> str:
    return "\n".join(
        f"{' ' * indent}{before}{render(part, indent, indent + width(before), tail=1)}," for before, part in parts
    )
