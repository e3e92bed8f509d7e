"""The ways in which a shop says no, though nothing is broken.

::

    Refusal
    ├── SoldOut         the article, or the quantity, is not to be had
    ├── CouponRefused   unknown, used up, or not for this cart
    ├── LoginRefused    unknown customer, wrong password, address taken
    ├── Declined        the payment was turned down; the cart should still be there
    ├── Challenged      the bank wants to see the customer first (3-D Secure)
    ├── Queued          a waiting room: come back later
    ├── NoSuchOrder     the shop knows no order of that number, or not for this visitor
    └── Unsupported     this shop, or its dialect, has no such thing

A request that ends in one is not a failed request; what the visitor does then is the journey's affair.
"""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 -- no error: the shop did its work
    """The shop did its work and said no.

    Args:
        reason: in the shop's own words, or ours; for people, never for labels.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class SoldOut(Refusal):
    """The article, or so many of it, is not to be had."""


class CouponRefused(Refusal):
    """The coupon is unknown, used up, or not for this cart."""


class LoginRefused(Refusal):
    """The shop does not let this customer in, or cannot register them."""


class Declined(Refusal):
    """The payment was turned down."""


class Challenged(Refusal):
    """The payment waits for the customer to prove who they are (3-D Secure).

    Args:
        path: where they do so.
        reason: what the shop says.
    """

    def __init__(self, path: str, reason: str = "") -> None:
        super().__init__(reason)
        self.path = path


class Queued(Refusal):
    """A waiting room is in front of the shop.

    Args:
        path: where to ask again.
        wait_s: how long the shop says to wait before that, in seconds.
    """

    def __init__(self, path: str, wait_s: float = 5.0) -> None:
        super().__init__(f"wait {wait_s:g} s")
        self.path, self.wait_s = path, wait_s


class NoSuchOrder(Refusal):
    """The shop does not know the order that a visitor wants to look at again."""


class Unsupported(Refusal):
    """This shop, or its dialect, has no such thing."""
