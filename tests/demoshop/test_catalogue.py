"""What the shop sells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.demoshop.catalogue import PAGE_SIZE, Catalogue, paged

CATALOGUE = Catalogue.generate(200, seed=1)


def test_the_same_seed_gives_the_same_catalogue_and_another_seed_another() -> None:
    assert Catalogue.generate(200, seed=1).products == CATALOGUE.products
    assert Catalogue.generate(200, seed=2).products != CATALOGUE.products


@settings(deadline=None)
@given(size=st.integers(1, 300), seed=st.integers())
def test_slugs_are_unique_and_prices_positive(size: int, seed: int) -> None:
    catalogue = Catalogue.generate(size, seed)
    assert len(catalogue.by_slug) == size
    assert all(product.price_cents > 0 and product.stock > 0 for product in catalogue.products)
    assert sum(map(len, catalogue.by_category.values())) == size


def test_the_stock_can_be_set_for_all_products() -> None:
    assert {product.stock for product in Catalogue.generate(50, seed=1, stock=3).products} == {3}


def test_search_finds_all_words_by_their_beginnings() -> None:
    product = CATALOGUE.products[17]
    found = CATALOGUE.search(f"  {product.name.upper()[:-1]} ", page=1)
    assert found is not None
    assert product in found.products
    assert all(word.lower() in found.products[0].name.lower() for word in product.name[:-1].split())


def test_an_empty_search_finds_everything_and_a_strange_one_nothing() -> None:
    everything, nothing = CATALOGUE.search("", 1), CATALOGUE.search("zzz", 1)
    assert everything is not None
    assert nothing is not None
    assert (everything.total, everything.pages, nothing.total, nothing.pages) == (200, 9, 0, 1)
    assert CATALOGUE.search("wool zzz", 1) == nothing


@settings(deadline=None)
@given(query=st.text(max_size=40), page=st.integers(-5, 50))
def test_search_takes_any_text(query: str, page: int) -> None:
    found = CATALOGUE.search(query, page)
    assert found is None or len(found.products) <= PAGE_SIZE


@pytest.mark.parametrize("size", [0, 1, PAGE_SIZE, PAGE_SIZE + 1, 200])
def test_pages_hold_each_product_once(size: int) -> None:
    products = CATALOGUE.products[:size]
    first = paged(products, 1)
    assert first is not None
    pages = [paged(products, number) for number in range(1, first.pages + 1)]
    assert [product for page in pages if page for product in page.products] == list(products)
    assert paged(products, 0) is None
    assert paged(products, first.pages + 1) is None


@pytest.mark.parametrize("size", [1, 9, 200])
def test_related_products_are_others_of_the_same_category(size: int) -> None:
    catalogue = Catalogue.generate(size, seed=1)
    for product in catalogue.products:
        related = catalogue.related(product, 4)
        assert product not in related
        assert {other.category for other in related} <= {product.category}
        assert len(related) == len(set(related)) == min(4, len(catalogue.by_category[product.category]) - 1)
