"""Tags are those that a browser's engine finds: compared with Lexbor, which builds the whole tree.

Lexbor is told of no scripts, and moves what stands where it may not: so the pages here have no ``noscript``, and their
tables and selections hold only what may be in them.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from loadgen.markup import TagReader

NAMES = ("img", "input", "source", "link")
READER = TagReader(*NAMES)

VALUES = st.text(alphabet="ab<>&;=/'é 1\n", max_size=8)
ATTRIBUTES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["src", "ALT", "data-x", "é"]), VALUES).map(lambda pair: f' {pair[0]}="{pair[1]}"'),
        st.tuples(
            st.sampled_from(["src", "alt"]), VALUES.filter(lambda text: "'" not in text), st.sampled_from(["", " "])
        ).map(lambda parts: f"\n{parts[0]}{parts[2]}={parts[2]}'{parts[1]}'"),
        st.tuples(st.sampled_from(["src", "id"]), st.text(alphabet="ab&;=1é", min_size=1, max_size=6)).map(
            lambda pair: f" {pair[0]}={pair[1]}"
        ),
        st.sampled_from([" async", " /", "/", " a/b", ' "', " '", ' x"y']),
    ),
    max_size=4,
).map("".join)

TAGS = st.one_of(
    st.tuples(st.sampled_from([*NAMES, "IMG", "p", "div", "a", "b", "li", "imgs"]), ATTRIBUTES).map(
        lambda tag: f"<{tag[0]}{tag[1]}>"
    ),
    st.tuples(st.sampled_from(["p", "div", "a", "b", "li", "svg", "template"]), ATTRIBUTES).map(
        lambda tag: f"</{tag[0]}{tag[1]}>"
    ),
)
PIECES = st.one_of(
    TAGS,
    st.sampled_from(
        [
            "<!-- <img> -->",
            "<!-->",
            "<!--->",
            "<!-- -- > --!>",
            "<!x <img>",
            "<?php <img ?>",
            "</ <img>",
            "<script>'<img>'</script>",
            "<style>a > b <img></style>",
            "<textarea><img></textarea>",
            "<template><p><img></p></template>",
            "<svg><title/><use href=#x /></svg>",
            "<table><tr><td><img></td></tr></table>",
            "a < b > c & d",
            'it\'s "so"',
            "<",
            "\n",
        ]
    ),
)


def by_lexbor(html: str) -> list[tuple[str, dict[str, Any]]]:
    # Lexbor says None where an attribute has no value, or an empty one.
    found = LexborHTMLParser(html).css(",".join(NAMES))
    return [(node.tag, {name: value or "" for name, value in node.attributes.items()}) for node in found]


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=8))
def test_tags_are_those_of_a_browsers_engine(pieces: list[str]) -> None:
    html = "<!doctype html><body>" + "".join(pieces)
    assert [(tag.name, tag.attributes) for tag in READER.read(html) if tag.name in NAMES] == by_lexbor(html)
