"""Rows that nobody wrote: invented by Faker, each from the seed and its own number.

The same seed, locale and version of Faker give the same row under the same number on every worker, so nothing is stored
and nothing is sent.

=============  =====================================================================================
customers      first_name, last_name, email, password, phone; and the fields of an address
addresses      street, postcode, city, country
terms          term: one to three words
articles       sku, name, price_cents, colour
=============  =====================================================================================

An e-mail address holds its row's number, so no two customers share one, under ``example.com``, which delivers nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, overload

from loadgen.errors import JourneyError
from loadgen.plan.data import Generator

if TYPE_CHECKING:
    from faker import Faker

_PROVIDERS: Final = [
    f"faker.providers.{name}" for name in ("address", "color", "company", "lorem", "person", "phone_number")
]
"""What the rows are made of; all of Faker takes three times the memory."""

Row = dict[str, Any]


class GeneratedRows(Sequence[Row]):
    """Rows by number.

    Args:
        kind: what they are.
        count: how many there are.
        locale: whose names and addresses, such as ``fr_FR``.
        seed: other seeds, other people.

    Raises:
        JourneyError: Faker does not know the locale.
    """

    def __init__(self, kind: Generator, count: int, locale: str, seed: int) -> None:
        self._make, self._count, self._seed = _MAKERS[kind], count, f"{seed}:{kind}"
        self._faker = _faker(locale)
        self.columns = tuple(self[0])
        """Names of the fields."""

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, number: int) -> Row: ...
    @overload
    def __getitem__(self, number: slice) -> list[Row]: ...
    def __getitem__(self, number: int | slice) -> Row | list[Row]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(self._count))]
        if not -self._count <= number < self._count:
            raise IndexError(f"there is no row {number}, only {self._count}")
        number %= self._count
        self._faker.seed_instance(f"{self._seed}:{number}")
        return self._make(self._faker, number)


def _faker(locale: str) -> Faker:
    from faker import Faker

    try:
        return Faker(locale, providers=_PROVIDERS)
    except AttributeError as error:
        raise JourneyError(
            f"there are no names and addresses for the locale {locale!r}", hint="one such as en_US, fr_FR or de_DE"
        ) from error


def _address(faker: Faker, _number: int) -> Row:
    return {
        "street": faker.street_address().replace("\n", ", "),
        "postcode": faker.postcode(),
        "city": faker.city(),
        "country": faker.current_country(),
    }


def _customer(faker: Faker, number: int) -> Row:
    first, last = faker.first_name(), faker.last_name()
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{_plain(first)}.{_plain(last)}.{number}@example.com",
        "password": f"{_plain(last).title()}-{faker.random_int(100000, 999999)}!",
        "phone": faker.phone_number(),
        **_address(faker, number),
    }


def _term(faker: Faker, _number: int) -> Row:
    return {"term": " ".join(faker.words(faker.random_int(1, 3)))}


def _article(faker: Faker, number: int) -> Row:
    colour = faker.color_name()
    return {
        "sku": f"SKU-{number:07}",
        "name": f"{faker.word().title()} {colour}",
        "price_cents": faker.random_int(2, 400) * 50 - 5,
        "colour": colour,
    }


def _plain(name: str) -> str:
    """A name in the letters that e-mail addresses are safe with."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", "-", ascii_only.lower()).strip("-") or "shopper"


_MAKERS: Final[dict[Generator, Callable[[Any, int], Row]]] = {
    Generator.CUSTOMERS: _customer,
    Generator.ADDRESSES: _address,
    Generator.TERMS: _term,
    Generator.ARTICLES: _article,
}
