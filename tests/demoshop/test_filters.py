"""Lists that are narrowed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.demoshop import filters
from loadgen.demoshop.catalogue import Catalogue
from loadgen.demoshop.fields import Fields

PRODUCTS = Catalogue.generate(200, seed=1).products
VALUES = [(name, value) for name, (values, _) in filters.FILTERS.items() for value in values]


@given(wanted=st.lists(st.sampled_from(VALUES), max_size=4))
def test_a_narrowing_is_read_as_it_is_written(wanted: list[tuple[str, str]]) -> None:
    read = filters.read(Fields.from_urlencoded(filters.query(wanted).encode()))
    assert dict(read) == dict(wanted)
    assert [name for name, _ in read] == [name for name in filters.FILTERS if name in dict(wanted)]


@given(first=st.sampled_from(VALUES), second=st.sampled_from(VALUES))
def test_a_choice_leaves_as_many_as_it_says(first: tuple[str, str], second: tuple[str, str]) -> None:
    narrowing = filters.read(Fields(dict([first, second])))
    for choice in filters.choices(PRODUCTS, narrowing):
        chosen = filters.read(Fields(dict(narrowing) | {choice.filter: choice.value}))
        assert len(filters.narrow(PRODUCTS, chosen)) == choice.count > 0
        assert choice.chosen == ((choice.filter, choice.value) in narrowing)


def test_every_product_has_one_value_of_each_filter() -> None:
    for name, (values, value_of) in filters.FILTERS.items():
        assert {value_of(product) for product in PRODUCTS} <= set(values), name


@pytest.mark.parametrize("path", ["/category/shoes", "/search?q=o"])
def test_the_links_of_a_list_narrow_it_and_widen_it_again(visitor: Any, path: str) -> None:
    page = visitor.get(path).text
    link = re.search(r'data-filter="colour=(\w+)" data-count="(\d+)" href="([^"]+)"', page)
    assert link
    narrowed = visitor.get(link[3].replace("&amp;", "&")).text
    assert f'id="total">{link[2]}<' in narrowed
    back = re.search(r'filter chosen" data-filter="[^"]+" data-count="\d+" href="([^"]+)"', narrowed)
    assert back
    assert visitor.get(back[1].replace("&amp;", "&")).text == page


@pytest.mark.parametrize("query", ["colour=pink", "price=cheap", "colour=red&price=1-2"])
def test_a_filter_that_there_is_not_is_refused(visitor: Any, query: str) -> None:
    assert visitor.get(f"/category/shoes?{query}").status_code == 400
    assert visitor.get(f"/api/products?{query}").status_code == 400


def test_programs_narrow_too(visitor: Any) -> None:
    listed = visitor.get("/api/products?category=shoes").json()
    choice = listed["filters"][0]
    narrowed = visitor.get(f"/api/products?category=shoes&{choice['filter']}={choice['value']}").json()
    assert narrowed["total"] == choice["count"]
    assert {product["colour"] for product in narrowed["products"]} == {choice["value"]}
