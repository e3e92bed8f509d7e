"""The shop's page templates, rendered once when it opens: what stays open are their holes."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping

import jinja2
from markupsafe import Markup

from loadgen.demoshop.page import Page, escaped, hole
from loadgen.demoshop.sessions import Session

_PUBLIC = ("home.html", "list.html", "tile.html")
"""Without a trace of the visitor, so that they can be kept whole and compressed."""

_PERSONAL = (
    "branches.html",
    "cart.html",
    "cart_line.html",
    "challenge.html",
    "checkout.html",
    "confirmation.html",
    "login.html",
    "message.html",
    "order.html",
    "orders.html",
    "payment.html",
    "product.html",
    "register.html",
    "reservation.html",
    "wish.html",
    "wishlist.html",
)


class Templates:
    """Every template as a :class:`~loadgen.demoshop.page.Page`, by its file name.

    Args:
        categories: slugs of the categories, for the menus.
        file_names: of the front's files with their digests, by plain name.
    """

    def __init__(self, categories: Iterable[str], file_names: Mapping[str, str]) -> None:
        environment = _environment()
        menu = list(categories)

        def cut(name: str, *, personal: bool) -> Page:
            html = environment.get_template(name).render(
                categories=menu, files=file_names, hole=_open_hole, personal=personal
            )
            return Page(html.encode())

        self._pages = {name: cut(name, personal=False) for name in _PUBLIC}
        self._pages |= {name: cut(name, personal=True) for name in _PERSONAL}

    def __getitem__(self, name: str) -> Page:
        return self._pages[name]

    def personal(self, template: str, session: Session, **values: bytes) -> bytes:
        """Fill a page that greets its visitor."""
        return self._pages[template].fill(greeting(session) | values)


def greeting(session: Session) -> dict[str, bytes]:
    """The holes of the visitor: the form token, the number of cart lines, the name."""
    return {
        "csrf": session.csrf,
        "cart_count": b"%d" % len(session.cart),
        "visitor": escaped(session.customer) if session.customer else b"Log in",
    }


@functools.cache
def _environment() -> jinja2.Environment:
    """One for all shops of the process, as compiling the templates takes longer than filling a shop."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("loadgen.demoshop"), autoescape=True, undefined=jinja2.StrictUndefined
    )


def _open_hole(name: str) -> Markup:
    return Markup(hole(name))  # noqa: S704 - the mark of a hole, never text from outside
