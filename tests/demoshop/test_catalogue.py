"""What the shop sells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.demoshop.catalogue import HOT_PRODUCTS, PAGE_SIZE, Catalogue, paged

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


def test_hot_products_have_a_stock_of_their_own() -> None:
    products = Catalogue.generate(20, seed=1, stock=3, hot_stock=1).products
    assert [product.stock for product in products] == [1] * HOT_PRODUCTS + [3] * (20 - HOT_PRODUCTS)


def test_private_products_are_found_by_their_slug_only() -> None:
    catalogue = Catalogue.generate(50, seed=1, for_members=5)
    assert catalogue.products == Catalogue.generate(50, seed=1).products
    assert len(catalogue.for_members) == 5
    for product in catalogue.for_members:
        assert catalogue.by_slug[product.slug] is product
        assert product not in catalogue.find(product.name)
        assert product not in catalogue.by_category[product.category]
        assert product.visible_to("a@b")
        assert not product.visible_to(None)


def test_every_size_can_be_put_into_a_cart_and_other_products_as_they_are() -> None:
    sized = {product.category for product in CATALOGUE.products if product.sizes}
    assert sized == {"kids", "shoes"}
    for product in CATALOGUE.products:
        skus = [CATALOGUE.skus[key] for key in product.skus]
        assert [sku.size for sku in skus] == list(product.sizes or ("",))
        assert all(sku.product is product for sku in skus)
    assert len(CATALOGUE.skus) == sum(len(product.skus) for product in CATALOGUE.products)


def test_search_finds_all_words_by_their_beginnings() -> None:
    product = CATALOGUE.products[17]
    found = CATALOGUE.find(f"  {product.name.upper()[:-1]} ")
    assert product in found
    assert all(word.lower() in found[0].name.lower() for word in product.name[:-1].split())


def test_an_empty_search_finds_everything_and_a_strange_one_nothing() -> None:
    assert (len(CATALOGUE.find("")), len(CATALOGUE.find("zzz")), len(CATALOGUE.find("wool zzz"))) == (200, 0, 0)


@settings(deadline=None)
@given(query=st.text(max_size=40), page=st.integers(-5, 50))
def test_search_takes_any_text(query: str, page: int) -> None:
    found = paged(CATALOGUE.find(query), page)
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
