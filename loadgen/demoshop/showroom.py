"""What every visitor sees alike: home, categories, search results, products, pictures.

Home and the first page of each category are made whole and compressed when the shop opens. The others, products,
pictures and search results are made at their first visit and kept.
"""

from __future__ import annotations

import functools
from urllib.parse import quote_plus

from loadgen.demoshop import words
from loadgen.demoshop.answers import HTML, Precomputed
from loadgen.demoshop.catalogue import Catalogue
from loadgen.demoshop.filters import Narrowing
from loadgen.demoshop.page import Page, escaped, euros
from loadgen.demoshop.shelves import listed, tile_values, tiles
from loadgen.demoshop.templates import Templates
from loadgen.demoshop.totals import OrderLine

HOME_TILES = 50
RELATED_TILES = 4
KEPT = 5_000
"""Category pages, products, pictures, search results and cart lines kept in memory, each; 50 MB at 10 kB a page."""

SVG = b"Content-Type: image/svg+xml\r\nCache-Control: public, max-age=3600\r\n"


class Showroom:
    """Makes and keeps the pages of a catalogue.

    Attributes:
        home: the home page.
        category: makes a page of a category by slug, page number and narrowing; None for one that there is not.
        cart_line: makes a line of a cart by SKU and quantity, with a hole for the form token.
        search: makes a page of what was found by query, page number and narrowing; None likewise.
        private_sale: makes a page of the articles for members by page number and narrowing; None likewise.
    """

    def __init__(self, catalogue: Catalogue, templates: Templates) -> None:
        self._catalogue = catalogue
        self._templates = templates
        self.home = Precomputed(
            templates["home.html"].fill({"tiles": tiles(templates, catalogue.products[:HOME_TILES])}), HTML
        )
        self.category = functools.lru_cache(KEPT)(self._make_category)
        for slug in catalogue.by_category:
            self.category(slug, 1, ())
        self.private_sale = functools.lru_cache(KEPT)(self._make_private_sale)
        self._product = functools.lru_cache(KEPT)(self._make_product)
        self.cart_line = functools.lru_cache(KEPT)(self._make_cart_line)
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
        made = tile_values(product) | {
            "category": product.category.encode(),
            "number": b"%06d" % product.number,
            "weight": b"%d g" % words.weight_grams(product),
            "colour": product.colour.encode(),
            "description": b"".join(paragraphs),
            "reviews": b"".join(opinions),
            "related": tiles(self._templates, self._catalogue.related(product, RELATED_TILES)),
        }
        if not product.sizes:
            made["sizes"] = b""
        return self._templates["product.html"].partly(made)

    def _make_cart_line(self, key: str, quantity: int) -> Page:
        line = OrderLine(self._catalogue.skus[key], quantity)
        return self._templates["cart_line.html"].partly(
            {
                "slug": line.product.slug.encode(),
                "sku": key.encode(),
                "name": escaped(line.sku.name),
                "quantity": b"%d" % quantity,
                "cents": b"%d" % line.total_cents,
                "total": euros(line.total_cents),
            }
        )

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

    def _make_category(self, slug: str, page: int, narrowing: Narrowing) -> Precomputed | None:
        products = self._catalogue.by_category.get(slug)
        if products is None:
            return None
        made = listed(self._templates, slug.capitalize(), products, page, f"/category/{slug}?", narrowing)
        return None if made is None else Precomputed(made, HTML)

    def _make_search(self, query: str, page: int, narrowing: Narrowing) -> bytes | None:
        heading = f"Results for “{query}”" if query else "Everything"
        link = f"/search?q={quote_plus(query, errors='replace')}&"
        return listed(self._templates, heading, self._catalogue.find(query), page, link, narrowing)

    def _make_private_sale(self, page: int, narrowing: Narrowing) -> bytes | None:
        products = self._catalogue.for_members
        return listed(self._templates, "Private sale", products, page, "/private-sale?", narrowing)
