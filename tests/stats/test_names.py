"""Request names are templates, and never more than a cap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.stats import OTHER, NameCap, template_of
from loadgen.stats.names import MAX_NAME_LENGTH


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("/", "/"),
        ("", "/"),
        ("?q=socks", "/"),
        ("/product/42", "/product/{id}"),
        ("/product/42?ref=mail&utm=1#reviews", "/product/{id}"),
        ("/product/42/", "/product/{id}/"),
        ("/price/-1.50", "/price/{id}"),
        ("https://shop.example/product/42", "/product/{id}"),
        ("https://shop.example", "/"),
        ("https://shop.example?x=1", "/"),
        ("/cart/123e4567-e89b-12d3-a456-426614174000", "/cart/{uuid}"),
        ("/asset/9f86d081884c7d65.js", "/asset/9f86d081884c7d65.js"),
        ("/asset/9f86d081884c7d65", "/asset/{hex}"),
        ("/deadbeef", "/deadbeef"),
        ("/order/ORD-20251231", "/order/{ref}"),
        ("/session/eyJhbGciOiJIUzI1NiJ9.payload-1", "/session/{token}"),
        ("/c/winter-jackets", "/c/winter-jackets"),
        ("/p/{slug}", "/p/{slug}"),
        ("GET product", "GET product"),
        ("add to cart", "add to cart"),
        ("/v2/cart", "/v2/cart"),
        ("/a\nb", "/a�b"),
        ("/\ud800", "/�"),
        ("/größe/42", "/größe/{id}"),
    ],
)
def test_what_varies_is_folded(name, template):
    assert template_of(name) == template


@given(
    st.one_of(st.text(max_size=300), st.from_regex(r"(https?://[a-z]+)?(/[a-z0-9-]{0,40}){0,9}(\?.*)?", fullmatch=True))
)
def test_a_template_is_short_printable_and_never_empty(name):
    template = template_of(name)

    assert 0 < len(template) <= MAX_NAME_LENGTH
    assert template.isprintable()
    assert "?" not in template


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=150))
def test_a_template_is_its_own_template(name):
    template = template_of(name)

    assert template_of(template) == template


@given(st.integers(0, 10**30), st.uuids())
def test_ids_make_no_new_names(number, uuid):
    assert template_of(f"/order/{number}/item/{uuid}?page={number}") == "/order/{id}/item/{uuid}"


def test_names_beyond_the_cap_are_counted_as_other():
    cap = NameCap(2)

    assert [cap(name) for name in ("a", "b", "a", "c", "d", "b", "c")] == ["a", "b", "a", OTHER, OTHER, "b", OTHER]
    assert cap.folded == 3


def test_other_itself_takes_no_room():
    cap = NameCap(1)

    assert [cap(OTHER), cap("a"), cap(OTHER)] == [OTHER, "a", OTHER]
    assert cap.folded == 0
