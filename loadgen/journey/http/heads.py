"""Heads of answers that came before, to the byte, and need not be read again.

Many pages, scripts and pictures come with the same head within one second (``Date`` changes with it)::

    answer ──▶ known head, and a body of the length that it announced? ──yes──▶ done: 3 of 6 µs are saved
                        └── no ──▶ llhttp ──▶ complete, nothing left over, for the second time? ──▶ known from now on

Only an answer that came in one piece is known: its head, and as many bytes of body as ``Content-Length`` says. So what
is taken by its head is what llhttp would have made of it. Looking for what is never found costs 1 to 2 µs; so where
fewer than a quarter are found, most answers are not looked for.
"""

from __future__ import annotations

from typing import Final, NamedTuple

HeaderList = list[tuple[bytes, bytes]]

MOST_KNOWN: Final = 512
"""Heads that are remembered; then the memory starts again."""

MOST_SEEN: Final = 4096
"""Heads that came once and are looked out for; the same."""

MOST_BYTES: Final = 2048
"""Of a head that is remembered, with its empty line."""

LUCK: Final = 64
"""How often nothing may be found in a row before a rest; each head that is found makes up for three that are not."""

REST: Final = 1024
"""Answers that are not looked for when nothing was found."""

_END: Final = b"\r\n\r\n"


class Head(NamedTuple):
    """What was made of a head.

    Attributes:
        status: 200 to 599.
        headers: raw (name, value) pairs in order; not to be changed.
        head_bytes: its length, with the empty line.
        body_bytes: what followed it.
    """

    status: int
    headers: HeaderList
    head_bytes: int
    body_bytes: int


class KnownHeads:
    """A bounded memory of heads."""

    __slots__ = ("_known", "_luck", "_rest", "_seen")

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}
        self._seen: set[int] = set()
        self._luck = LUCK
        self._rest = 0

    def find(self, data: bytes) -> Head | None:
        """The head of an answer, if it is known and the body that belongs to it is all that follows."""
        if self._rest:
            self._rest -= 1
            return None
        end = data.find(_END, 0, MOST_BYTES)
        if end < 0:
            return None
        head = self._known.get(data[:end])
        if head is not None and len(data) == head.head_bytes + head.body_bytes:
            if self._luck < LUCK:
                self._luck += 3
            return head
        self._luck -= 1
        if not self._luck:
            self._luck, self._rest = LUCK // 2, REST
        return None

    def remember(self, data: bytes, status: int, headers: HeaderList, body_bytes: int) -> None:
        """Keep what was made of an answer, when it comes for the second time.

        Args:
            data: a complete answer after which the connection stays open, in one piece.
            status: of it.
            headers: of it; kept as they are.
            body_bytes: as they were received; an answer with anything else behind its head is not kept.
        """
        end = data.find(_END, 0, MOST_BYTES)
        if self._rest or end < 0 or len(data) != end + len(_END) + body_bytes:
            return
        head = data[:end]
        if hash(head) not in self._seen:
            if len(self._seen) >= MOST_SEEN:
                self._seen.clear()
            self._seen.add(hash(head))
            return
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[head] = Head(status, headers, end + len(_END), body_bytes)
