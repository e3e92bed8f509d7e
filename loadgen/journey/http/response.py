"""What a request gave, with the surface of Locust's FastHttpUser: an answer, or the error that came instead.

Everything that costs (unpacking, decoding, the header view) is done when it is looked at. With ``catch_response`` the
response is a context manager, and the journey decides whether the request counts as a success.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, NamedTuple, Protocol

from locust.exception import CatchResponseError, LocustError

from loadgen.journey.http.charset import text_of
from loadgen.journey.http.composing import Wanted
from loadgen.journey.http.content import Unpacker, unpack
from loadgen.journey.http.headers import Headers, value_in
from loadgen.journey.http.heads import HeaderList

GOOD_STATUSES: Final = frozenset({200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 301, 302, 303, 304, 307, 308})
"""Statuses that count as a success unless the journey says otherwise; the same as FastHttpUser's."""


class BodyStream(Protocol):
    """A body that is still on the wire."""

    def read_some(self) -> bytes:
        """The next piece, empty at the end."""

    def close(self) -> None:
        """Do not read the rest."""


class Sent(NamedTuple):
    """The request as it was sent, for those who look.

    Attributes:
        method: GET, POST, …
        url: absolute.
        headers: the author's own.
        body: as sent; empty when it was streamed.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class Response:
    """An answer, or the lack of one.

    Args:
        wanted: the request.
        url: the address that answered in the end; :attr:`history` has those that redirected to it.
        status: 0 when nothing came.
        headers: raw pairs.
        chunks: the body as it travelled.
        limit_bytes: how large it may become unpacked.

    Attributes:
        error: why the request failed; None when it did not.
        history: the answers that redirected here, oldest first.
        elapsed_s: from the send to the end of the answer, or of its headers if it is streamed.
        ended_s: when that was, of ``time.perf_counter``.
        js: the parsed JSON inside ``rest()``.
        encoding: set it before looking at :attr:`text` to overrule what the answer says.
        stream: the body that is still on the wire; None otherwise.
        name: set it inside a with-block to count the request under another name.
        known_meta: :attr:`request_meta`, if somebody has looked at it.
        trace_id: that the request carried, in hexadecimal; empty without one.
    """

    def __init__(
        self,
        wanted: Wanted,
        url: str,
        status: int = 0,
        headers: HeaderList | None = None,
        chunks: list[bytes] | None = None,
        limit_bytes: int = 0,
        stream: BodyStream | None = None,
    ) -> None:
        self.url = url
        self.status_code = status
        self.history: list[Response] = []
        self.stream = stream
        self.error: Exception | None = None
        self.js: Any = None
        self.encoding: str | None = None
        self.elapsed_s = 0.0
        self.ended_s = 0.0
        self.name: str | None = None
        self.known_meta: dict[str, Any] | None = None
        self.trace_id = ""
        self._wanted = wanted
        self._raw_headers = headers
        self._chunks = chunks
        self._limit_bytes = limit_bytes
        self._sent: Sent | None = None
        self._headers: Headers | None = None
        self._content: bytes | None = None
        self._report: Any = None
        self._verdict: Exception | bool | None = None
        self._entered = False

    # -- the answer

    @property
    def request(self) -> Sent:
        """The request as it was sent; after redirects, the last one."""
        if self._sent is None:
            wanted = self._wanted
            body = wanted.body if isinstance(wanted.body, bytes) and self.status_code else b""
            self._sent = Sent(wanted.method, self.url, dict(wanted.headers), body)
        return self._sent

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status_code < 400

    @property
    def elapsed(self) -> timedelta:
        """From the send to the end of the answer."""
        return timedelta(seconds=self.elapsed_s)

    @property
    def headers(self) -> Headers | None:
        """The answer's headers; None when nothing came."""
        if self._headers is None and self._raw_headers is not None:
            self._headers = Headers(self._raw_headers)
        return self._headers

    @property
    def body_bytes(self) -> int:
        """Size of the body as it travelled; of one that was left on the wire, what its Content-Length says."""
        chunks = self._chunks
        if chunks is None:
            announced = self._header(b"content-length")
            return int(announced) if announced.isdecimal() else 0
        return len(chunks[0]) if len(chunks) == 1 else sum(map(len, chunks))

    @property
    def content(self) -> bytes | None:
        """The body, unpacked; None when nothing came.

        Raises:
            ProtocolBroken: it cannot be unpacked.
            TooLarge: it is too large unpacked.
        """
        if self._content is None and self._raw_headers is not None:
            self.take_body()
            self._content = self._unpacked(self._chunks or [])
        return self._content

    def take_body(self) -> None:
        """Read what is still on the wire.

        Raises:
            RequestFailed: it does not come.
        """
        if self.stream is not None:
            self._chunks = list(self._drain())

    @property
    def text(self) -> str | None:
        """The body as text, decoded as a browser would; None when nothing came."""
        content = self.content
        if content is None:
            return None
        if self.encoding:
            return content.decode(self.encoding, errors="replace")
        return text_of(content, self._header(b"content-type"))

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            json.JSONDecodeError: it is none, or nothing came.
        """
        try:
            return json_module.loads(self.content or b"")
        except UnicodeDecodeError:  # not UTF-8, as JSON should be
            return json_module.loads(self.text or "")

    @property
    def cookies(self) -> dict[str, str]:
        """Names and values that this answer set."""
        headers = self.headers
        pairs = (value.partition(";")[0].partition("=") for value in (headers.get_all("Set-Cookie") if headers else []))
        return {name.strip(): value.strip() for name, _, value in pairs}

    def raise_for_status(self) -> None:
        """Raise what made the request fail, if anything did.

        Raises:
            BadStatus: a status that counts as a failure.
            RequestFailed: nothing came.
        """
        if self._verdict is True:
            return
        error = self._verdict if isinstance(self._verdict, Exception) else self.error
        if error is not None:
            raise error

    def iter_content(self, chunk_size: int = 1024, decode_content: bool = True) -> Iterator[Any]:
        """The body in pieces, for requests with ``stream=True``.

        Args:
            chunk_size: bytes of a piece at most.
            decode_content: pieces as text where they are UTF-8, as FastHttpUser gives them.
        """
        if self._raw_headers is None:
            raise LocustError("there is no answer to read from")
        for piece in self._pieces():
            for start in range(0, len(piece), chunk_size):
                part = piece[start : start + chunk_size]
                yield _as_text(part) if decode_content else part

    def _pieces(self) -> Iterator[bytes]:
        if self.stream is None:
            yield self.content or b""
            return
        unpacker = Unpacker(self._header(b"content-encoding"), self._limit_bytes)
        for piece in self._drain():
            yield from unpacker.pieces(piece)
        yield unpacker.finish()

    def _drain(self) -> Iterator[bytes]:
        """The body as it comes; whoever stops listening ends it."""
        stream, self.stream = self.stream, None
        if stream is None:
            return
        try:
            while piece := stream.read_some():
                yield piece
        finally:
            stream.close()

    def _unpacked(self, chunks: list[bytes]) -> bytes:
        coding = self._header(b"content-encoding")
        if coding and chunks:
            return unpack(coding, chunks, self._limit_bytes)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _header(self, name: bytes) -> str:
        return value_in(self._raw_headers, name) if self._raw_headers else ""

    # -- judged by the journey

    def success(self) -> None:
        """Count the request as a success (inside a with-block)."""
        self._must_be_entered()
        self._verdict = True

    def failure(self, why: str | Exception) -> None:
        """Count the request as a failure (inside a with-block).

        Args:
            why: in words, or as an exception.
        """
        self._must_be_entered()
        self._verdict = why if isinstance(why, Exception) else CatchResponseError(why)

    def _must_be_entered(self) -> None:
        if not self._entered:
            raise LocustError(
                "a request is judged inside its with-block: with self.client.get(…, catch_response=True) as response: …"
            )

    def __enter__(self) -> Response:
        self._entered = self._report is not None  # without catch_response there is nothing to judge
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        report, self._report = self._report, None
        if report is None:
            return False
        return bool(report(self, error))

    def judged_by(self, report: Callable[[Response, BaseException | None], bool]) -> None:
        """Count the request at the end of its with-block."""
        self._report = report

    @property
    def request_meta(self) -> dict[str, Any]:
        """How the request is going to be counted; a with-block may change its name, type, context, time and length.

        Times are in milliseconds, lengths in bytes, as in Locust's ``request`` event.

        Raises:
            AttributeError: there is no with-block: the request has been counted.
        """
        if self.known_meta is None:
            if self._report is None:
                raise AttributeError("a request has a request_meta only with catch_response=True, until it is counted")
            self.known_meta = self._report.meta(self)
        return self.known_meta

    @property
    def is_judged(self) -> bool:
        """Whether the journey has said what the request counts as."""
        return self._verdict is not None

    @property
    def outcome(self) -> Exception | None:
        """Why the request counts as failed, all things considered; None when it does not."""
        if self._verdict is True:
            return None
        return self._verdict if isinstance(self._verdict, Exception) else self.error


def _as_text(part: bytes) -> str | bytes:
    try:
        return part.decode()
    except UnicodeDecodeError:
        return part
