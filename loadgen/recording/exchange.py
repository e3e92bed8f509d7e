"""What a recording holds: exchanges of a request and its answer, in the order in which the browser sent them.

A HAR file is a stranger's. What is read from it is put into these few plain types, so that all that follows knows
what it deals with. Times are seconds, of any clock as long as it is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

BodyKind = Literal["none", "form", "json", "multipart", "text"]

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carried.

    Attributes:
        kind: how it is to be sent again.
        fields: names and values of a form.
        json: the value of a JSON body.
        text: of any other.
        mime: its Content-Type without parameters.
    """

    kind: BodyKind = "none"
    fields: tuple[tuple[str, str], ...] = ()
    json: Any = None
    text: str = ""
    mime: str = ""


@dataclass(slots=True, eq=False)
class Exchange:
    """A request and its answer.

    Attributes:
        number: of its entry in the file, from 0.
        started_s, ended_s: when it was sent, and when its answer had come.
        method: GET, POST, …
        url: absolute, without fragment.
        headers: of the request, names in lower case; of several with one name the last.
        status: 0 when nothing came.
        answer_headers: pairs, names as they came.
        mime: of the answer, without parameters.
        text: of the answer; empty if the file does not hold it.
        kind: what the browser wanted it for: document, xhr, script, image, …; empty if it is not told.
        location: absolute address that it redirected to, or empty.
        remarks: what else is known: cached, prefetch, preflight, service worker.
        hops: what redirected to this answer, oldest first.
        follows: the form whose redirect asked for this, if one did.
    """

    number: int
    started_s: float
    ended_s: float
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Body = Body()
    status: int = 200
    answer_headers: tuple[tuple[str, str], ...] = ()
    mime: str = ""
    text: str = ""
    kind: str = ""
    location: str = ""
    remarks: frozenset[str] = frozenset()
    hops: list[Exchange] = field(default_factory=list)
    follows: Exchange | None = None

    @property
    def origin(self) -> str:
        """``https://shop.example``."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"

    @property
    def host(self) -> str:
        """Without port, in lower case."""
        return urlsplit(self.url).hostname or ""

    @property
    def path(self) -> str:
        """As it was sent, without the query; never empty."""
        return urlsplit(self.url).path or "/"

    @property
    def landed(self) -> str:
        """The address that answered in the end."""
        return self.hops[-1].location if self.hops else self.url

    @property
    def query(self) -> str:
        """As it was sent, without the question mark."""
        return urlsplit(self.url).query

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Names and values of the query."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def segments(self) -> list[str]:
        """Of the path, decoded."""
        return [unquote(segment) for segment in self.path.split("/")]

    @property
    def is_page(self) -> bool:
        """Whether a person sees its answer as a page."""
        return self.mime in ("text/html", "application/xhtml+xml") and self.kind not in ("xhr", "fetch")

    @property
    def is_json(self) -> bool:
        """Whether the answer is JSON."""
        return self.mime == "application/json" or self.mime.endswith("+json")
