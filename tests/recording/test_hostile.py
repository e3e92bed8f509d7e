"""Whatever stands in a recording, what is written is a journey whose literals hold it, and never code."""

from __future__ import annotations

import ast
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from recording.conftest import Written
from recording.taping import entry

from loadgen.recording import write
from loadgen.recording.code import Call, Dict, Joined, List, Lit, Name, literal, pattern, quoted, render

NASTY = st.sampled_from(
    [
        '"""',
        "'''",
        '"',
        "'",
        "\\",
        "\\'",
        '\\"',
        "\n",
        "\r",
        "\x00",
        "{",
        "}",
        "{boom()}",
        "${x}",
        "%s",
        "# noqa",
        "\u202e",
    ]
)
TEXT = st.lists(st.one_of(NASTY, st.text(max_size=8), st.just('"); boom("')), max_size=6).map("".join)
JSON = st.recursive(
    st.one_of(TEXT, st.integers(), st.booleans(), st.none(), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)
UNWANTED = {"boom", "__import__", "eval", "exec", "open", "system"}


def calls_in(code: str) -> set[str]:
    """Names of all that a text calls, docstrings and literals aside."""
    tree = ast.parse(code)
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {function.id if isinstance(function, ast.Name) else getattr(function, "attr", "") for function in called}


@given(TEXT)
def test_a_text_is_read_back_as_it_was(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text
    assert ast.literal_eval(pattern(text)) == text


@given(JSON)
def test_a_value_is_read_back_as_it_was(value: Any) -> None:
    code = render(literal(value), 0)
    assert repr(eval(code, {"__builtins__": {"float": float}})) == repr(value)  # noqa: S307 - it is what is tested


@given(st.lists(st.one_of(TEXT, st.just(Name("slug"))), min_size=1))
def test_text_around_a_name_stays_text(parts: list[str | Name]) -> None:
    code = render(Joined([*parts, Name("slug")]), 0)
    wanted = "".join("S" if isinstance(one, Name) else one for one in parts) + "S"
    assert eval(code, {"__builtins__": {}, "slug": "S"}) == wanted  # noqa: S307 - the same


@given(TEXT, TEXT, TEXT)
def test_no_text_breaks_out_of_a_call(one: str, two: str, three: str) -> None:
    node = Call(Name("f"), [Lit(one), Dict([(Lit(two), List([Lit(three)]))])], [("name", Lit(two))])
    got = eval(render(node, 8), {"__builtins__": {}, "f": lambda *args, **named: (args, named)})  # noqa: S307 - the same
    assert got == ((one, {two: [three]}), {"name": two})


@settings(max_examples=150)
@given(
    path=TEXT,
    name=TEXT,
    value=TEXT,
    body=JSON,
    header=TEXT,
    page=TEXT,
    mime=st.sampled_from(["text/html", "application/json", TEXT]),
)
def test_a_hostile_recording_becomes_a_journey_that_compiles(
    path: str, name: str, value: str, body: Any, header: str, page: str, mime: Any
) -> None:
    mime = mime if isinstance(mime, str) else "text/plain"
    form = f'<form method="post" action="/{path}"><input name="{name}" value="{value}"></form><a href="/p/{path}">x</a>'
    document = f"query Q{name} {{ a(x: $x) {{ {value} }} }}"
    entries = [
        entry("GET", "http://shop.example/", text=page + form, answer_headers={"X-Token": header}),
        entry("GET", f"http://shop.example/p/{path}?{name}={value}", at=2, text=page),
        entry(
            "POST",
            f"http://shop.example/{path}",
            at=4,
            headers={"Content-Type": "application/x-www-form-urlencoded", name: header, "X-Token": header},
            body=f"{name}={value}",
            status=302,
            answer_headers={"Location": f"/{path}"},
        ),
        entry("POST", "http://shop.example/api", at=6, body={"a": body, name: value}, mime=mime, text=page),
        entry(
            "POST",
            "http://shop.example/gql",
            at=8,
            body={"query": document, "variables": {"x": body}, "operationName": name},
        ),
        entry(
            "PUT", f"http://shop.example/api/{path}", at=9, headers={"Content-Type": "text/plain"}, body=page + value
        ),
    ]
    written = Written(entries)
    assert not calls_in(written.text) & UNWANTED
    assert all(char.isprintable() or char == "\n" for char in written.told)


def test_what_stands_in_comments_and_docstrings_is_ours() -> None:
    script = Written([entry("GET", "http://shop.example/", text="<h1>x</h1>")]).script
    hostile = write(script, host="http://x", user="Visitor", source='a"""\nboom()\n"""b.har')
    assert "boom" not in calls_in(hostile)
