"""What the shop sells: the same for the same seed and size, on every machine.

Prices are in cents. Slugs are plain ASCII and end in the product's number, so they are unique.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

PAGE_SIZE = 24
"""Products on one page of a category or a search."""

_ADJECTIVES = "classic light warm slim soft modern rustic urban compact bright quiet nordic"
_MATERIALS = "cotton linen wool leather oak steel ceramic bamboo recycled organic brass cork"
_NOUNS = {
    "women": "dress blouse coat skirt scarf cardigan jumpsuit belt",
    "men": "shirt jacket trousers sweater tie vest polo cap",
    "kids": "romper hoodie pyjamas mittens raincoat dungarees bib beanie",
    "shoes": "sneaker boot sandal loafer slipper trainer pump moccasin",
    "home": "lamp cushion blanket mirror vase rug clock shelf",
    "kitchen": "pan kettle knife bowl mug grater teapot board",
    "garden": "planter hose chair lantern spade parasol trellis bench",
    "sport": "mat bottle backpack helmet rope racket tent gloves",
}
_PRICE_RANGE_EUROS = {"shoes": (39, 219), "garden": (12, 349), "kids": (9, 59)}
_USUAL_PRICE_RANGE_EUROS = (15, 149)
_USUAL_STOCK = (500, 5000)


@dataclass(frozen=True, slots=True)
class Product:
    """One thing to buy.

    Attributes:
        number: from 1, unique.
        slug: its name in URLs.
        name: its name for people.
        category: slug of its category.
        price_cents: price of one piece.
        stock: pieces in stock when the shop opens.
    """

    number: int
    slug: str
    name: str
    category: str
    price_cents: int
    stock: int


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a list of products.

    Attributes:
        products: those on this page.
        page: number of this page, from 1.
        pages: number of pages, at least 1.
        total: number of products on all pages.
    """

    products: Sequence[Product]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All products, by slug, by category and by the words of their names."""

    products: Sequence[Product]
    by_slug: dict[str, Product] = field(repr=False)
    by_category: dict[str, list[Product]] = field(repr=False)
    by_word: dict[str, set[int]] = field(repr=False)

    @classmethod
    def generate(cls, size: int, seed: int, stock: int | None = None) -> Catalogue:
        """Invent a catalogue.

        Args:
            size: number of products, at least 1.
            seed: same seed, same catalogue.
            stock: pieces of each product; None: several hundred to several thousand.
        """
        dice = random.Random(f"catalogue {seed}")
        products = [_invent(number, dice, stock) for number in range(1, size + 1)]
        by_category: dict[str, list[Product]] = {category: [] for category in _NOUNS}
        by_word: dict[str, set[int]] = {}
        for index, product in enumerate(products):
            by_category[product.category].append(product)
            for word in {*_words(product.name), product.category}:
                by_word.setdefault(word, set()).add(index)
        return cls(products, {product.slug: product for product in products}, by_category, by_word)

    def search(self, query: str, page: int) -> Found | None:
        """Find products whose names have, for each word of the query, a word that begins with it.

        An empty query finds everything. Returns None when there is no such page.
        """
        wanted = _words(query)
        if not wanted:
            return paged(self.products, page)
        hits = set.intersection(*(self._beginning_with(word) for word in wanted))
        return paged([self.products[index] for index in sorted(hits)], page)

    def related(self, product: Product, count: int) -> list[Product]:
        """The ``count`` next products of the same category, around the corner at its end."""
        siblings = self.by_category[product.category]
        after = bisect_right(siblings, product.number, key=lambda sibling: sibling.number)
        following = siblings[after : after + count]
        return following + siblings[: min(count - len(following), after - 1)]

    def _beginning_with(self, prefix: str) -> set[int]:
        return set().union(*(indices for word, indices in self.by_word.items() if word.startswith(prefix)))


def paged(products: Sequence[Product], page: int) -> Found | None:
    """Cut one page out of a list; None when there is no such page (page 1 always is)."""
    pages = max(1, -(-len(products) // PAGE_SIZE))
    if not 1 <= page <= pages:
        return None
    start = (page - 1) * PAGE_SIZE
    return Found(products[start : start + PAGE_SIZE], page, pages, len(products))


def _invent(number: int, dice: random.Random, stock: int | None) -> Product:
    categories = list(_NOUNS)
    category = categories[(number - 1) % len(categories)]
    adjective, material, noun = (dice.choice(words.split()) for words in (_ADJECTIVES, _MATERIALS, _NOUNS[category]))
    low, high = _PRICE_RANGE_EUROS.get(category, _USUAL_PRICE_RANGE_EUROS)
    price_cents = dice.randint(low, high) * 100 - dice.choice((1, 5, 10, 50))
    usual_stock = dice.randint(*_USUAL_STOCK)
    return Product(
        number=number,
        slug=f"{adjective}-{material}-{noun}-{number}",
        name=f"{adjective.capitalize()} {material} {noun}",
        category=category,
        price_cents=price_cents,
        stock=usual_stock if stock is None else stock,
    )


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())
