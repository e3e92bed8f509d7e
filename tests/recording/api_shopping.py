"""A guest buys by the demo shop's API, as an app does: JSON, and a token from a header of the first answer."""

from __future__ import annotations

from recording.taping import Tape


def buy_by_api(tape: Tape) -> None:
    """Search, product, cart, delivery, payment."""
    found = tape.ask("GET", "/api/search?q=lamp")
    tape.session.headers["Authorization"] = f"Bearer {found.headers['X-Session']}"
    tape.session.cookies.clear()
    tape.think(4)
    slug = found.json()["products"][1]["slug"]
    tape.ask("GET", f"/api/products/{slug}")
    tape.think(8)
    tape.ask("POST", "/api/cart/add", json={"slug": slug, "quantity": 2})
    tape.think(6)
    tape.ask("GET", "/api/cart")
    tape.think(20)
    recipient = {
        "email": "anna@shoppers.example",
        "name": "Anna Ex",
        "address": "1 Example Street",
        "delivery": "pickup",
    }
    tape.ask("POST", "/api/checkout/delivery", json=recipient)
    tape.think(15)
    tape.ask("POST", "/api/checkout/payment", json={"card_number": "5555 5555 5555 4444"})
