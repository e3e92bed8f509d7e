"""Writes a script as a Python file that ruff has nothing to say about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from loadgen.recording.code import Call, Dict, Name, Node, literal, quoted, render, width
from loadgen.recording.headers import initial
from loadgen.recording.helpers import helpers
from loadgen.recording.requests import Statement
from loadgen.recording.script import Batch, Script, WrittenStep

BODY: Final = 8
IN_STEP: Final = 12


def write(script: Script, *, host: str, user: str, source: str) -> str:
    """The text of a journey.

    Args:
        script: what it does.
        host: base URL of the shop.
        user: name of its class.
        source: what it was recorded in, for people.
    """
    body = "\n".join([*_journey(script)])
    tools = helpers(script.references.used, script.headers.from_ask, has_headers=script.headers.exist)
    shape = [
        "    def journey(self) -> None:",
        f'        """{_words(script)}."""',
        body,
    ]
    head = [f"class {user}(Shopper):", '    """One visit, as it was recorded."""', "", f"    host = {quoted(host)}"]
    if script.endpoint:
        head.append(f"    endpoint = {quoted(script.endpoint)}")
    if not thinks(script):
        head.append("    think = uniform(1, 3)  # a guess: the recording has no pauses")
    parts = [*head, "", *shape, *(f"\n{tool.rstrip()}" for tool in tools)]
    text = "\n".join(parts)
    return f"{_docstring(source)}\n\n{_imports(script)}\n\n{_constants(script)}\n{text}\n"


def _docstring(source: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", source)[:60]
    return (
        f'"""A visit that was recorded in {plain}.\n\nWritten by `loadgen journey record`, and yours from now on.\n"""'
    )


def _words(script: Script) -> str:
    names = [one.step.name for one in script.steps]
    told = list(dict.fromkeys(name.replace("_", " ") for name in names))
    line = ", ".join(told[:8]) + (", …" if len(told) > 8 else "")
    return line[:1].upper() + line[1:]


def _imports(script: Script) -> str:
    used = script.references.used
    lines = ["from __future__ import annotations", ""]
    wanted = {
        "import os": "os" in used,
        "import re": "re" in used or "find" in used or "follow" in used,
        "from html import unescape": bool({"find", "follow"} & used),
        "from typing import Any": bool({"fill", "ask", "find"} & used),
        "from urllib.parse import urljoin": "urljoin" in used,
        "from uuid import uuid4": "uuid4" in used,
    }
    standard = [line for line, is_wanted in wanted.items() if is_wanted]
    if standard:
        lines += [*standard, ""]
    names = ["Shopper"]
    if {"follow", "fill"} & used:
        names.insert(0, "Page")
    names.append("lognormal" if thinks(script) else "uniform")
    lines.append(f"from loadgen.journey import {', '.join(names)}")
    return "\n".join(lines)


def _constants(script: Script) -> str:
    lines = [f'{name} = os.environ.get("{variable}", "")' for name, variable in script.values.from_environment.items()]
    if lines:
        lines.insert(
            0, "# What the recording held is not written here: set these where the journey runs, or draw from data."
        )
    for name, value in script.references.constants:
        lines.append(f"{name} = {value}")
    if script.values.search_words:
        words = render(literal(script.values.search_words), 0, len("SEARCH_WORDS = "))
        lines.append(f"SEARCH_WORDS = {words}")
    return "\n".join([*lines, "", ""]) if lines else ""


def _journey(script: Script) -> Iterator[str]:
    if script.headers.exist:
        yield _line("self.headers: dict[str, str]", Dict(initial(script.headers)), BODY)
    for name, code in script.values.first:
        yield _line(name, Name(code), BODY)
    has_pauses = thinks(script)
    for number, one in enumerate(script.steps):
        if number:
            yield ""
        if number and has_pauses and one.step.think_s:
            yield f"{' ' * BODY}self.think_time(lognormal({_seconds(one.step.think_s)}))"
        elif number and not has_pauses:
            yield f"{' ' * BODY}self.think_time()"
        yield f"{' ' * BODY}with self.step({quoted(one.step.name)}):"
        for statement in one.statements:
            yield from _statement(script, statement)
        yield from _counted(script, one, number)


def _counted(script: Script, one: WrittenStep, number: int) -> Iterator[str]:
    names = [step.step.name for step in script.steps]
    following = names[number + 1] if number + 1 < len(names) else ""
    if one.step.name == "add_to_cart" and following != "add_to_cart":
        yield f'{" " * BODY}self.count("carts")'
    ends = ("confirmation", "payment")
    if one.step.name in ends and not set(ends) & set(names[number + 1 :]):
        yield f'{" " * BODY}self.count("orders")'


def _statement(script: Script, statement: Statement | Batch) -> Iterator[str]:
    if isinstance(statement, Batch):
        yield from _batch(script, statement)
        return
    needs = script.references.needs.get(statement.exchange.number) if statement.exchange else None
    node, target = statement.node, statement.fixed
    if needs and needs.answer and statement.suffix:
        yield _line(needs.answer, node, IN_STEP)
        node, target = Call(Name(f"{needs.answer}.json")), needs.value
        if needs.value:
            yield _line(target, node, IN_STEP)
    else:
        target = target or (needs and (needs.value or needs.answer)) or ""
        yield _line(target, node, IN_STEP, ".json()" if statement.suffix and target else "")
    for name, then in needs.then if needs else []:
        yield _line(name, then, IN_STEP)


def _batch(script: Script, batch: Batch) -> Iterator[str]:
    needs = [script.references.needs.get(exchange.number) for exchange in batch.exchanges]
    targets = [(one and (one.value or one.answer)) or "_" for one in needs]
    yield _line("" if set(targets) == {"_"} else ", ".join(targets), batch.node, IN_STEP)
    for exchange, one in zip(batch.exchanges, needs, strict=True):
        if one and one.answer and one.value:
            yield _line(one.answer, Name(one.value), IN_STEP)
        if one and one.value and exchange.is_json:
            yield _line(one.value, Call(Name(f"{one.value}.json")), IN_STEP)
        for name, then in one.then if one else []:
            yield _line(name, then, IN_STEP)


def _line(target: str | Node, node: Node, indent: int, suffix: str = "") -> str:
    before = target if isinstance(target, str) else render(target, 0)
    before = f"{before} = " if before else ""
    code = render(node, indent, indent + width(before), len(suffix))
    return f"{' ' * indent}{before}{code}{suffix}"


def thinks(script: Script) -> bool:
    """Whether the recording has pauses to take think times from."""
    return any(one.step.think_s for one in script.steps)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f}".rstrip("0").rstrip(".") if seconds < 9.95 else f"{seconds:.0f}"
