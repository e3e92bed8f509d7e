"""Where metrics are sent to: a URL, what of it may be shown, and what must not.

Credentials come in the URL or in variables of the environment, are kept apart from what is shown, and are in no error.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

_EXPECTED: Final = "expected a URL such as http://127.0.0.1:9090/api/v1/write, of http or https"
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address.

    Attributes:
        shown: for people: without user, password and query.
        url: for the request: without user and password.
        headers: what the request carries beside its own; with the user and password of the URL.
    """

    shown: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False, default_factory=dict)


def endpoint(text: str, path: str = "", headers: dict[str, str] | None = None) -> Endpoint:
    """Read an address.

    Args:
        text: a URL of http or https, which may hold a user and a password.
        path: is added to a URL that has none.
        headers: what the request carries beside its own.

    Raises:
        ValueError: it is none; the sentence repeats nothing of it, as it may hold a password.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(_EXPECTED)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(_EXPECTED) from None  # its own words repeat what was written
    if parts.scheme not in {"http", "https"} or not host or port == 0 or parts.fragment:
        raise ValueError(_EXPECTED)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=(parts.path.rstrip("/") and parts.path) or path)
    carried = dict(headers or {})
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        carried["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    return Endpoint(bare._replace(query="").geturl(), bare.geturl(), carried)


def read_headers(text: str) -> dict[str, str]:
    """Read ``name=value,name=value``, percent-encoded where need be, as OpenTelemetry's variables have it.

    Raises:
        ValueError: it is no such list; the sentence repeats nothing of it.
    """
    headers = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, separator, value = (unquote(part.strip()) for part in pair.partition("="))
        if not separator or not _HEADER_NAME.fullmatch(name) or not (value.isascii() and value.isprintable()):
            raise ValueError("expected name=value,name=value, with %2C for a comma and %20 for a space in a value")
        headers[name] = value
    return headers
