"""What is never written into a journey: passwords, card numbers, tokens, session ids, and people's addresses.

===================================  =====================================================================
recorded                             written
===================================  =====================================================================
a password of a new account          one that is made up for each shopper
a password, a login                  ``os.environ.get("SHOP_PASSWORD", "")``
a card's number, its check number    the test card that payment providers publish, ``123``
an e-mail address                    a new one of ``example.test`` for each shopper: nobody gets mail from a load test
a UUID that no answer held           ``str(uuid4())``
a token that no answer held          ``os.environ.get("SHOP_TOKEN", "")``
===================================  =====================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from loadgen.recording.exchange import Exchange
from loadgen.recording.vocabulary import words_of

Sensitive = Literal["", "password", "card", "check number", "email", "login", "uuid", "token"]

TEST_CARD: Final = "4111111111111111"

_PASSWORD: Final = frozenset({"password", "passwd", "pwd", "passwort", "passphrase", "pin", "otp", "secret"})
_CHECK: Final = frozenset({"cvc", "cvv", "csc", "cvn", "cvc2", "cvv2"})
_TOKEN: Final = frozenset({"token", "session", "sessionid", "auth", "authorization", "jwt", "apikey", "bearer", "csrf"})
_LOGIN: Final = frozenset({"username", "user", "login", "email", "customer"})
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(?:\.[^@\s.]{1,63}){1,8}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_CARD: Final = re.compile(r"\d(?:[ -]?\d){12,18}")
_ASSIGNED: Final = re.compile(
    r"""((?:password|passwd|pwd|secret|cvv|cvc|card_?number|token)["']?\s{0,9}[:=]\s{0,9}["']?)(?![$(])[^"'&\s,;){}]+""",
    re.IGNORECASE,
)
_LONG: Final = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])[A-Za-z0-9_\-.~+/=%:]{20,}")

SHORT_COOKIE: Final = 12
"""Cookies with fewer characters hold choices such as ``EUR``; sessions have more."""


def kind_of(name: str, value: str, step: str) -> Sensitive:
    """Whether a value must not be written, and what it is.

    Args:
        name: of the field or header.
        value: as recorded.
        step: in which it was sent.
    """
    if not value:
        return ""
    words = set(words_of(name))
    joined = "".join(words_of(name))
    if words & _PASSWORD or "password" in joined or "passwd" in joined:
        return "password"
    digits = re.sub(r"[ -]", "", value)
    if _CARD.fullmatch(value) and ({"card", "pan"} & words or "cardnumber" in joined or _luhn(digits)):
        return "card"
    if words & _CHECK or "securitycode" in joined:
        return "check number"
    if _EMAIL.fullmatch(value):
        return "email"
    if step == "login" and words_of(name)[-1:] and words_of(name)[-1] in _LOGIN:
        return "login"
    return ""


def looks_made(name: str, value: str) -> Sensitive:
    """Whether a value that came from no answer looks like one that must not be written."""
    if _UUID.fullmatch(value):
        return "uuid"
    words = set(words_of(name))
    if (len(value) >= 8 and (words & _TOKEN or {"api", "key"} <= words)) or _LONG.fullmatch(value):
        return "token"
    return ""


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits)))
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


class Secrets:
    """Knows all that the recording's visitor was known by.

    Args:
        exchanges: the whole recording, what is left out too.
    """

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._values: set[str] = set()
        for exchange in exchanges:
            self._note_headers(exchange)
            for name, value in [*exchange.parameters, *exchange.body.fields]:
                if kind_of(name, value, "") in ("password", "card"):
                    self._values.add(value)
        self._long = sorted((value for value in self._values if len(value) >= 8), key=len, reverse=True)

    def holds(self, text: str) -> bool:
        """Whether a text is one of them, or has one in it."""
        return text in self._values or any(value in text for value in self._long)

    def cleaned(self, text: str) -> str:
        """A text without them, and without what stands behind such words as ``password:``."""
        text = _ASSIGNED.sub(lambda found: found[1], text)
        for value in self._long:
            text = text.replace(value, "")
        return text

    def _note_headers(self, exchange: Exchange) -> None:
        for part in exchange.headers.get("cookie", "").split(";"):
            self._note_cookie(part)
        for name, value in exchange.answer_headers:
            if name.lower() == "set-cookie":
                for line in value.split("\n"):
                    self._note_cookie(line.partition(";")[0])
        for name, value in exchange.headers.items():
            if name in ("authorization", "proxy-authorization") or set(words_of(name)) & _TOKEN:
                self._values.update((value, value.rpartition(" ")[2]))

    def _note_cookie(self, pair: str) -> None:
        value = pair.partition("=")[2].strip().strip('"')
        if len(value) >= SHORT_COOKIE:
            self._values.add(value)
