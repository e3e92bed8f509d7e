"""Who may log in: whoever registers, and ``customer0001@example.test`` to ``customer9999@example.test`` (``demo``)."""

from __future__ import annotations

import re
from http import HTTPStatus

from loadgen.demoshop.refusals import Refusal

PASSWORD = "demo"  # noqa: S105 - printed in the manual; it guards nothing
MAX_REGISTERED = 200_000
"""Registrations beyond this push out the oldest, so that a long test cannot fill the memory."""

_BORN_CUSTOMER = re.compile(r"customer(?!0000)\d{4}@example\.test")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Customers:
    """The known customers."""

    def __init__(self) -> None:
        self._registered: dict[str, str] = {}

    def register(self, email: str, password: str) -> str:
        """Add a customer and return the address as kept.

        Raises:
            Refusal: 400 for what is no address, 409 for one that is taken.
        """
        address = checked_email(email)
        if address in self._registered or _BORN_CUSTOMER.fullmatch(address):
            raise Refusal(HTTPStatus.CONFLICT, "email_taken", "There is an account with this address already.")
        if len(self._registered) >= MAX_REGISTERED:
            del self._registered[next(iter(self._registered))]
        self._registered[address] = password
        return address

    def log_in(self, email: str, password: str) -> str:
        """Recognise a customer and return the address as kept.

        Raises:
            Refusal: 401 when address and password do not belong together.
        """
        address = email.lower()
        expected = self._registered.get(address)
        if expected is None and _BORN_CUSTOMER.fullmatch(address):
            expected = PASSWORD
        if expected is None or password != expected:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "login_failed", "Address or password is not right.")
        return address


def checked_email(email: str) -> str:
    """Fold an e-mail address to lower case.

    Raises:
        Refusal: 400 when it is none.
    """
    if not _EMAIL.fullmatch(email):
        raise Refusal(HTTPStatus.BAD_REQUEST, "email_invalid", "This is not an e-mail address.")
    return email.lower()
