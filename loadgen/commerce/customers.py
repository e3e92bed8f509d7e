"""Who buys."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Address:
    """Where an order goes."""

    line1: str = "1 Example Street"
    city: str = "London"
    postcode: str = "N1 9GU"
    country: str = "GB"


@dataclass(frozen=True, slots=True)
class Customer:
    """A person with an e-mail address, and a password if the shop knows them.

    Attributes:
        email: unique in most shops.
        password: empty for guests; never shown.
        first_name: given name.
        last_name: family name.
        address: where orders go.
    """

    email: str
    password: str = field(default="", repr=False)
    first_name: str = "Erika"
    last_name: str = "Example"
    address: Address = Address()
