"""What is on the shelves: articles, and the pages that list them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Article:
    """One thing that can be bought, as far as the page at hand tells; its own page tells most.

    Attributes:
        key: what the shop puts into a cart by it: a number, a code.
        path: where its own page is: a path, or a slug for shops without pages.
        name: as shown.
        price_cents: of one, with tax; None where it is not shown.
        available: whether the shop offers to buy it.
        stock: how many the shop says are left; None where it does not say.
        variants: the sizes and colours of which one must be chosen; empty where there is only this.
    """

    key: str
    path: str
    name: str = ""
    price_cents: int | None = None
    available: bool = True
    stock: int | None = None
    variants: tuple[Article, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """A part of the shop.

    Attributes:
        path: its page, or its slug.
        name: as shown.
    """

    path: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """One way to narrow a listing: a size, a brand, a price.

    Attributes:
        key: what the shop calls it in a request.
        name: as shown.
        count: how many articles it leaves; None where it is not shown.
    """

    key: str
    name: str = ""
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of articles: the home page, a category, what a search found, a wish list.

    Attributes:
        articles: in the order shown.
        categories: that it links to.
        filters: that it offers.
        page: number of this page, from 1.
        has_more: whether there is a next one.
        path: where it was found; asking for its next page or narrowing it begins there.
        words: what was searched for; empty elsewhere.
    """

    articles: tuple[Article, ...] = ()
    categories: tuple[Category, ...] = ()
    filters: tuple[Filter, ...] = ()
    page: int = 1
    has_more: bool = False
    path: str = ""
    words: str = ""
