"""What narrows a list of products: their colour and the band of their price.

A narrowing is a tuple of (filter, value) pairs in the order of :data:`FILTERS`, at most one for each filter, so that
the same narrowing is always the same key. In a query string it is ``colour=red&price=25-50``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from loadgen.demoshop.catalogue import COLOURS, Product
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.refusals import Refusal

Narrowing = tuple[tuple[str, str], ...]

_BANDS_EUROS: Final = {"0-25": 25, "25-50": 50, "50-100": 100, "100-200": 200}
_DEAREST: Final = "200-"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter, as a list offers it.

    Attributes:
        filter: its name in a query.
        value: its value in a query.
        count: products that it leaves, with the other filters as they are.
        chosen: whether the list is narrowed by it.
    """

    filter: str
    value: str
    count: int
    chosen: bool


def price_band(product: Product) -> str:
    """The band of a product's price in euros, such as ``25-50``; the lower bound belongs to it."""
    return next((band for band, end in _BANDS_EUROS.items() if product.price_cents < end * 100), _DEAREST)


FILTERS: Final[dict[str, tuple[tuple[str, ...], Callable[[Product], str]]]] = {
    "colour": (COLOURS, lambda product: product.colour),
    "price": ((*_BANDS_EUROS, _DEAREST), price_band),
}
"""The values of each filter, and how a product's is found."""


def read(parameters: Fields) -> Narrowing:
    """Read a query's narrowing.

    Raises:
        Refusal: 400 for a value that a filter does not have.
    """
    narrowing = []
    for name, (values, _) in FILTERS.items():
        value = parameters.text(name, default=" ").strip()
        if value and value not in values:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{name}_invalid", f"Choose one of {', '.join(values)}.")
        if value:
            narrowing.append((name, value))
    return tuple(narrowing)


def query(narrowing: Iterable[tuple[str, str]]) -> str:
    """A narrowing as a query string, with ``&`` after each pair."""
    return "".join(f"{name}={value}&" for name, value in narrowing)


def narrow(products: Sequence[Product], narrowing: Narrowing) -> Sequence[Product]:
    """Those products that have all the values."""
    for name, value in narrowing:
        value_of = FILTERS[name][1]
        products = [product for product in products if value_of(product) == value]
    return products


def choices(products: Sequence[Product], narrowing: Narrowing) -> list[Choice]:
    """What a list of products offers to be narrowed by; values that would leave nothing are not among them."""
    chosen = dict(narrowing)
    offered = []
    for name, (values, value_of) in FILTERS.items():
        others = tuple(pair for pair in narrowing if pair[0] != name)
        counts = Counter(value_of(product) for product in narrow(products, others))
        offered += [Choice(name, value, counts[value], chosen.get(name) == value) for value in values if counts[value]]
    return offered
