"""Cut a condition's text into words, marks and quoted names, each with its column.

``p(99){name:"GET /cart"} <= 2s`` gives ``p`` ``(`` ``99`` ``)`` ``{`` ``name`` ``:`` ``GET /cart`` ``}``
``<=`` ``2s``. A word is any run of characters that are neither blank nor a mark, so ``800ms``, ``0.5%`` and
``500/s`` arrive whole. Columns count from 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

MAX_CONDITION_CHARS = 2000
"""Four selectors with long request names fit several times over; more is a slip or an attack."""

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+)
  | (?P<quoted>"(?:[^"\\]|\\.)*")
  | (?P<mark><=|>=|==|!=|[(){}:,<>=])
  | (?P<word>[^\s(){}:,<>="!]+)
    """,
    re.VERBOSE,
)
_BARE_VALUE = re.compile(r"""[^\s(){}:,<>="!]+""")


class ConditionError(ValueError):
    """A condition's text does not parse.

    Args:
        message: what is wrong, or ``got …`` where ``expected`` is given.
        column: where in the text, from 1.
        expected: what would have been right there.
        suggestion: a nearby word that was perhaps meant, or what to do.
    """

    def __init__(self, message: str, *, column: int, expected: str = "", suggestion: str = "") -> None:
        sentence = f"expected {expected}; {message}" if expected else message
        super().__init__(f"{sentence} at column {column}" + (f" ({suggestion})" if suggestion else ""))
        self.message = message
        self.column = column
        self.expected = expected
        self.suggestion = suggestion


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    MARK = "mark"
    QUOTED = "quoted"
    END = "end"


@dataclass(frozen=True)
class Token:
    """One piece of a condition; ``text`` of a quoted name is without its quotes and escapes."""

    kind: Kind
    text: str
    column: int

    def is_mark(self, *marks: str) -> bool:
        """Whether this is one of these marks (a quoted ``"<"`` is not)."""
        return self.kind is Kind.MARK and self.text in marks

    def is_word(self, *words: str) -> bool:
        """Whether this is one of these words, unquoted."""
        return self.kind is Kind.WORD and self.text in words

    def __str__(self) -> str:
        if self.kind is Kind.END:
            return "the end"
        return f'"{self.text}"' if self.kind is Kind.QUOTED else f"'{self.text}'"


def cut(text: str) -> tuple[Token, ...]:
    """Cut a condition into tokens, the last of which is the end.

    Raises:
        ConditionError: the text is too long, or a quote is not closed.
    """
    if len(text) > MAX_CONDITION_CHARS:
        raise ConditionError(
            f"a condition cannot be longer than {MAX_CONDITION_CHARS} characters", column=MAX_CONDITION_CHARS
        )
    tokens = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _stray(text, position)
        if match.lastgroup == "quoted":
            tokens.append(Token(Kind.QUOTED, re.sub(r"\\(.)", r"\1", match[0][1:-1]), position + 1))
        elif match.lastgroup != "blank":
            tokens.append(Token(Kind(match.lastgroup), match[0], position + 1))
        position = match.end()
    return (*tokens, Token(Kind.END, "", len(text.rstrip()) + 1))


def quote(value: str) -> str:
    """Write a selector's value so that :func:`cut` gives it back whole; bare where that is possible."""
    if _BARE_VALUE.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _stray(text: str, position: int) -> ConditionError:
    if text[position] == '"':
        return ConditionError('a quoted name is not closed with "', column=position + 1)
    return ConditionError(f"'{text[position]}' has no meaning here", column=position + 1)
