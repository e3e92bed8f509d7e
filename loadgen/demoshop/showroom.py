"""What every visitor sees alike: home, categories, search results, products, pictures.

Home and categories are made whole and compressed when the shop opens. Products, pictures and search results are
made at their first visit and kept.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from urllib.parse import quote_plus

from loadgen.demoshop import words
from loadgen.demoshop.answers import HTML, Precomputed
from loadgen.demoshop.catalogue import Catalogue, Found, Product, paged
from loadgen.demoshop.page import Page, escaped, euros
from loadgen.demoshop.templates import Templates

HOME_TILES = 50
RELATED_TILES = 4
KEPT = 5_000
"""Products, pictures and search results kept in memory, each; at 10 kB a page this is 50 MB."""

SVG = b"Content-Type: image/svg+xml\r\nCache-Control: public, max-age=3600\r\n"


class Showroom:
    """Makes and keeps the pages of a catalogue.

    Attributes:
        home: the home page.
        categories: the pages of each category, by slug and page number.
    """

    def __init__(self, catalogue: Catalogue, templates: Templates) -> None:
        self._catalogue = catalogue
        self._templates = templates
        self.home = Precomputed(
            templates["home.html"].fill({"tiles": self._tiles(catalogue.products[:HOME_TILES])}), HTML
        )
        self.categories = {
            (slug, found.page): Precomputed(self._list(slug.capitalize(), found, f"/category/{slug}?page="), HTML)
            for slug, products in catalogue.by_category.items()
            for found in _every_page(products)
        }
        self._product = functools.lru_cache(KEPT)(self._make_product)
        self._image = functools.lru_cache(KEPT)(self._make_image)
        self.search = functools.lru_cache(KEPT)(self._make_search)

    def product(self, slug: str) -> Page | None:
        """A product's page, with holes left for the visitor and the availability; None for no such product."""
        return self._product(slug) if slug in self._catalogue.by_slug else None

    def image(self, slug: str) -> Precomputed | None:
        """A product's picture; None for no such product."""
        return self._image(slug) if slug in self._catalogue.by_slug else None

    def _make_product(self, slug: str) -> Page:
        product = self._catalogue.by_slug[slug]
        paragraphs = (b"<p>%b</p>\n" % escaped(text) for text in words.description(product))
        opinions = (
            b'<article class="review"><h3>%b, %d of 5 stars</h3><p>%b</p></article>\n'
            % (escaped(name), stars, escaped(text))
            for name, stars, text in words.reviews(product)
        )
        made = _tile_values(product) | {
            "category": product.category.encode(),
            "number": b"%06d" % product.number,
            "weight": b"%d g" % words.weight_grams(product),
            "description": b"".join(paragraphs),
            "reviews": b"".join(opinions),
            "related": self._tiles(self._catalogue.related(product, RELATED_TILES)),
        }
        return self._templates["product.html"].partly(made)

    def _make_image(self, slug: str) -> Precomputed:
        product = self._catalogue.by_slug[slug]
        hue = product.number * 47 % 360
        shapes = b"".join(
            b'<circle cx="%d" cy="%d" r="%d" fill="hsl(%d 60%% %d%%)" opacity=".8"/>\n'
            % (product.number * 31 * n % 240, product.number * 17 * n % 240, 10 + n * 7, hue + n * 9, 30 + n * 5)
            for n in range(1, 9)
        )
        svg = (
            b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" role="img">\n'
            b'<title>%b</title>\n<rect width="240" height="240" fill="hsl(%d 40%% 92%%)"/>\n%b</svg>\n'
        )
        return Precomputed(svg % (escaped(product.name), hue, shapes), SVG, cacheable=True)

    def _make_search(self, query: str, page: int) -> bytes | None:
        found = self._catalogue.search(query, page)
        if found is None:
            return None
        heading = f"Results for “{query}”" if query else "Everything"
        return self._list(heading, found, f"/search?q={quote_plus(query, errors='replace')}&page=")

    def _list(self, heading: str, found: Found, link: str) -> bytes:
        neighbours = ((found.page - 1, "prev", "Back"), (found.page + 1, "next", "More"))
        pager = b" ".join(
            b'<a rel="%b" href="%b%d">%b</a>' % (rel.encode(), escaped(link), page, label.encode())
            for page, rel, label in neighbours
            if 1 <= page <= found.pages
        )
        return self._templates["list.html"].fill(
            {
                "heading": escaped(heading),
                "total": b"%d" % found.total,
                "page": b"%d" % found.page,
                "pages": b"%d" % found.pages,
                "tiles": self._tiles(found.products),
                "pager": pager,
            }
        )

    def _tiles(self, products: Iterable[Product]) -> bytes:
        tile = self._templates["tile.html"]
        return b"\n".join(tile.fill(_tile_values(product)) for product in products)


def _tile_values(product: Product) -> dict[str, bytes]:
    return {
        "slug": product.slug.encode(),
        "name": escaped(product.name),
        "cents": b"%d" % product.price_cents,
        "price": euros(product.price_cents),
    }


def _every_page(products: list[Product]) -> Iterable[Found]:
    first = paged(products, 1)
    pages = first.pages if first else 0
    return [found for number in range(1, pages + 1) if (found := paged(products, number))]
