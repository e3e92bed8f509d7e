"""The ways in which an order may reach its buyer, and in which it may be paid."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from loadgen.demoshop.fields import Fields
from loadgen.demoshop.refusals import Refusal

DECLINED_CARD: Final = "4000000000000002"
"""The one card that is always declined."""

CHALLENGED_CARD: Final = "4000000000003220"
"""The one card of which the bank wants to see the owner first (3-D Secure)."""

_CARD_DIGITS: Final = range(12, 20)
"""How many digits a card number has (ISO/IEC 7812)."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way of delivery or of payment.

    Attributes:
        key: its value in forms.
        name: for people.
        kind: ``home``, ``pickup`` or ``shop`` for delivery, ``card`` or ``invoice`` for payment.
        price_cents: what it costs.
    """

    key: str
    name: str
    kind: str
    price_cents: int = 0


DELIVERIES: Final = {
    method.key: method
    for method in (
        Method("standard", "Standard", "home", 490),
        Method("express", "Express", "home", 990),
        Method("pickup", "Pick-up point", "pickup"),
        Method("shop", "In one of our shops", "shop"),
    )
}

PAYMENTS: Final = {
    method.key: method for method in (Method("card", "Card", "card"), Method("invoice", "Invoice", "invoice"))
}


def chosen(methods: dict[str, Method], fields: Fields, name: str) -> Method:
    """The method that a field names; the first where it names none.

    Raises:
        Refusal: 400 for one that is not on offer.
    """
    method = methods.get(fields.text(name, default=next(iter(methods))))
    if method is None:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{name}_invalid", f"Choose one of {', '.join(methods)}.")
    return method


def card_number(fields: Fields) -> str:
    """The digits of the field ``card_number``.

    Raises:
        Refusal: 400 when that is no card number.
    """
    number = fields.text("card_number").replace(" ", "").replace("-", "")
    if not (number.isascii() and number.isdigit() and len(number) in _CARD_DIGITS):
        raise Refusal(HTTPStatus.BAD_REQUEST, "card_invalid", "This is not a card number.")
    return number
