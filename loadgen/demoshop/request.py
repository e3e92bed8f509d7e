"""One request as read from the wire."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from loadgen.demoshop.fields import Fields
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.sessions import token_from_bearer, token_from_cookie

if TYPE_CHECKING:
    from loadgen.demoshop.answers import Answer
    from loadgen.demoshop.counters import Counters
    from loadgen.demoshop.routes import Route

KEPT_HEADERS = frozenset(
    (
        b"accept-encoding",
        b"authorization",
        b"connection",
        b"content-length",
        b"content-type",
        b"cookie",
        b"expect",
        b"host",
        b"if-none-match",
    )
)
"""The headers the shop looks at, in lower case; the others are dropped while reading."""


class Request:
    """What a visitor asks for.

    Args:
        method: as on the wire, such as ``b"GET"``.
        target: path and query, or an absolute URL as proxies send it.
        headers: those of :data:`KEPT_HEADERS`, names in lower case.
        body: the whole body.
        last: the connection ends after the answer.
    """

    __slots__ = ("argument", "body", "counters", "headers", "last", "method", "path", "query", "ready", "route")

    # Set by the connection as soon as the request is complete.
    route: Route
    counters: Counters
    # Set when reading it already decided its answer, as for what is malformed.
    ready: Answer | None

    def __init__(self, method: bytes, target: bytes, headers: dict[bytes, bytes], body: bytes, *, last: bool) -> None:
        self.method = method
        self.headers = headers
        self.body = body
        self.last = last
        self.argument = ""
        self.ready = None
        if not target.startswith(b"/"):
            target = _origin_form(target)
        path, _, self.query = target.partition(b"?")
        self.path = unquote_to_bytes(path) if b"%" in path else path

    def token(self) -> bytes:
        """The session token, from the cookie or else from the bearer header; empty when there is none."""
        cookie = self.headers.get(b"cookie")
        token = token_from_cookie(cookie) if cookie else b""
        if token:
            return token
        bearer = self.headers.get(b"authorization")
        return token_from_bearer(bearer) if bearer else b""

    def parameters(self) -> Fields:
        """The query string."""
        return Fields.from_urlencoded(self.query)

    def form(self) -> Fields:
        """The body as a form."""
        self._expect(b"application/x-www-form-urlencoded")
        return Fields.from_urlencoded(self.body)

    def json(self) -> Fields:
        """The body as a JSON object."""
        self._expect(b"application/json")
        return Fields.from_json(self.body)

    def _expect(self, content_type: bytes) -> None:
        given = self.headers.get(b"content-type")
        if self.body and given is not None and not given.lower().startswith(content_type):
            problem = f"The body must be {content_type.decode()}."
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", problem)


def _origin_form(target: bytes) -> bytes:
    _, scheme, rest = target.partition(b"://")
    if not scheme:
        return target
    _, slash, path = rest.partition(b"/")
    return slash + path or b"/"
