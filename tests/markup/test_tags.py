"""Tags are found where a browser finds them, in a time that grows with the page and no faster."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.markup import MAX_CHARS, TagReader, decoded

READER = TagReader("img", "p", "option")


def images(html: str) -> list[dict[str, str]]:
    return [tag.attributes for tag in READER.read(html) if tag.name == "img"]


@pytest.mark.parametrize(
    ("written", "attributes"),
    [
        ("<img>", {}),
        ("<img/>", {}),
        ("<IMG SRC=A.png>", {"src": "A.png"}),
        ('<img src="a b.png" alt>', {"src": "a b.png", "alt": ""}),
        ("<img src='a\"b'>", {"src": 'a"b'}),
        ("<img src=it's>", {"src": "it's"}),
        ("<img\n\tsrc\n=\n'a'\f/>", {"src": "a"}),
        ("<img src=a/>", {"src": "a/"}),
        ("<img src=a src=b>", {"src": "a"}),
        ('<img alt=">" src=a>', {"alt": ">", "src": "a"}),
        ('<img alt="<img src=b>" src=a>', {"alt": "<img src=b>", "src": "a"}),
        ("<img data-x=<b src=a>", {"data-x": "<b", "src": "a"}),
        ("<img =x src=a>", {"=x": "", "src": "a"}),
        ("<img ü=ö>", {"ü": "ö"}),
        ("<img src=?a=1&amp;b=2&copy=3&reg&lt;&#65;&#x42&nope;>", {"src": "?a=1&b=2&copy=3®<AB&nope;"}),
    ],
)
def test_attributes_are_read_as_they_are_meant(written: str, attributes: dict[str, str]) -> None:
    assert images(f"<p>{written}</p>") == [attributes]


@pytest.mark.parametrize(
    "html",
    [
        "<!-- <img> -->",
        "<!-- <img> --!>",
        "<!-- > <img>",
        "<!doctype <img>",
        "<?php <img>",
        "<script><img></script>",
        "<SCRIPT>'</p><img>'</Script >",
        "<script><img>",
        "<style><img></style>",
        "<textarea><img></textarea>",
        "<title><img></title>",
        "<noscript><img></noscript>",
        "<iframe><img></iframe>",
        "<template><p><template></template><img></p></template>",
        '<a title="<img>">',
        "<a title='<img>' b>",
        "<a title= '>' b=\"<img>\">",
        "<imgs>",
        "< img>",
        "</ <img>",
        "<img",
        "<img src=a",
        "<a b='<img><img",
    ],
)
def test_what_looks_like_a_tag_and_is_none_is_passed_over(html: str) -> None:
    assert images(html) == []


@pytest.mark.parametrize(
    "html",
    [
        "<!--><img>",
        "<!---><img>",
        "<!-- a -- b --><img>",
        "<script></scripts></script><img>",
        "<svg><title/><style/></svg><img>",
        "<svg><script/></svg><img>",
        "<template></template><img>",
        "</template><img>",
        "a < b <img> c",
        "<<img>",
        "<p title=\"it's\">it's<img>",
        "<p x=a'b><img>",
        "\0<img>",
    ],
)
def test_what_follows_is_found(html: str) -> None:
    assert images(html) == [{}]


def test_texts_are_given_where_they_matter() -> None:
    tags = list(TagReader("option", "p").read("<option>one &amp; two<p>no</p><style>a > b {}</style><textarea>\n<p>"))
    assert [(tag.name, tag.is_end, tag.text) for tag in tags] == [
        ("option", False, "one &amp; two"),
        ("p", False, ""),
        ("p", True, ""),
        ("style", False, "a > b {}"),
        ("style", True, ""),
        ("textarea", False, "\n<p>"),
    ]


def test_a_page_of_any_length_is_read_to_its_limit() -> None:
    assert len(images("<img>" * 10)) == 10
    assert len(images(" " * (MAX_CHARS - 5) + "<img><img>")) == 1


@pytest.mark.parametrize(
    "piece",
    [
        *("<div>", "<", "<img ", "<img a=", "<img a='", '<img a="', "<!--", "<!-", "</", "<script>", "<a b"),
        *("<template>", "<svg><script/>", "<a b=\"'", "&#x", "<p", "<b id=x><p>", "<table><form>", "<x a=b c", "<a ="),
    ],
)
def test_the_time_grows_with_the_page_and_no_faster(piece: str) -> None:
    def cost(chars: int) -> float:
        page = piece * (chars // len(piece))
        begun = process_time()
        for _ in READER.read(page):
            pass
        return process_time() - begun

    cost(10_000)
    assert cost(400_000) < 1  # of a second; what grows with the square takes minutes


@given(st.text(alphabet="<>/!-=\"' aimgp\n&;#x\0éscrit", max_size=200))
def test_any_text_is_read(html: str) -> None:
    for tag in READER.read(html):
        assert tag.name
    decoded(html)


@given(st.text(max_size=50).filter(lambda text: "&" not in text and '"' not in text))
def test_a_value_comes_back_as_it_was_written(value: str) -> None:
    assert images(f'<img alt="{value}">') == [{"alt": value.encode(errors="replace").decode()}]
