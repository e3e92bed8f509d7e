"""Prometheus' remote write, protocol 1.0. The home of ``cramjam``, for snappy.

Series end as they do for a scraper: one that was sent before and is not there any more gets a stale marker, so that
queries show nothing after the end instead of the last value for five minutes. Those of a run go on where another
coordinator takes over, even if the one before was killed and could not end them.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import cramjam

from loadgen import __version__
from loadgen.metrics.exposition import written
from loadgen.metrics.pausing import slices
from loadgen.metrics.push.endpoint import Endpoint
from loadgen.metrics.push.receiver import SEND_S, Kind, SendError
from loadgen.metrics.push.series import SeriesFamily, time_series
from loadgen.metrics.snapshot import ClusterSnapshot

if TYPE_CHECKING:
    from typing import IO


JOB: Final = "loadgen"

SERIES_MOST: Final = 5000
"""Series in one request: a megabyte or less, far below what receivers refuse."""

_HEADERS: Final = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
    "User-Agent": f"loadgen/{__version__}",
}


class RemoteWrite:
    """A receiver of remote write; a :class:`loadgen.metrics.push.receiver.Receiver`.

    Args:
        endpoint: where it listens.
    """

    kind: Final[Kind] = "remote_write"

    def __init__(self, endpoint: Endpoint) -> None:
        self.shown = endpoint.shown
        self._url, self._headers = endpoint.url, {**_HEADERS, **endpoint.headers}
        self._opener = build_opener(_StayHere)
        self._live: dict[bytes, None] = {}

    def send(self, page: ClusterSnapshot | None, now_s: float, at_ms: int) -> bool:
        """Send every series, and a stale marker for each that was sent before and is no more.

        Raises:
            SendError: not all of it was taken.
        """
        series: dict[bytes, float] = {}
        metadata = b""
        if page is not None:
            form = partial(SeriesFamily, job=JOB, instance=page.leader)
            families = [family for family in written(page, now_s, form) if family.series]
            metadata = b"".join([family.metadata() for family in families])
            series = {labels: value for family in families for labels, value in family.series}
        bodies = _bodies(metadata, series, [labels for labels in self._live if labels not in series], at_ms)
        said = False
        for body in bodies:
            self._post(body)
            said = True
        self._live = dict.fromkeys(series)
        return said

    def _post(self, body: bytes) -> None:
        packed = bytes(cramjam.snappy.compress_raw(body))
        request = Request(self._url, packed, self._headers, method="POST")  # noqa: S310 -- Endpoint is of http or https
        try:
            with self._opener.open(request, timeout=SEND_S):
                pass
        except HTTPError as error:
            with error:
                raise SendError.answered(error.code, _said(error)) from error
        except (URLError, OSError, http.client.HTTPException) as error:
            why = error.reason if isinstance(error, URLError) else error
            if isinstance(why, TimeoutError):
                raise SendError(f"did not answer within {SEND_S:g} s", again=True) from error
            named = (isinstance(why, OSError) and why.strerror) or type(why).__name__
            raise SendError(f"cannot be reached ({named})", again=True) from error


class _StayHere(HTTPRedirectHandler):
    """Follows no redirect: what was posted would be asked for instead, and credentials would go elsewhere."""

    def redirect_request(self, *_: object) -> None:
        return None


def _said(answer: IO[bytes]) -> str:
    try:
        return answer.read(100).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return ""


def _bodies(metadata: bytes, series: dict[bytes, float], gone: list[bytes], at_ms: int) -> Iterator[bytes]:
    """The requests that bring all of it, none of them too long."""
    pause = slices()
    parts, count = [metadata], 0
    for labels, value in [*series.items(), *((labels, None) for labels in gone)]:
        pause()
        parts.append(time_series(labels, value, at_ms))
        count += 1
        if count == SERIES_MOST:
            yield b"".join(parts)
            parts, count = [], 0
    if count:
        yield b"".join(parts)
