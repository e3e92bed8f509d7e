"""The shop that nginx plays for the cases of the HTTP client: pages on disk, packed beforehand, and real exchanges.

::

    /page.html       1 KB as it is
    /catalogue.html  100 KB, packed to a sixth
    a visit          ten exchanges: cookies are set and demanded, a form with a token is posted and answered with 303,
                     JSON goes both ways, every page is packed

A shopper that did not keep its cookies or did not follow the redirect would get a 403 or miss an exchange, and
:mod:`benchmarks.noted` would see it.
"""

from __future__ import annotations

import gzip
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.nginx import Nginx, nginx

PAGE_BYTES = 1024
CATALOGUE_BYTES = 100 * 1024
VISIT_PAGE_BYTES = 10 * 1024

VISIT_PAGES = {
    "/home": "home",
    "/category/shoes": "category",
    "/product/boots": "product",
    "/cart": "cart",
    "/checkout": "checkout",
    "/thanks": "thanks",
}
"""Path and title of each page of the visit."""

PAGE = (("GET", "/page.html", 200),)
NEWCOMER = PAGE * 3
CATALOGUE = (("GET", "/catalogue.html", 200),)
VISIT = (
    ("GET", "/home", 200),
    ("GET", "/category/shoes", 200),
    ("GET", "/product/boots", 200),
    ("GET", "/api/stock", 200),
    ("POST", "/cart/add", 303),
    ("GET", "/cart", 200),
    ("POST", "/api/voucher", 200),
    ("GET", "/checkout", 200),
    ("GET", "/api/payment", 200),
    ("GET", "/thanks", 200),
)
"""What a shopper of each case exchanges: method, path, status."""

_TOKEN = "3f9c2b7ad1e84c60"
_FORM = (
    f'<form action="/cart/add" method="post"><input type="hidden" name="csrf" value="{_TOKEN}">'
    '<input type="hidden" name="product" value="boots"><input name="quantity" value="1"></form>'
)

_LOCATIONS = """
    root {pages};
    gzip_static on;
    location = /home {{
        alias {pages}/home.html;
        add_header Set-Cookie "session=8b1f6f0c2d7e4a59; Path=/; HttpOnly; SameSite=Lax";
        add_header Set-Cookie "seen=home; Path=/; Max-Age=3600";
    }}
    location = /category/shoes {{ alias {pages}/category.html; }}
    location = /product/boots {{ alias {pages}/product.html; }}
    location = /cart {{ if ($cookie_cart = "") {{ return 403; }} alias {pages}/cart.html; }}
    location = /checkout {{ if ($cookie_session = "") {{ return 403; }} alias {pages}/checkout.html; }}
    location = /thanks {{ alias {pages}/thanks.html; }}
    location = /cart/add {{
        if ($cookie_session = "") {{ return 403; }}
        if ($request_method != POST) {{ return 405; }}
        add_header Set-Cookie "cart=boots-1; Path=/; HttpOnly" always;
        return 303 /cart;
    }}
    location /api/ {{
        default_type application/json;
        if ($cookie_session = "") {{ return 403; }}
        return 200 '{{"product": "boots", "pieces": 17, "sizes": [39, 40, 41, 42], "price": {{"cents": 12900, "currency": "EUR"}}, "accepted": true}}';
    }}
"""  # noqa: E501 -- nginx has no way to break a text


@contextmanager
def running_site(
    plain: Sequence[str], tls: Sequence[str] = (), connections: int = 1024
) -> Iterator[tuple[Nginx, Path]]:
    """This shop, opened; closed and put away at the end of the block.

    Args:
        plain: names of ports without TLS.
        tls: names of ports with TLS.
        connections: how many it can hold.

    Yields:
        The server, and a folder for all that is written meanwhile.
    """
    with tempfile.TemporaryDirectory(prefix="loadgen-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx may read its pages as another user
        with nginx(folder, _make_pages(folder), plain, tls, connections) as server:
            yield server, folder


def _make_pages(folder: Path) -> str:
    """Write the pages; the locations of nginx's configuration."""
    pages = folder / "pages"
    pages.mkdir()
    (pages / "page.html").write_text("x" * PAGE_BYTES)
    _write_packed(pages / "catalogue.html", "catalogue", CATALOGUE_BYTES)
    for title in VISIT_PAGES.values():
        _write_packed(pages / f"{title}.html", title, VISIT_PAGE_BYTES, _FORM if title == "product" else "")
    return _LOCATIONS.format(pages=pages)


def _write_packed(file: Path, title: str, size_bytes: int, form: str = "") -> None:
    """A page of a shop as it is and packed; it packs as shops' pages do, to a sixth."""
    rng = random.Random(title)
    words = ["".join(rng.choices("abcdefghijklmnoprstuvw", k=rng.randint(3, 11))) for _ in range(4000)]
    begin = f'<!doctype html><html lang="en"><head><title>{title}</title></head><body><h1>{title}</h1>{form}<ul>\n'
    end = "</ul></body></html>\n"
    items: list[str] = []
    left = size_bytes - len(begin) - len(end)
    while left > 0:
        name, price = " ".join(rng.choices(words, k=4)), rng.randint(5, 300)
        item = (
            f'<li class="product-card" data-id="{rng.randint(10_000, 99_999)}"><a class="product-card__link" '
            f'href="/product/{name.replace(" ", "-")}"><span class="product-card__name">{name}</span></a>'
            f'<span class="product-card__price" data-currency="EUR">{price}.90</span></li>\n'
        )
        items.append(item[:left])
        left -= len(item)
    text = begin + "".join(items) + end
    file.write_text(text)
    file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(text.encode(), 6, mtime=0))
