"""A tape recorder for tests: a session of ``requests`` whose exchanges become a HAR, as a browser would save it.

Think times are written into the recording, not slept.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


class Tape:
    """Records what a session sends.

    Args:
        base: put before paths.
        kinds: whether each entry says what it was wanted for, as Chrome's do.
    """

    def __init__(self, base: str, *, kinds: bool = True) -> None:
        self.base, self.kinds = base, kinds
        self.session = requests.Session()
        self.session.headers["User-Agent"] = BROWSER
        self.session.hooks["response"].append(self._note)
        self.entries: list[dict[str, Any]] = []
        self._now = datetime(2026, 6, 24, 8, 0, tzinfo=UTC)
        self._kind = "document"
        self._page = ""

    def think(self, seconds: float) -> None:
        """Let time go by on the tape."""
        self._now += timedelta(seconds=seconds)

    def open(self, path: str) -> requests.Response:
        """Open a page, as a browser does."""
        self._kind = "document"
        page = self.session.get(urljoin(self.base, path), headers=self._referer(), timeout=30)
        self._page = page.url
        return page

    def send(self, path: str, fields: dict[str, str]) -> requests.Response:
        """Send a form and see what comes of it."""
        self._kind = "document"
        page = self.session.post(urljoin(self.base, path), data=fields, headers=self._referer(), timeout=30)
        self._page = page.url
        return page

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """What a script of the page asks."""
        self._kind = "xhr"
        return self.session.request(method, urljoin(self.base, path), timeout=30, **options)

    def _referer(self) -> dict[str, str]:
        return {"Referer": self._page} if self._page else {}

    def _note(self, response: requests.Response, *_: Any, **__: Any) -> None:
        took_ms = max(response.elapsed.total_seconds() * 1000, 1)
        entry = entry_of(response, self._now, took_ms)
        if self.kinds:
            entry["_resourceType"] = self._kind
        self.entries.append(entry)
        self._now += timedelta(milliseconds=took_ms + 1)

    def har(self) -> dict[str, Any]:
        """The recording."""
        return har_of(self.entries)

    def save(self, path: Path) -> Path:
        """Write it into a file."""
        path.write_text(json.dumps(self.har()), encoding="utf-8")
        return path

    def close(self) -> None:
        self.session.close()


def har_of(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"log": {"version": "1.2", "creator": {"name": "tests", "version": "1"}, "entries": entries}}


def entry_of(response: requests.Response, started: datetime, took_ms: float) -> dict[str, Any]:
    """One exchange as an entry."""
    request = response.request
    return entry(
        request.method or "GET",
        request.url or "",
        at=started,
        took_ms=took_ms,
        headers=dict(request.headers),
        body=request.body.decode() if isinstance(request.body, bytes) else request.body,
        status=response.status_code,
        answer_headers=dict(response.headers),
        text=response.text,
    )


def entry(
    method: str,
    url: str,
    *,
    at: datetime | float = 0.0,
    took_ms: float = 20,
    headers: dict[str, str] | None = None,
    body: Any = None,
    status: int = 200,
    answer_headers: dict[str, str] | None = None,
    text: str = "",
    mime: str = "",
    **more: Any,
) -> dict[str, Any]:
    """An entry of a HAR; ``at`` is an instant, or seconds from the beginning. A body of JSON is written as such."""
    started = at if isinstance(at, datetime) else datetime(2026, 6, 24, 8, 0, tzinfo=UTC) + timedelta(seconds=at)
    headers = dict(headers or {})
    if isinstance(body, dict | list):
        body = json.dumps(body)
        headers["Content-Type"] = "application/json"
    answered = {"Content-Type": mime or "text/html"} | (answer_headers or {})
    asked: dict[str, Any] = {"method": method, "url": url, "headers": pairs(headers)}
    if body is not None:
        content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        asked["postData"] = {"mimeType": content_type, "text": body}
    location = next((value for name, value in answered.items() if name.lower() == "location"), "")
    content_type = next(value for name, value in answered.items() if name.lower() == "content-type")
    return {
        "startedDateTime": started.isoformat(),
        "time": took_ms,
        "request": asked,
        "response": {
            "status": status,
            "headers": pairs(answered),
            "content": {"mimeType": content_type, "text": text, "size": len(text)},
            "redirectURL": location,
        },
        **more,
    }


def pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]
