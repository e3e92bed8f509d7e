"""Reads HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), as browsers' developer tools save it.

The file comes from anywhere, so it is read with care: a limit on its size, every part looked at before it is used, and
every complaint with the place it is about::

    shop.har: log.entries[12].request.url: expected an http or https address; got 'file:///etc/passwd'
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from loadgen.errors import UsageError
from loadgen.recording.exchange import REDIRECTS, Body, Exchange
from loadgen.units import format_bytes

MAX_FILE_BYTES: Final = 256 * 1024 * 1024
"""A recording of a purchase with all pictures has some 20 MiB."""

MAX_ENTRIES: Final = 20_000
"""A purchase has some hundred; a recording of a whole day is not one visit."""

MAX_TEXT_CHARS: Final = 4 * 1024 * 1024
"""Of one answer; what lies behind is not looked at."""

MAX_URL_CHARS: Final = 16 * 1024

HINT: Final = "save it in the browser's developer tools: Network, then 'Save all as HAR (with content)'"

PASSED_OVER: Final = ("data:", "blob:", "about:", "chrome", "moz-extension:", "safari-", "ws:", "wss:", "file:")
"""Addresses that no shop answers."""


class _FlawError(ValueError):
    """Something in the file is not as it should be, and where."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")


def read_har(path: Path) -> list[Exchange]:
    """Read a recording.

    Returns:
        Its exchanges in the order in which they were sent. Those that no shop has to do with (``data:`` addresses,
        websockets, …) are left out.

    Raises:
        UsageError: it cannot be read, is too large, or is no HAR.
    """
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MAX_FILE_BYTES:
            raise UsageError(
                f"{path} has {format_bytes(size_bytes)}, more than {format_bytes(MAX_FILE_BYTES)}",
                hint="record one visit only, and without films",
            )
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        return exchanges_of(json.loads(content))
    except _FlawError as flaw:
        raise UsageError(f"{path}: {flaw}", hint=HINT) from flaw
    except RecursionError:
        raise UsageError(f"{path} is nested too deeply", hint=HINT) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8", hint=HINT) from error
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}:{error.lineno}:{error.colno}: no JSON: {error.msg}", hint=HINT) from error
    except ValueError as error:  # a number of more digits than Python reads
        raise UsageError(f"{path} cannot be read: {error}", hint=HINT) from error


def exchanges_of(har: Any) -> list[Exchange]:
    """The exchanges of a HAR that was read as JSON.

    Raises:
        ValueError: it is no HAR; the message has the place.
    """
    entries = _of(_of(har, "", "log", dict), "log", "entries", list)
    if len(entries) > MAX_ENTRIES:
        raise _FlawError("log.entries", f"there are {len(entries)} requests, more than {MAX_ENTRIES}")
    read = (_exchange(entry, f"log.entries[{number}]", number) for number, entry in enumerate(entries))
    return sorted((one for one in read if one is not None), key=lambda one: (one.started_s, one.number))


def _exchange(entry: Any, place: str, number: int) -> Exchange | None:
    request = _of(entry, place, "request", dict)
    answer = _of(entry, place, "response", dict)
    url = _of(request, f"{place}.request", "url", str)
    if url.lower().startswith(PASSED_OVER):
        return None
    url = _address(url, f"{place}.request.url")
    headers = {name.lower(): value for name, value in _pairs(request, f"{place}.request", "headers")}
    answer_headers = tuple(_pairs(answer, f"{place}.response", "headers"))
    started_s = _instant(_of(entry, place, "startedDateTime", str), f"{place}.startedDateTime")
    status = _of(answer, f"{place}.response", "status", int)
    mime, text = _content(answer, f"{place}.response")
    return Exchange(
        number=number,
        started_s=started_s,
        ended_s=started_s + _duration_s(entry.get("time")),
        method=_method(_of(request, f"{place}.request", "method", str), f"{place}.request.method"),
        url=url,
        headers=headers,
        body=_body(request, f"{place}.request", headers),
        status=status,
        answer_headers=answer_headers,
        mime=mime,
        text=text,
        kind=_kind(entry, headers),
        location=_location(answer, url, status, answer_headers),
        remarks=_remarks(entry, headers),
    )


def _of(parent: Any, place: str, key: str, kind: type[Any]) -> Any:
    """A member of an object, of the kind that it must have."""
    name = f"{place}.{key}" if place else key
    if not isinstance(parent, dict):
        raise _FlawError(place or "the file", "expected a JSON object")
    if key not in parent:
        raise _FlawError(name, "it is missing")
    value = parent[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        wanted = {dict: "an object", list: "a list", str: "text", int: "a whole number"}[kind]
        raise _FlawError(name, f"expected {wanted}; got {_shown(value)}")
    return value


def _pairs(parent: Mapping[str, Any], place: str, key: str) -> list[tuple[str, str]]:
    """Names and values; those that are none are passed over."""
    found = parent.get(key) or []
    if not isinstance(found, list):
        raise _FlawError(f"{place}.{key}", f"expected a list; got {_shown(found)}")
    return [
        (one["name"], one.get("value", ""))
        for one in found
        if isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("value", ""), str)
    ]


def _address(url: str, place: str) -> str:
    plain = urldefrag(url)[0]
    try:
        parts = urlsplit(plain)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address:
        raise _FlawError(place, f"expected an http or https address; got {_shown(url)}")
    if len(plain) > MAX_URL_CHARS:
        raise _FlawError(place, f"the address has {len(plain)} characters, more than {MAX_URL_CHARS}")
    return plain


def _method(text: str, place: str) -> str:
    if not (text.isascii() and text.isalpha() and len(text) <= 20):
        raise _FlawError(place, f"expected a method such as GET; got {_shown(text)}")
    return text.upper()


def _instant(text: str, place: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise _FlawError(place, f"expected an instant such as 2026-06-24T08:00:00.000Z; got {_shown(text)}") from None


def _duration_s(time_ms: Any) -> float:
    known = isinstance(time_ms, int | float) and not isinstance(time_ms, bool) and math.isfinite(time_ms)
    return max(time_ms, 0) / 1000 if known else 0.0


def _content(answer: Mapping[str, Any], place: str) -> tuple[str, str]:
    content = answer.get("content") or {}
    if not isinstance(content, dict):
        raise _FlawError(f"{place}.content", f"expected an object; got {_shown(content)}")
    mime = content.get("mimeType")
    text = content.get("text")
    text = text if isinstance(text, str) else ""
    if text and content.get("encoding") == "base64":
        try:
            text = base64.b64decode(text).decode(errors="replace")
        except (binascii.Error, ValueError):
            raise _FlawError(f"{place}.content.text", "it is not in base64, though its encoding says so") from None
    return _bare(mime if isinstance(mime, str) else ""), text[:MAX_TEXT_CHARS]


def _bare(mime: str) -> str:
    return mime.partition(";")[0].strip().lower()


def _body(request: Mapping[str, Any], place: str, headers: Mapping[str, str]) -> Body:
    posted = request.get("postData")
    if not posted:
        return Body()
    if not isinstance(posted, dict):
        raise _FlawError(f"{place}.postData", f"expected an object; got {_shown(posted)}")
    said = posted.get("mimeType")
    mime = _bare(said if isinstance(said, str) and said else headers.get("content-type", ""))
    text = posted.get("text")
    text = text if isinstance(text, str) else ""
    fields = tuple(_pairs(posted, f"{place}.postData", "params"))
    if mime == "application/x-www-form-urlencoded":
        # The text is what was sent; browsers differ in whether they decode the fields beside it.
        return Body("form", tuple(parse_qsl(text, keep_blank_values=True)) or fields, mime=mime)
    if mime == "multipart/form-data":
        return Body("multipart", fields, mime=mime)
    if mime == "application/json" or mime.endswith("+json") or text[:1] in ("{", "["):
        try:
            return Body("json", json=json.loads(text), mime=mime)
        except ValueError:
            pass
    return Body("text", text=text, mime=mime) if text else Body()


def _kind(entry: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """What it was wanted for: Chrome says so itself, others leave it to the headers that browsers send."""
    told = entry.get("_resourceType")
    if isinstance(told, str) and told:
        return told.lower()
    wanted = headers.get("sec-fetch-dest", "")
    if wanted and wanted != "empty":
        return wanted.lower()
    if wanted == "empty" or headers.get("x-requested-with", "").lower() == "xmlhttprequest":
        return "xhr"
    return ""


def _remarks(entry: Mapping[str, Any], headers: Mapping[str, str]) -> frozenset[str]:
    said = {
        "cached": bool(entry.get("_fromCache")),
        "service worker": entry.get("_fetchedViaServiceWorker") is True,
        "prefetch": "prefetch" in (headers.get("sec-purpose", "") + headers.get("purpose", "")),
        "preflight": "access-control-request-method" in headers,
    }
    return frozenset(word for word, holds in said.items() if holds)


def _location(answer: Mapping[str, Any], url: str, status: int, headers: tuple[tuple[str, str], ...]) -> str:
    if status not in REDIRECTS:
        return ""
    told = answer.get("redirectURL")
    where = (
        told if isinstance(told, str) and told else {name.lower(): value for name, value in headers}.get("location", "")
    )
    try:
        return urldefrag(urljoin(url, where))[0] if where else ""
    except ValueError:
        return ""


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else type(value).__name__
    return f"'{''.join(char if char.isprintable() else '?' for char in text[:60])}'"
