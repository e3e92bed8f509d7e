"""A guest buys at the demo shop, on tape."""

from __future__ import annotations

import re

from recording.taping import Tape


def token_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


def link_in(page: str, folder: str, number: int = 0) -> str:
    return re.findall(rf'href="(/{folder}/[^"]+)"', page)[number]


def buy(tape: Tape) -> None:
    """Home, category, search, product, cart, checkout, delivery, payment."""
    home = tape.open("/").text
    tape.think(3.2)
    tape.open(link_in(home, "category"))
    tape.think(6)
    found = tape.open("/search?q=lamp").text
    tape.think(4)
    where = link_in(found, "product", 2)
    product = tape.open(where).text
    tape.think(12)
    slug = where.rpartition("/")[2]
    tape.send("/cart/add", {"csrf": token_of(product), "slug": slug, "quantity": "2"})
    tape.think(5)
    checkout = tape.open("/checkout").text
    tape.think(25)
    recipient = {
        "email": "anna@shoppers.example",
        "name": "Anna Ex",
        "address": "1 Example Street",
        "delivery": "express",
    }
    payment = tape.send("/checkout/delivery", {"csrf": token_of(checkout), **recipient}).text
    tape.think(20)
    card = {"card_number": "5555 5555 5555 4444", "expires": "12/30", "cvc": "737"}
    tape.send("/checkout/payment", {"csrf": token_of(payment), **card})
