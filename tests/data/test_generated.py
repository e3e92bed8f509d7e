"""Invented rows: the same everywhere, and different from each other."""

from __future__ import annotations

import pytest

from loadgen.data import GeneratedRows
from loadgen.errors import JourneyError
from loadgen.plan.data import Generator

FIELDS = {
    "customers": ["first_name", "last_name", "email", "password", "phone", "street", "postcode", "city", "country"],
    "addresses": ["street", "postcode", "city", "country"],
    "terms": ["term"],
    "articles": ["sku", "name", "price_cents", "colour"],
}


@pytest.mark.parametrize("kind", Generator)
@pytest.mark.parametrize("locale", ["en_US", "fr_FR", "de_DE", "ja_JP"])
def test_a_row_follows_from_locale_seed_and_number(kind, locale):
    rows, again = (GeneratedRows(kind, 1000, locale, 7) for _ in range(2))
    forward = [rows[number] for number in range(20)]

    assert forward == [again[number] for number in reversed(range(20))][::-1]
    assert list(rows.columns) == FIELDS[kind] == list(forward[0])
    assert all(value not in ("", None) for row in forward for value in row.values())
    assert forward != GeneratedRows(kind, 1000, locale, 8)[:20]


def test_no_two_customers_have_one_address_for_mail():
    rows = GeneratedRows(Generator.CUSTOMERS, 500, "fr_FR", 1)

    assert len({row["email"] for row in rows}) == 500
    assert all(row["email"].isascii() and row["email"].endswith("@example.com") for row in rows)


def test_a_locale_that_nobody_speaks_is_told():
    with pytest.raises(JourneyError, match="no names and addresses for the locale 'xx_XX'"):
        GeneratedRows(Generator.CUSTOMERS, 5, "xx_XX", 1)
