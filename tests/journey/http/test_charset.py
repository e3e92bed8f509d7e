"""Text is decoded as a browser decodes it, and never fails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webencodings.labels import LABELS

from loadgen.journey.http.charset import text_of

HTML = "text/html"
GREETING = "Grüße, 10 €"
IN_1252 = GREETING.encode("windows-1252")
IN_UTF8 = GREETING.encode()


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (IN_UTF8, "text/html; charset=utf-8"),
        (IN_UTF8, 'text/html;charset="UTF-8"'),
        (IN_UTF8, "text/html ; foo=bar ; Charset = utf8"),
        (IN_1252, "text/html; charset=iso-8859-1"),
        (IN_1252, "text/html; charset=ASCII"),
        (IN_1252, "text/html; charset='cp1252'; x=y"),
        (GREETING.encode("utf-16-le"), "text/plain; charset=utf-16"),
        (GREETING.encode("utf-16-be"), "text/plain; charset=utf-16be"),
        (GREETING.encode("iso-8859-15"), "text/plain; charset=l9"),
        (IN_1252, "application/json; charset=latin1"),
    ],
)
def test_the_header_says_what_the_text_is(content: bytes, content_type: str) -> None:
    assert text_of(content, content_type) == GREETING


def test_labels_mean_what_they_mean_on_the_web() -> None:
    assert text_of("価格 ①".encode("cp932"), "text/plain; charset=shift_jis") == "価格 ①"
    assert text_of("가격 똠".encode("cp949"), "text/plain; charset=ks_c_5601-1987") == "가격 똠"
    assert text_of("价格".encode("gb18030"), "text/plain; charset=gb2312") == "价格"


@pytest.mark.parametrize("content_type", ["", HTML, "text/html; charset=windows-1251", "application/json", "image/png"])
def test_a_byte_order_mark_is_believed_before_anything_else_and_left_out(content_type: str) -> None:
    assert text_of(b"\xef\xbb\xbf" + IN_UTF8, content_type) == GREETING
    assert text_of(b"\xff\xfe" + GREETING.encode("utf-16-le"), content_type) == GREETING
    assert text_of(b"\xfe\xff" + GREETING.encode("utf-16-be"), content_type) == GREETING


@pytest.mark.parametrize(
    "head",
    [
        '<meta charset="windows-1251">',
        "<!doctype html><html><head><META CHARSET=windows-1251 />",
        "<meta name=x content='>'><meta\n charset = 'windows-1251'>",
        '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
        "<meta content='text/html;charset = \"windows-1251\"' http-equiv=content-type>",
        '<meta charset="no-such-thing"><meta charset="windows-1251">',
        "<!-- <meta charset=utf-8> --><meta charset=windows-1251>",
        '<!--> <meta charset=windows-1251> <meta charset="utf-8"> -->',
        '<p title="<meta charset=utf-8>"><meta charset=windows-1251>',
        "<meta/charset=windows-1251>",
        '<?xml version="1.0" encoding="windows-1251"?><html>',
        '<meta charset="windows-1251" charset="utf-8">',
    ],
)
@pytest.mark.parametrize("content_type", [HTML, "", "text/html; charset=unheard-of"])
def test_a_page_names_its_encoding_itself(head: str, content_type: str) -> None:
    page = f"{head}<p>Привет</p>"

    assert text_of(page.encode("windows-1251"), content_type) == page


@pytest.mark.parametrize(
    "head",
    [
        "<metal charset=windows-1251>",
        '<meta name="charset" content="windows-1251">',
        '<meta http-equiv="refresh" content="charset=windows-1251">',
        '<meta http-equiv="content-type" content="text/html">',
        "<!-- <meta charset=windows-1251>",
        "<p>" + "x" * 1024 + "<meta charset=windows-1251>",
        "<meta charset=>",
    ],
)
def test_what_only_looks_like_a_name_does_not_count(head: str) -> None:
    page = f"{head}<p>Привет</p>"

    assert text_of(page.encode(), HTML) == page


def test_a_page_that_can_be_read_is_not_utf_16_whatever_it_says() -> None:
    assert text_of(b"<meta charset=utf-16>" + IN_UTF8, HTML) == f"<meta charset=utf-16>{GREETING}"
    assert text_of(b"<meta charset=x-user-defined>" + IN_1252, HTML).endswith(GREETING)


def test_meta_tags_speak_for_pages_only() -> None:
    assert text_of(b"<meta charset=windows-1251>" + IN_UTF8, "text/plain").endswith(GREETING)
    assert text_of(b"<meta charset=windows-1251>" + IN_UTF8, "application/xhtml+xml").endswith(GREETING)


@pytest.mark.parametrize(
    "content_type", ["text/xml", "application/xml", "application/xhtml+xml", "application/atom+xml"]
)
def test_xml_names_its_encoding_in_its_declaration(content_type: str) -> None:
    document = f"<?xml version='1.0' encoding='ISO-8859-1' standalone='yes'?><p>{GREETING}</p>"

    assert text_of(document.encode("windows-1252"), content_type) == document
    assert text_of(document.encode(), f"{content_type}; charset=utf-8") == document


@pytest.mark.parametrize("content_type", ["", HTML, "text/plain", "text/css", "text/javascript"])
def test_text_that_says_nothing_is_utf_8_or_else_windows_1252(content_type: str) -> None:
    assert text_of(IN_UTF8, content_type) == GREETING
    assert text_of(IN_1252, content_type) == GREETING


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/ld+json", "text/json", "image/png", "text/xml"]
)
def test_what_must_be_utf_8_is_not_guessed_at(content_type: str) -> None:
    assert text_of(b'"gr\xfc\xdfe"', content_type) == '"gr\ufffd\ufffde"'


LABELLED = st.sampled_from(sorted(LABELS)).map("text/html; charset={}".format)


@given(st.binary(max_size=300), st.text(max_size=30) | LABELLED | st.sampled_from(["", HTML, "text/xml", "a/json"]))
def test_no_bytes_and_no_header_make_it_fail(content: bytes, content_type: str) -> None:
    assert isinstance(text_of(content, content_type), str)


PARTS = st.sampled_from(
    [b"<meta", b" ", b"charset", b"=", b'"', b"'", b">", b"<!--", b"-->", b"<?xml", b"encoding", b"/"]
)


@given(st.lists(PARTS | st.sampled_from([label.encode() for label in LABELS]), max_size=40).map(b"".join))
def test_no_page_makes_it_fail(content: bytes) -> None:
    assert isinstance(text_of(content, HTML), str)
    assert isinstance(text_of(content, "text/xml"), str)


@given(st.text())
def test_utf_8_is_read_as_it_was_written(text: str) -> None:
    assert text_of(text.encode(), "text/plain; charset=utf-8") == text.removeprefix("\ufeff")
