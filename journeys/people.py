"""Who visits: guests, customers whom the shop knows, and newcomers.

Customers come from the plan's data ``customers``, as CSV with the columns ``email`` and ``password`` (and
``first_name``, ``last_name``, ``street``, ``postcode``, ``city``, ``country`` if orders shall go there), or invented.
Say ``access: unique`` there: two shoppers in one account would see each other's cart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from loadgen.commerce import Address, Customer
from loadgen.journey import Shopper

KNOWN_TO_DEMO_SHOP = 9999
"""The demo shop knows customer0001@example.test to customer9999@example.test."""

COUNTRY_CODE = 2
"""Letters of a country's code, as shops want it: rows that have its name instead are of the usual country."""


def guest_for(shopper: Shopper) -> Customer:
    """Somebody without an account."""
    return Customer(f"guest{shopper.rng.randrange(10**9)}@example.test", first_name="Grete", last_name="Guest")


def account_for(shopper: Shopper) -> Customer:
    """A registered customer: of the plan's data, else one that the demo shop knows."""
    if "customers" in shopper.environment.context.data:
        return customer_of(shopper.data.customers.take())
    return Customer(f"customer{shopper.rng.randint(1, KNOWN_TO_DEMO_SHOP):04}@example.test", "demo")


def newcomer() -> Customer:
    """Somebody whom no shop knows yet, in no run before."""
    return Customer(f"new-{uuid4().hex[:16]}@example.test", uuid4().hex[:12], first_name="Nils", last_name="Neu")


def customer_of(row: Mapping[str, Any]) -> Customer:
    """A customer of a row of data; what it leaves out is as everywhere."""
    usual = Customer(row["email"])
    home = Address(
        row.get("street") or usual.address.line1,
        row.get("city") or usual.address.city,
        row.get("postcode") or usual.address.postcode,
        row.get("country") if len(row.get("country") or "") == COUNTRY_CODE else usual.address.country,
    )
    first, last = row.get("first_name") or usual.first_name, row.get("last_name") or usual.last_name
    return Customer(row["email"], row.get("password") or "", first, last, home)
