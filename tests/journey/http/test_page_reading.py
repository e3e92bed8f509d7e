"""What a page makes a browser load is found in its tags, in the order in which a browser would ask for it."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.journey.http.pages.document import MAX_LINKS, read_document
from loadgen.journey.http.pages.links import FIRST, LAST, SEEN, SOON, THEN, link_to
from loadgen.journey.http.pages.screen import Screen

PAGE = "https://shop.example/a/page.html?x=1"
SCREEN = Screen(1366, 768)


def found(html: str, screen: Screen = SCREEN, in_view: int = 6) -> list[tuple[str, str, int]]:
    """Path, kind and rank of each link of a page."""
    document = read_document(html, PAGE, screen, in_view)
    return [(link.url.removeprefix("https://shop.example"), link.kind, link.rank) for link in document.links]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<link rel=stylesheet href=/a.css>", ("/a.css", "style", FIRST)),
        ("<link rel='Stylesheet preload' href=/a.css>", ("/a.css", "style", FIRST)),
        ("<link rel=stylesheet media='(min-width: 1px)' href=/a.css>", ("/a.css", "style", FIRST)),
        ("<link rel=stylesheet media=print href=/a.css>", ("/a.css", "style", LAST)),
        ("<link rel=preload as=style href=/a.css>", ("/a.css", "style", FIRST)),
        ("<link rel=preload as=font href=/a.woff2>", ("/a.woff2", "font", FIRST)),
        ("<link rel=preload as=script href=/a.js>", ("/a.js", "script", SOON)),
        ("<link rel=preload as=image href=/a.png>", ("/a.png", "image", SEEN)),
        ("<link rel=preload as=image imagesrcset='/s.png 1x, /l.png 2x'>", ("/s.png", "image", SEEN)),
        ("<link rel=preload as=fetch href=/a.json>", ("/a.json", "other", THEN)),
        ("<link rel=modulepreload href=/a.js>", ("/a.js", "script", THEN)),
        ("<link rel='shortcut icon' href=/i.ico>", ("/i.ico", "icon", LAST)),
        ("<script src=/a.js></script>", ("/a.js", "script", SOON)),
        ("<script src=/a.js async></script>", ("/a.js", "script", THEN)),
        ("<script src=/a.js defer></script>", ("/a.js", "script", THEN)),
        ("<script type=module src=/a.js></script>", ("/a.js", "script", THEN)),
        ("<script type='Text/JavaScript' src=/a.js></script>", ("/a.js", "script", SOON)),
        ("<img src=b.png>", ("/a/b.png", "image", SEEN)),
        ("<img src=' b.png\n'>", ("/a/b.png", "image", SEEN)),
        ("<img src=../b.png#x>", ("/b.png", "image", SEEN)),
        ("<img src=?y=2>", ("/a/page.html?y=2", "image", SEEN)),
        ("<img src='/b c.png?a=1&amp;b=2'>", ("/b%20c.png?a=1&b=2", "image", SEEN)),
        ("<img src=/a.png fetchpriority=high>", ("/a.png", "image", THEN)),
        ("<img src=/a.png fetchpriority=low>", ("/a.png", "image", LAST)),
        ("<img src=/a.png srcset='/b.png 1x'>", ("/b.png", "image", SEEN)),
        ("<input type=image src=/a.png>", ("/a.png", "image", SEEN)),
        ("<video poster=/a.png src=/a.mp4></video>", ("/a.png", "image", SEEN)),
        ("<svg><use xlink:href=/a.svg#cart /></svg>", ("/a.svg", "image", SEEN)),
        ("<svg><image href=/a.png /></svg>", ("/a.png", "image", SEEN)),
        ("<p style=\"background: url('/a.png')\">", ("/a.png", "image", SEEN)),
        ("<p style='background: url(&quot;/a.png&quot;)'>", ("/a.png", "image", SEEN)),
        ("<style>@import 'a.css';</style>", ("/a/a.css", "style", FIRST)),
        ("<style>p { background: url(/a.png) }</style>", ("/a.png", "image", SEEN)),
        ("<base href=/b/><img src=a.png>", ("/b/a.png", "image", SEEN)),
        ("<base href=//img.shop.example/><img src=a.png>", ("https://img.shop.example/a.png", "image", SEEN)),
        ("<base href=/b/><base href=/c/><img src=a.png>", ("/b/a.png", "image", SEEN)),
        ("<base href='ftp://x/'><img src=a.png>", ("/a/a.png", "image", SEEN)),
        ("<base target=x><img src=a.png>", ("/a/a.png", "image", SEEN)),
    ],
)
def test_a_tag_makes_a_browser_load_something(html: str, expected: tuple[str, str, int]) -> None:
    assert found(html) == [expected]


@pytest.mark.parametrize(
    "html",
    [
        "<link rel='alternate stylesheet' href=/a.css>",
        "<link rel=stylesheet disabled href=/a.css>",
        "<link rel=stylesheet>",
        "<link rel=preload as=image media='(max-width: 10px)' href=/a.png>",
        "<link rel=preload as=track href=/a>",
        "<link rel=preload href=/a>",
        *(f"<link rel={rel} href=/a>" for rel in ("prefetch", "preconnect", "canonical", "manifest", "next", "''")),
        "<script src=/a.js nomodule></script>",
        "<script type=application/json src=/a.json></script>",
        "<script>var a = 1</script>",
        "<img src=''>",
        "<img src=data:image/png;base64,AAAA>",
        "<img src='  DATA:image/gif,x'>",
        "<img src=blob:x><img src=about:blank><img src='javascript:1'><img src='http://'><img src='http://a b/'>",
        "<img data-src=/a.png>",
        f"<img src=/{'a' * 10_000}>",
        "<svg><use href=#cart /></svg>",
        "<iframe src=/a></iframe>",
        "<video src=/a.mp4></video><audio src=/a.mp3></audio>",
        "<source src=/a.mp4>",
        "<input type=text src=/a.png>",
        "<style media=print>p { background: url(/a.png) }</style>",
        "<style>.absent { background: url(/a.png) }</style>",
        "<noscript><img src=/a.png></noscript>",
        "<template><img src=/a.png></template>",
        "<!-- <img src=/a.png> -->",
    ],
)
def test_a_tag_makes_a_browser_load_nothing(html: str) -> None:
    assert found(html) == []


def test_of_several_icons_one_is_loaded_and_each_thing_only_once() -> None:
    html = "<link rel=icon href=/a.ico><link rel=icon href=/b.ico><img src=/a.png><img src=/a.png#x><img src=/a.png>"
    assert found(html) == [("/a.png", "image", SEEN), ("/b.ico", "icon", LAST)]


def test_what_is_announced_comes_with_the_sooner_of_its_ranks() -> None:
    html = "<link rel=preload as=image fetchpriority=high href=/a.png><img src=/a.png><img src=/b.png>"
    assert found(html) == [("/a.png", "image", THEN), ("/b.png", "image", SEEN)]


def test_lazy_pictures_are_loaded_where_they_are_in_view() -> None:
    html = "".join(f"<img src=/{n} loading={'lazy' if n % 2 else 'eager'}>" for n in range(8))
    assert [path for path, _, _ in found(html, in_view=4)] == ["/0", "/1", "/2", "/3", "/4", "/6"]
    assert [path for path, _, _ in found(html, in_view=0)] == ["/0", "/2", "/4", "/6"]


def test_a_picture_is_the_first_of_its_sources_that_suits() -> None:
    html = (
        "<picture><source type=image/jxl srcset=/a><source media='(max-width: 600px)' srcset=/small>"
        "<source type=image/webp srcset='/wide 1x, /wider 2x'><img src=/plain></picture><img src=/next>"
    )
    assert [path for path, _, _ in found(html)] == ["/wide", "/next"]
    assert [path for path, _, _ in found(html, Screen(390, 844, 3))] == ["/small", "/next"]
    assert [path for path, _, _ in found("<picture><source srcset=''><img src=/plain></picture>")] == ["/plain"]


def test_the_words_of_a_page_are_its_classes_and_ids() -> None:
    document = read_document("<p class='a  b' id=c><p class=\"d\"><p class=e>", PAGE, SCREEN, 6)
    assert document.words == {"a", "b", "c", "d", "e"}


def test_a_page_of_endless_links_has_a_limit() -> None:
    html = "".join(f"<img src=/{n}>" for n in range(3 * MAX_LINKS))
    assert MAX_LINKS <= len(found(html)) <= MAX_LINKS + 1


def test_a_link_is_kept_without_fragment_credentials_and_usual_port() -> None:
    link = link_to(PAGE, "HTTPS://u:p@Shop.Example:443/ä?q#x", "image", SEEN)
    assert link is not None
    assert (link.url, link.target) == ("https://shop.example/%C3%A4?q", "/%C3%A4?q")


MARKUP = (
    "<|>|/>|<img src=|<link rel=stylesheet href=|<base href=|<picture>|</picture>|<style>|"
    "</style>|srcset='|sizes='(|100vw|url(|)|{|}|//|http://[|\\|&#|%|@|<source media='|"
    "<svg><use href=|<script src=|loading=lazy|\ud800|\0|2x, |'|\""
)
REPEATED = (
    "<div>|<img srcset='|class='|class=|<img style='url(|<style>|<style>a{b:url(c)}</style>|"
    "id=|<link rel=icon href=x>|<base href=a>|<picture><source srcset=a>|"
    "<img src=a srcset='b 1x'>|url("
)

FRAGMENTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(MARKUP.split("|")),
)


@given(st.lists(FRAGMENTS, max_size=30).map("".join), st.sampled_from([SCREEN, Screen(1, 1, 0.1), Screen(1e9, 1, 9)]))
def test_any_page_is_read(html: str, screen: Screen) -> None:
    for link in read_document(html, PAGE, screen, 6).links:
        assert link.url.startswith(("http://", "https://"))
        assert link.url.isascii()
        assert FIRST <= link.rank <= LAST


@pytest.mark.parametrize(
    "piece",
    REPEATED.split("|"),
)
def test_the_time_grows_with_the_page_and_no_faster(piece: str) -> None:
    begun = process_time()
    read_document(piece * (100_000 // len(piece)), PAGE, SCREEN, 6)
    assert process_time() - begun < 2  # seconds; what grows with the square takes minutes
