"""Addresses are folded by what the recording's own links tell."""

from __future__ import annotations

import pytest
from recording.taping import entry, har_of

from loadgen.recording import exchanges_of
from loadgen.recording.templates import Templates


def templates(*links: str) -> Templates:
    page = "".join(f'<a href="{link}">x</a>' for link in links)
    return Templates(exchanges_of(har_of([entry("GET", "https://shop.example/", text=page)])))


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/", "/"),
        ("/cart", "/cart"),
        ("/product/oak-lamp", "/product/{slug}"),
        ("/product/a-very-long-lamp-of-oak-0042", "/product/{slug}"),
        ("/product/shopping-bag", "/product/{slug}"),
        ("/products/12", "/products/{id}"),
        ("/products/search", "/products/search"),
        ("/catalogue/category/books/fiction_2/", "/catalogue/category/{slug}/{slug}/"),
        ("/basket/add/12/", "/basket/add/{id}/"),
        ("/checkout/shipping-address/", "/checkout/shipping-address/"),
        ("/checkout/confirmation/DS-00000010", "/checkout/confirmation/{ref}"),
        ("/api/cart/items/add", "/api/cart/items/add"),
        ("/a/0b54ae2c-9f4e-4a8e-8f0d-6d5a3c7e9b11", "/a/{uuid}"),
        ("/product/gr%C3%BCne-lampe", "/product/{slug}"),
    ],
)
def test_words_and_forms_tell_what_varies(path: str, template: str) -> None:
    assert templates()(path) == template


def test_links_that_differ_in_one_segment_alone_make_it_a_slug() -> None:
    dresses = [f"/damen/kleid-{name}" for name in ("anna", "berta", "carla")]
    assert templates(*dresses)("/damen/kleid-anna") == "/damen/{slug}"
    assert templates(*dresses[:2])("/damen/kleid-anna") == "/damen/kleid-anna"
    assert (
        templates("/help/a-b", "/help/c-d", "/help/e-f", "http://[broken")("/damen/kleid-anna") == "/damen/kleid-anna"
    )


def test_places_of_the_first_level_are_no_slugs_unless_they_look_it() -> None:
    first = templates(
        "/oak-desk-lamp.html", "/tin-desk-lamp.html", "/old-desk-lamp.html", "/about-us", "/my-page", "/our-news"
    )
    assert first("/oak-desk-lamp.html") == "/{slug}"
    assert first("/about-us") == "/about-us"
