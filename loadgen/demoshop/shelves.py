"""Lists of products as pages: tiles, the filters that narrow them, the pager. The same for every visitor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from loadgen.demoshop import filters
from loadgen.demoshop.catalogue import Found, Product, paged
from loadgen.demoshop.filters import Choice, Narrowing
from loadgen.demoshop.page import escaped, euros
from loadgen.demoshop.templates import Templates

_FILTER: Final = b'<li><a class="filter%b" data-filter="%b" data-count="%d" href="%b">%b (%d)</a></li>\n'


def listed(
    templates: Templates, heading: str, products: Sequence[Product], page: int, link: str, narrowing: Narrowing = ()
) -> bytes | None:
    """One page of a list of products.

    Args:
        templates: of the shop.
        heading: above the list.
        products: the whole list, not yet narrowed.
        page: its number, from 1.
        link: the list's address, up to and with the ``?`` or ``&`` after which the narrowing and the page follow.
        narrowing: what is wanted of them.

    Returns:
        The page; None when there is none of that number.
    """
    found = paged(filters.narrow(products, narrowing), page)
    if found is None:
        return None
    return templates["list.html"].fill(
        {
            "heading": escaped(heading),
            "total": b"%d" % found.total,
            "page": b"%d" % found.page,
            "pages": b"%d" % found.pages,
            "filters": _filters(filters.choices(products, narrowing), link, narrowing),
            "tiles": tiles(templates, found.products),
            "pager": _pager(found, link + filters.query(narrowing)),
        }
    )


def tiles(templates: Templates, products: Iterable[Product]) -> bytes:
    """Small pictures of products with name and price, each a link to its page."""
    tile = templates["tile.html"]
    return b"\n".join(tile.fill(tile_values(product)) for product in products)


def tile_values(product: Product) -> dict[str, bytes]:
    """What a tile, or a page, says of a product."""
    return {
        "slug": product.slug.encode(),
        "name": escaped(product.name),
        "cents": b"%d" % product.price_cents,
        "price": euros(product.price_cents),
        "hot": b" hot" if product.hot else b"",
    }


def _filters(choices: Iterable[Choice], link: str, narrowing: Narrowing) -> bytes:
    written = []
    for choice in choices:
        others = [pair for pair in narrowing if pair[0] != choice.filter]
        wanted = others if choice.chosen else [*others, (choice.filter, choice.value)]
        written.append(
            _FILTER
            % (
                b" chosen" if choice.chosen else b"",
                f"{choice.filter}={choice.value}".encode(),
                choice.count,
                escaped((link + filters.query(wanted))[:-1]),
                choice.value.capitalize().encode(),
                choice.count,
            )
        )
    return b"".join(written)


def _pager(found: Found, link: str) -> bytes:
    neighbours = ((found.page - 1, "prev", "Back"), (found.page + 1, "next", "More"))
    return b" ".join(
        b'<a rel="%b" href="%bpage=%d">%b</a>' % (rel.encode(), escaped(link), page, label.encode())
        for page, rel, label in neighbours
        if 1 <= page <= found.pages
    )
