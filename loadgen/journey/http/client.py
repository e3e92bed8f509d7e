"""The client of one shopper: requests in, responses out, everything counted on the way.

The surface is that of Locust's FastHttpUser client. What happens to one call::

    url ─▶ origin, target      cookies, default headers ─▶ head        data, json, files ─▶ body
                 └──────────────────── exchange ◀─────────────────────────┘
                                          │   once more on a fresh connection, if a kept one gave no byte
                 redirect? ──── yes ──────┤
                                          └─▶ Response ─▶ recorder (or Locust's request event, if somebody listens)
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Final

from loadgen.journey.http import redirects
from loadgen.journey.http.answers import Answer
from loadgen.journey.http.carriers import Carrier
from loadgen.journey.http.composing import (
    Wanted,
    absolute_form,
    bare,
    basic_auth,
    body_of,
    has_header,
    head_of,
    usual_head,
)
from loadgen.journey.http.connections import Arrived, Streamed, connections_for
from loadgen.journey.http.cookies import CookieJar
from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.failures import BadStatus, ConnectionReset, NotProcessed, ProtocolBroken, RequestFailed
from loadgen.journey.http.places import Place, home_at
from loadgen.journey.http.reporting import Reporter
from loadgen.journey.http.response import GOOD_STATUSES, BodyStream, Response
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.urls import join
from loadgen.journey.http.visiting import Visiting
from loadgen.journey.tracing import new_trace_id, trace_id_in

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing at the server (RFC 9110, 9.2.1)."""

_SAFE_TO_REPEAT: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Idempotent methods (RFC 9110, 9.2.2): sent once more when a kept connection turns out to be closed."""


class Client(Visiting):
    """One shopper's HTTP client.

    Args:
        base_url: put before URLs that are only a path; may hold ``user:password@``.
        settings: limits and default headers.
        dialer: opens connections; shared by the shoppers of a class.
        reporter: told of each request; see :mod:`loadgen.journey.http.reporting`.
    """

    belongs_to_shopper: Final = True
    """Its connections are closed when the shopper leaves."""

    def __init__(self, base_url: str, settings: ClientSettings, dialer: Dialer, reporter: Reporter) -> None:
        self._given_url = base_url
        self._home = home = home_at(base_url, settings.default_headers)
        self.base_url = home.base_url
        self.settings = settings
        self.cookiejar = CookieJar()
        self.request_name: str | None = None
        self._connections = connections_for(dialer, settings)
        self._reporter = reporter
        self._browser = None

    def introduce(self, headers: Mapping[str, str]) -> None:
        """Send these with each request from here on, but for those that the class or the plan gives already.

        A visitor's User-Agent, where not all of a class have the same. Worked out once for all who say the same.
        """
        usual = self.settings.default_headers
        given = {name.lower() for name, _ in usual}
        own = tuple((name, value) for name, value in headers.items() if name.lower() not in given)
        self._home = home_at(self._given_url, (*own, *usual))

    # -- the surface of FastHttpUser's client

    def get(self, url: str, **options: Any) -> Response:
        """Send a GET request; options as for :meth:`request`."""
        return self.request("GET", url, **options)

    def post(self, url: str, data: Any = None, json: Any = None, **options: Any) -> Response:
        """Send a POST request; options as for :meth:`request`."""
        return self.request("POST", url, data=data, json=json, **options)

    def put(self, url: str, data: Any = None, **options: Any) -> Response:
        """Send a PUT request; options as for :meth:`request`."""
        return self.request("PUT", url, data=data, **options)

    def patch(self, url: str, data: Any = None, **options: Any) -> Response:
        """Send a PATCH request; options as for :meth:`request`."""
        return self.request("PATCH", url, data=data, **options)

    def delete(self, url: str, **options: Any) -> Response:
        """Send a DELETE request; options as for :meth:`request`."""
        return self.request("DELETE", url, **options)

    def head(self, url: str, **options: Any) -> Response:
        """Send a HEAD request; options as for :meth:`request`."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> Response:
        """Send an OPTIONS request; options as for :meth:`request`."""
        return self.request("OPTIONS", url, **options)

    def iter_lines(self, url: str, method: str = "GET", **options: Any) -> Iterator[str]:
        """The lines of a streamed answer, as they come.

        Raises:
            BadStatus: a status that counts as a failure.
            RequestFailed: nothing came, or not all.
        """
        response = self.request(method, url, stream=True, **options)
        response.raise_for_status()
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        rest = ""
        for piece in response.iter_content(decode_content=False):
            *lines, last = decoder.decode(piece).split("\n")
            for line in lines:
                yield rest + line
                rest = ""
            rest += last
        rest += decoder.decode(b"", final=True)
        if rest:
            yield rest

    @contextmanager
    def rename_request(self, name: str) -> Iterator[None]:
        """Count the requests inside under one name."""
        self.request_name = name
        try:
            yield
        finally:
            self.request_name = None

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    def let_go(self) -> None:
        """The shopper leaves: close all connections, and forget whose they were."""
        self._connections.close()
        self._reporter.let_go()

    def request(
        self,
        method: str,
        url: str,
        name: str | None = None,
        data: Any = None,
        catch_response: bool = False,
        stream: bool = False,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str | bytes, str | bytes] | None = None,
        json: Any = None,
        allow_redirects: bool = True,
        context: Mapping[str, Any] | None = None,
        params: Any = None,
        files: Any = None,
    ) -> Response:
        """Send a request, follow its redirects, and count it.

        Args:
            method: GET, POST, …
            url: a path, put behind the base URL, or absolute.
            name: what it is counted under; its path as a template by default.
            data: body: a mapping or pairs (a form), text, bytes, or an iterable of bytes (sent in chunks).
            catch_response: judge the response in a with-block.
            stream: leave the body on the wire, for ``iter_content``; its time is then not part of the latency.
            headers: the request's own headers; they replace default ones of the same name.
            auth: user and password (Basic).
            json: body as JSON, if there is no ``data``.
            allow_redirects: follow them; the whole chain is one request.
            context: for listeners of Locust's ``request`` event.
            params: added to the URL's query.
            files: a multipart form, as in ``requests``; ``data`` gives its other fields.

        Returns:
            The response. A request that failed on its way has status 0 and an ``error``.

        Raises:
            ValueError: the URL or a header cannot be sent by anyone.
            ShopperGone: the shopper was stopped.
            ConnectionReset: the client was closed while the request waited for its turn; it was not sent.
        """
        method = method.upper()
        place = self._home.place(url, params)
        wanted = self._wanted(method, headers, auth, data, json, files, stream)
        started_s = perf_counter()
        if not self._connections.enter_at_once(place.origin):
            self._reporter.check()
            try:
                self._connections.enter(place.origin)
            except ConnectionReset:
                self._reporter.check()  # closed because the shopper left: it is gone, and nothing has failed
                raise
        try:
            flight = self._reporter.takes_off()
        except BaseException:
            self._connections.leave(place.origin)
            raise
        try:
            response = self._perform(place, wanted, allow_redirects)
        except RequestFailed as error:
            response = Response(wanted, place.url)
            response.error = _without_traceback(error)
        except BaseException as error:
            self._reporter.broke(flight, method, name or self.request_name or url, perf_counter() - started_s, error)
            raise
        response.ended_s = ended_s = perf_counter()
        if wanted.trace_id:
            response.trace_id = wanted.trace_id
        response.elapsed_s = ended_s - started_s
        if self._browser is not None and method not in _SAFE and 0 < response.status_code < 400:
            self._browser.cache.forget(absolute_form(place.origin, place.target))
        return self._reporter.landed(
            flight, response, method, name or self.request_name or url, context, catch_response
        )

    # -- making a request

    def _wanted(
        self,
        method: str,
        headers: Mapping[str, str] | None,
        auth: tuple[str | bytes, str | bytes] | None,
        data: Any,
        json: Any,
        files: Any,
        stream: bool,
    ) -> Wanted:
        if data is None and headers is None and auth is None and json is None and files is None and not stream:
            return bare(method) if not self.settings.trace else Wanted(method, {}, b"", "", stream, new_trace_id())
        own = dict(headers) if headers else {}
        if auth is not None:
            own["Authorization"] = basic_auth(*auth)
        body, content_type = body_of(data, json, files)
        if json is not None and not data and not has_header(own, "accept"):
            own["Accept"] = "application/json"
        content_type = "" if has_header(own, "content-type") else content_type
        return Wanted(method, own, body, content_type, stream, self._trace_id(own) if self.settings.trace else "")

    def _trace_id(self, own: Mapping[str, str]) -> str:
        written = trace_id_in(own) if own else None
        return new_trace_id() if written is None else written

    def _perform(self, place: Place, wanted: Wanted, allow_redirects: bool) -> Response:
        history: list[Response] = []
        while True:
            response = self._exchange(place, wanted)
            if not (allow_redirects and response.status_code in redirects.CODES):
                break
            location = response.headers.get("Location") if response.headers else None
            if location is None:
                break
            if len(history) >= self.settings.max_redirects:
                raise ProtocolBroken(f"more than {self.settings.max_redirects} redirects, the last one to {location}")
            response.take_body()
            history.append(response)
            place, wanted = self._redirected(place, wanted, response.status_code, location)
            self._connections.enter(place.origin)
        response.history = history
        if response.status_code not in GOOD_STATUSES:
            response.error = BadStatus(response.status_code, place.url)
        return response

    def _redirected(self, place: Place, wanted: Wanted, status: int, location: str) -> tuple[Place, Wanted]:
        try:
            there = self._home.place_at(join(place.url, location))
        except ValueError as error:
            raise ProtocolBroken(f"redirected to what is no address: {error}") from error
        step = redirects.follow(status, wanted.method, wanted.headers, same_origin=there.origin == place.origin)
        if step.keeps_body and not isinstance(wanted.body, bytes):
            raise ProtocolBroken("redirected with a body that was streamed and is gone")
        body, content_type = (wanted.body, wanted.content_type) if step.keeps_body else (b"", "")
        return there, Wanted(step.method, step.headers, body, content_type, wanted.stream, wanted.trace_id)

    # -- one exchange

    def _exchange(self, place: Place, wanted: Wanted) -> Response:
        connection = self._connections.take(place.origin)
        try:
            if connection.used and wanted.method not in _SAFE_TO_REPEAT and connection.wire.is_stale():
                connection = self._connections.replace(connection)
            try:
                answer = self._attempt(connection, place, wanted)
            except ConnectionReset as error:
                if not _may_be_repeated(wanted, connection, error):
                    raise
                connection = self._connections.replace(connection)
                answer = self._attempt(connection, place, wanted)
        except BaseException:
            self._connections.give_back(connection)
            raise
        stream: BodyStream | None = Arrived(answer.chunks) if wanted.stream else None
        if connection.is_complete:
            self._connections.give_back(connection)
        else:
            stream = Streamed(connection, self._connections)
        if answer.sets_cookies:
            self._store_cookies(place, answer)
        chunks, limit_bytes = answer.chunks if stream is None else None, self.settings.max_content_bytes
        return Response(wanted, place.url, answer.status, answer.headers, chunks, limit_bytes, stream)

    def _attempt(self, connection: Carrier, place: Place, wanted: Wanted) -> Answer:
        body, proxy_head, cookie = wanted.body, connection.wire.proxy_head, self._cookies(place)
        if proxy_head is None and not wanted.headers:
            head = usual_head(wanted, place.opening(wanted.method), cookie)
        else:
            target = place.target if proxy_head is None else absolute_form(place.origin, place.target)
            head = head_of(wanted, place.origin, target, cookie, place.defaults, proxy_head)
        no_body = wanted.method == "HEAD"
        if not isinstance(body, bytes):
            connection.send_streamed(head, body, chunked=True, no_body=no_body)
        elif body and wanted.headers and has_header(wanted.headers, "expect"):
            if connection.await_continue(head, no_body=no_body):
                connection.send_body(body)
        elif wanted.stream:
            connection.send_streamed(head, [body], chunked=False, no_body=no_body)
        else:
            return connection.exchange(head, body, no_body=no_body)
        return connection.read_head() if wanted.stream else connection.finish()

    def _cookies(self, place: Place) -> bytes:
        if not self.cookiejar:
            return b""
        return self.cookiejar.header(place.origin.host, place.target, place.is_secure, time.time())

    def _store_cookies(self, place: Place, answer: Answer) -> None:
        values = [value for name, value in answer.headers if len(name) == 10 and name.lower() == b"set-cookie"]
        self.cookiejar.store(place.origin.host, place.target, place.is_secure, values, time.time())


def _may_be_repeated(wanted: Wanted, connection: Carrier, error: ConnectionReset) -> bool:
    """Whether a request may be sent once more: it cannot have been heard, and its body is still there."""
    if not isinstance(wanted.body, bytes):
        return False
    if isinstance(error, NotProcessed):
        return True
    return bool(connection.used) and not connection.answered and wanted.method in _SAFE_TO_REPEAT


def _without_traceback(error: RequestFailed) -> RequestFailed:
    """The error as a result: its frames would hold the response that holds it, until the collector comes by."""
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error
