"""The live page's events as a browser gets them, each with when it came."""

from __future__ import annotations

import json
import threading
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit


class PageStream:
    """Reads the events of a run in a thread of its own, from the beginning of the block to the end of the stream.

    Args:
        page: address of the live page.
        run: the run's id.

    Attributes:
        requests: by sealed second, the requests that the page draws for it.
        told: for each event when it came (seconds since the Unix epoch), and the requests drawn by then, all seconds.
        seconds: the latest sealed second of each event, in order.
        board: everything in words, as it came last.
        ended: whether the stream came to its end.
    """

    def __init__(self, page: str, run: str) -> None:
        self.requests: dict[int, float] = {}
        self.told: list[tuple[float, float]] = []
        self.seconds: list[int] = []
        self.board: dict = {}
        self.ended = False
        self._connection = HTTPConnection(urlsplit(page).netloc, timeout=30)
        self._run = run
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> PageStream:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(30)
        self._connection.close()

    def _read(self) -> None:
        self._connection.request("GET", f"/api/runs/{self._run}/events")
        answer = self._connection.getresponse()
        kind = b""
        while line := answer.readline():
            name, _, value = line.rstrip().partition(b": ")
            if name == b"event":
                kind = value
                self.ended |= kind == b"end"
            elif name == b"data" and kind == b"run":
                self._take(time.time(), json.loads(value))

    def _take(self, came_s: float, told: dict) -> None:
        drawn = told["timeline"]
        if drawn["anew"]:
            self.requests.clear()
        for point in drawn["points"]:
            self.requests[point["second"]] = point["requests"] * drawn["span_s"]
        self.board = told["board"]
        self.seconds.append(self.board["second"])
        self.told.append((came_s, sum(self.requests.values())))
