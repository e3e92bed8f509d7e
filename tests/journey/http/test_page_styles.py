"""Stylesheets make a browser load what they import, their fonts, and the pictures of rules that may apply."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.journey.http.pages.screen import Screen
from loadgen.journey.http.pages.stylesheet import Sheet, read_sheet

SHEET = "https://shop.example/css/main.css"
WORDS = frozenset({"hero", "wide", "md:flex", "main"})


def read(css: str) -> Sheet:
    return read_sheet(css, SHEET, Screen(1366, 768))


def loaded(css: str, words: frozenset[str] = WORDS) -> list[str]:
    """Paths of what is loaded for a page with these classes and ids."""
    return [link.url.removeprefix("https://shop.example") for link in read(css).links(words)]


@pytest.mark.parametrize(
    "css",
    [
        '@import "/a.css";',
        "@import '/a.css' screen;",
        "@import url(/a.css);",
        "@IMPORT url( '/a.css' ) layer(x) supports(display: grid) (min-width: 9px);",
        "@charset 'utf-8'; /* first */ @import /* now */ url(/a.css)",
        "@layer a, b; @import '../a.css'",
    ],
)
def test_imports_are_loaded(css: str) -> None:
    assert loaded(css) == ["/a.css"]


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("p { background: url(a.png) }", "/css/a.png"),
        ("p{background:url( 'a.png' )no-repeat}", "/css/a.png"),
        ('p { BACKGROUND-IMAGE: URL("../a.png"); }', "/a.png"),
        ("* > p + a, :root { content: url(/a.png) }", "/a.png"),
        (".hero { background: url(/a.png) }", "/a.png"),
        (".hero.wide #main p::before { background: url(/a.png) }", "/a.png"),
        (".absent, .hero { background: url(/a.png) }", "/a.png"),
        (".md\\:flex { background: url(/a.png) }", "/a.png"),
        (".hero:not(.absent) { background: url(/a.png) }", "/a.png"),
        (".hero:not(:hover) { background: url(/a.png) }", "/a.png"),
        ("a[href$='.pdf'] { background: url(/a.png) }", "/a.png"),
        ("p { background: url(/old.png); background: url(/a.png) }", "/a.png"),
        ("p { background-image: image-set(url(/a.png) 1x, url(/b.png) 2x) }", "/a.png"),
        ("@media (min-width: 600px) { p { background: url(/a.png) } }", "/a.png"),
        ("@media screen { @supports (display: grid) { p { background: url(/a.png) } } }", "/a.png"),
        ("@layer a { p { background: url(/a.png) } }", "/a.png"),
        (".hero { color: red; & .wide { background: url(/a.png) } }", "/a.png"),
        ("p { background: url(/a.png); & .absent { color: red } }", "/a.png"),
        ("p { content: '}'; background: url(/a.png) }", "/a.png"),
        ("p { background: url(/a.png), url(data:image/png;base64,A//8=) }", "/a.png"),
        ("} p { background: url(/a.png) }", "/a.png"),
        ("p { background: url(data:a;b) } a { background: url(/a.png) }", "/a.png"),
    ],
)
def test_pictures_are_loaded_where_their_rule_may_apply(rule: str, path: str) -> None:
    assert loaded(rule) == [path]


@pytest.mark.parametrize(
    "css",
    [
        "",
        "p { color: red }",
        "/* p { background: url(/a.png) } */",
        ".absent { background: url(/a.png) }",
        ".hero.absent p { background: url(/a.png) }",
        ".hero:hover { background: url(/a.png) }",
        "a:focus-visible, a:ACTIVE { background: url(/a.png) }",
        "p { cursor: url(/a.cur), auto }",
        "p { --image: url(/a.png) }",
        "p { background: none }",
        "p { background: url() }",
        "p { background: url(#a) }",
        "p { background: url(javascript:1) }",
        "p { content: 'url(/a.png)' }",
        "@media print { p { background: url(/a.png) } }",
        "@media (max-width: 600px) { @layer x { p { background: url(/a.png) } } }",
        "@keyframes x { from { background: url(/a.png) } }",
        "@page { background: url(/a.png) }",
        "p { @import '/late.css'; }",
    ],
)
def test_nothing_is_loaded_without_need(css: str) -> None:
    assert loaded(css) == []


@pytest.mark.parametrize(
    ("face", "path"),
    [
        ("src: url(a.woff2)", "/css/a.woff2"),
        ("src: url(a.eot); src: local('A'), url(a.eot?#iefix) format('embedded-opentype'), url(a.woff)", "/css/a.woff"),
        ("src: url(a.bin) format(woff2), url(a.woff) format('woff')", "/css/a.bin"),
        ("src: url(a.svg#a) format('svg'), url(a.ttf) format('truetype')", "/css/a.ttf"),
        ("src: url(a.woff2); unicode-range: U+0000-00FF, U+0131", "/css/a.woff2"),
        ("src: url(a.woff2); unicode-range: U+00??", "/css/a.woff2"),
        ("src: url(a.woff2); unicode-range: U+61", "/css/a.woff2"),
    ],
)
def test_of_a_font_the_first_form_of_today_is_loaded(face: str, path: str) -> None:
    assert loaded(f"@font-face {{ font-family: A; {face} }}", frozenset()) == [path]


@pytest.mark.parametrize(
    "face",
    [
        "src: url(a.eot)",
        "src: local(A)",
        "src: url(a.woff2); unicode-range: U+0400-04FF",
        "src: url(a.woff2); unicode-range: U+F000-F8FF, U+4??",
        "",
    ],
)
def test_a_font_without_latin_letters_or_a_form_of_today_is_not(face: str) -> None:
    assert loaded(f"@font-face {{ font-family: A; {face} }}") == []


SYNTAX = (
    "{|}|;|:|(|)|url(|url('|\"|'|/*|*/|@import |@media |@font-face{src:|background:|.hero|#main|"
    ":hover|\\|\n|format(|unicode-range:U+|data:|image-set("
)
REPEATED = (
    "{|}|(|)|[|url(|url('|(\"|('|@import|@import url(|/*|a{|a{b:url(|a:|p{background:url(a)}|"
    "@media (a){|a,|.a|\\|'|\"|u+|a{b:(|@font-face{src:url(a)}|-"
)

RULES = ("main{background:url(a.png)}", "@import 'b.css';", ".hero{src:url(//cdn.example/c)}", "@font-face{src:url(d)}")

FRAGMENTS = st.one_of(
    st.text(max_size=15),
    st.sampled_from(SYNTAX.split("|")),
    st.sampled_from(RULES),
)


def test_the_rules_that_garbage_is_mixed_with_have_links() -> None:
    assert all(read(rule).links(WORDS) for rule in RULES)


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
def test_any_stylesheet_is_read(css: str) -> None:
    for link in read(css).links(WORDS):
        assert link.url.startswith("http")


@pytest.mark.parametrize(
    "piece",
    REPEATED.split("|"),
)
def test_the_time_grows_with_the_sheet_and_no_faster(piece: str) -> None:
    for css in (piece * (50_000 // len(piece)), f"a{{b:url(c);{piece * (50_000 // len(piece))}}}"):
        begun = process_time()
        read(css)
        assert process_time() - begun < 2  # seconds; what grows with the square takes minutes
