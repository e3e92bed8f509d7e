"""What the shop sells: the same for the same seed and size, on every machine.

Prices are in cents. Slugs are plain ASCII and end in the product's number, so they are unique. What goes into a cart
is a SKU: a product as it is, or one of its sizes (``bright-oak-boot-4.38``).
"""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

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
_SIZES = {
    "kids": ("92", "104", "116", "128"),
    "shoes": ("36", "37", "38", "39", "40", "41", "42", "43"),
}

COLOURS = ("black", "white", "grey", "red", "blue", "green", "sand")
HOT_PRODUCTS = 8
"""The first of the catalogue, one of each category, are those that everybody wants."""


@dataclass(frozen=True, slots=True)
class Product:
    """One thing to buy.

    Attributes:
        number: from 1, unique.
        slug: its name in URLs.
        name: its name for people.
        category: slug of its category.
        price_cents: price of one piece.
        stock: pieces in stock when the shop opens; where there are sizes, of each.
        colour: one of :data:`COLOURS`.
        sizes: of which one must be chosen; empty where there is only this.
        skus: what of it can be put into a cart: itself, or its sizes.
        for_members: shown to customers who are logged in, and to nobody else.
    """

    number: int
    slug: str
    name: str
    category: str
    price_cents: int
    stock: int
    colour: str
    sizes: tuple[str, ...]
    skus: tuple[str, ...]
    for_members: bool = False

    @property
    def hot(self) -> bool:
        """Whether everybody wants it."""
        return self.number <= HOT_PRODUCTS

    def visible_to(self, customer: str | None) -> bool:
        """Whether a customer sees it; None: somebody who is not logged in."""
        return customer is not None or not self.for_members


@dataclass(frozen=True, slots=True)
class Sku:
    """What is put into a cart: a product, or a size of it.

    Attributes:
        key: unique in the catalogue.
        product: of which it is.
        size: empty where there is only one.
    """

    key: str
    product: Product
    size: str = ""

    @property
    def name(self) -> str:
        """Its name for people."""
        return f"{self.product.name}, size {self.size}" if self.size else self.product.name


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
    """All products, by slug, by category and by the words of their names.

    Attributes:
        products: those that everybody sees.
        for_members: those of the private sale; in no category, and not found by a search.
        by_slug: all of both.
        by_category: of those that everybody sees.
        by_word: indices into ``products``.
        skus: all that can be put into a cart, by key.
    """

    products: Sequence[Product]
    for_members: Sequence[Product]
    by_slug: dict[str, Product] = field(repr=False)
    by_category: dict[str, list[Product]] = field(repr=False)
    by_word: dict[str, set[int]] = field(repr=False)
    skus: dict[str, Sku] = field(repr=False)

    @classmethod
    def generate(
        cls, size: int, seed: int, stock: int | None = None, *, hot_stock: int | None = None, for_members: int = 0
    ) -> Catalogue:
        """Invent a catalogue.

        Args:
            size: number of products that everybody sees, at least 1.
            seed: same seed, same catalogue.
            stock: pieces of each product, and of each size; None: several hundred to several thousand of a product.
            hot_stock: the same for hot products; None: as the others.
            for_members: number of further products, for members only.
        """
        dice = random.Random(f"catalogue {seed}")
        everything = [_invent(number, dice, stock) for number in range(1, size + for_members + 1)]
        products = [
            product if hot_stock is None or not product.hot else replace(product, stock=hot_stock)
            for product in everything[:size]
        ]
        private = [replace(product, for_members=True) for product in everything[size:]]
        by_category: dict[str, list[Product]] = {category: [] for category in _NOUNS}
        by_word: dict[str, set[int]] = {}
        for index, product in enumerate(products):
            by_category[product.category].append(product)
            for word in {*_words(product.name), product.category}:
                by_word.setdefault(word, set()).add(index)
        return cls(
            products=products,
            for_members=private,
            by_slug={product.slug: product for product in (*products, *private)},
            by_category=by_category,
            by_word=by_word,
            skus={sku.key: sku for product in (*products, *private) for sku in _skus(product)},
        )

    def find(self, query: str) -> Sequence[Product]:
        """Find products whose names have, for each word of the query, a word that begins with it.

        An empty query finds everything.
        """
        wanted = _words(query)
        if not wanted:
            return self.products
        hits = set.intersection(*(self._beginning_with(word) for word in wanted))
        return [self.products[index] for index in sorted(hits)]

    def related(self, product: Product, count: int) -> list[Product]:
        """The ``count`` next products of the same category, around the corner at its end."""
        siblings = self.for_members if product.for_members else self.by_category[product.category]
        after = bisect_right(siblings, product.number, key=lambda sibling: sibling.number)
        following = siblings[after : after + count]
        return [*following, *siblings[: min(count - len(following), after - 1)]]

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
    sizes = _SIZES.get(category, ())
    usual_stock = dice.randint(*_USUAL_STOCK) // (len(sizes) or 1)
    slug = f"{adjective}-{material}-{noun}-{number}"
    return Product(
        number=number,
        slug=slug,
        name=f"{adjective.capitalize()} {material} {noun}",
        category=category,
        price_cents=price_cents,
        stock=usual_stock if stock is None else stock,
        colour=COLOURS[number * 5 % len(COLOURS)],
        sizes=sizes,
        skus=tuple(f"{slug}.{size}" for size in sizes) or (slug,),
    )


def _skus(product: Product) -> list[Sku]:
    return [Sku(key, product, key[len(product.slug) + 1 :]) for key in product.skus]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())
