"""The same script through Locust's FastHttpUser and through ours, and what came of it at both ends."""

from __future__ import annotations

import gc
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from journey.http.mirror import Mirror, Received, mirror
from locust.contrib.fasthttp import FastHttpUser as LocustsFastHttpUser
from locust.env import Environment
from locust.event import Events

from loadgen.journey import FastHttpUser

Script = Callable[["Player"], object]


class Player:
    """A user before a mirror.

    Attributes:
        mirror: the server.
        user: with its client.
        fired: what Locust's ``request`` event told.
    """

    def __init__(self, base: type[Any], shown: Mirror, **attributes: Any) -> None:
        attributes = {"host": shown.url, **attributes}
        user_class = type("Visitor", (base,), attributes)
        environment = Environment(user_classes=[user_class], events=Events())
        self.mirror = shown
        self.fired: list[dict[str, Any]] = []
        environment.events.request.add_listener(lambda **told: self.fired.append(told))
        self.user = user_class(environment)
        self.client: Any = self.user.client

    def close(self) -> None:
        getattr(self.client, "client", self.client).close()  # Locust's is a wrapper

    def before(self, host: str) -> Player:
        """Another user of the same kind with another host."""
        return Player(type(self.user).__mro__[1], self.mirror, host=host)

    def play(self, script: Script) -> dict[str, Any]:
        """What the author saw, what the server received, what was counted."""
        self.mirror.take()
        try:
            result = script(self)
        except Exception as error:  # noqa: BLE001 - whatever it is, both must raise it
            result = f"raised {kind_of(error)}"
            clear_away()
        return {
            "seen": self._seen(result),
            "received": [received_of(request) for request in self.mirror.take()],
            "counted": [self._counted(told) for told in self.fired],
        }

    def _seen(self, result: Any) -> Any:
        return {**seen_of(result), "url": self._local(result.url)} if hasattr(result, "status_code") else result

    def _counted(self, told: dict[str, Any]) -> dict[str, Any]:
        kept = {name: told[name] for name in ("request_type", "response_length", "context")}
        addresses = {name: self._local(told[name]) for name in ("name", "url")}
        return {**kept, **addresses, "exception": self._local(error_of(told["exception"]))}

    def _local(self, text: Any) -> Any:
        return text.replace(self.mirror.url, "") if isinstance(text, str) else text


@contextmanager
def players(**attributes: Any) -> Iterator[tuple[Player, Player]]:
    """Locust's and ours, each before a mirror of its own."""
    with mirror() as first, mirror() as second:
        pair = Player(LocustsFastHttpUser, first, **attributes), Player(FastHttpUser, second, **attributes)
        yield pair
        for player in pair:
            player.close()


def clear_away() -> None:
    """Let go of the sockets that Locust's client forgets to close when a script stumbles."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def seen_of(response: Any) -> dict[str, Any]:
    headers = response.headers
    return {
        "status": response.status_code,
        "ok": response.ok,
        "content": response.content,
        "text": response.text,
        "json": json_of(response),
        "headers": None if headers is None else {name.lower(): headers[name] for name in headers},
        "error": raised_by(response.raise_for_status),
        "history": [earlier.status_code for earlier in getattr(response, "_history", getattr(response, "history", ()))],
    }


def json_of(response: Any) -> Any:
    try:
        return response.json()
    except (ValueError, TypeError):
        return "no JSON"


def raised_by(call: Callable[[], object]) -> str:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - what it is, is the question
        return error_of(error)
    return ""


def error_of(error: Exception | None) -> str:
    """What both say in the same words; other failures have words of their own."""
    if error is None:
        return ""
    return re.sub(r"http://[^/]*", "", str(error)) if "code=" in str(error) else kind_of(error)


def kind_of(error: Exception) -> str:
    if isinstance(error, (ValueError, TypeError, AssertionError)):
        return type(error).__name__
    return "CatchResponseError" if type(error).__name__ == "CatchResponseError" else "a failure"


def received_of(request: Received) -> tuple[str, str, dict[str, str], bytes]:
    """A request without what differs in every one."""
    headers = request.by_name
    for name in ("user-agent", "accept-encoding", "host"):
        if headers.get(name) in _USUAL or name == "host":
            headers.pop(name, None)
    if headers.get("accept") == "*/*":
        del headers["accept"]
    kind, _, boundary = headers.get("content-type", "").partition("boundary=")
    if boundary:
        headers["content-type"] = f"{kind}boundary=…"
        return request.method, request.target, headers, request.body.replace(boundary.encode(), b"...")
    if kind == "application/x-www-form-urlencoded; charset=utf-8":
        headers["content-type"] = "application/x-www-form-urlencoded"
    return request.method, request.target, headers, request.body


_USUAL = {
    "python/gevent-http-client-2.6.1",
    "Mozilla/5.0 (compatible; loadgen)",
    "gzip, deflate, br",
    "gzip, deflate, br, zstd",
}
